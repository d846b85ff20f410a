import {c} from './c/format.js';
import type {Format} from './format.js';
import {js} from './js/format.js';
import {onnx} from './onnx/format.js';
import {pytorch} from './pytorch/format.js';

/** All formats, by their names. */
export const formats = {onnx, c, js, pytorch} satisfies Record<string, Format>;

/** The name of a format. */
export type FormatName = keyof typeof formats;

/** The names of all formats. */
export const formatNames = Object.keys(formats) as [FormatName, ...FormatName[]];
