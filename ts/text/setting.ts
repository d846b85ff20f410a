/** A setting as a step's file spells it; `none` where it is not there. */
export const setting = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
