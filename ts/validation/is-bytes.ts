/** Whether a value is a `Uint8Array` or its like, also one of another realm, as under Jest or in a `vm` context. */
export const isBytes = (value: unknown): value is Uint8Array =>
	ArrayBuffer.isView(value) && ['Uint8Array', 'Uint8ClampedArray', 'Buffer'].includes(value.constructor.name);
