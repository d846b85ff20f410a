/** Bytes in megabytes, for people: one decimal below ten. */
export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
