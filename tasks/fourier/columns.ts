/**
 * Transforms of columns: of one axis of an array, or of a part of it. A block of columns lies anywhere in a larger array:
 * the elements of a column are `row` complex numbers apart, and `count` columns lie side by side. This is what cuts a
 * three-dimensional transform into pieces that different threads can do.
 */
import { addon } from '../../native/index.js';
import { type LineWork, lineWork, planLine, transformLine } from './line.js';
import type { Samples } from './twin.js';

/** Where columns lie: complex numbers. */
export interface Columns {
  /** How many columns side by side. */
  readonly count: number;
  /** From one element of a column to the next; at least `count`. */
  readonly row: number;
}

function check(name: string, data: Samples, elements: number, { count, row }: Columns, lanes: number): void {
  if (
    ![elements, count].every((n) => Number.isInteger(n) && n >= 1) ||
    !Number.isInteger(row) ||
    row < count
  ) {
    throw new RangeError(`${name}: ${count} columns of ${elements} elements, ${row} apart, are no block`);
  }
  const wanted = lanes * ((elements - 1) * row + count);
  if (data.length < wanted) {
    throw new RangeError(`${name}: an array has ${data.length} numbers, the columns need ${wanted}`);
  }
}

/**
 * X[k] = scale * sum_j x[j] exp(sign 2 pi i j k / length) for every column; `out` may be `data`.
 * The rounding of a column does not depend on which columns stand beside it.
 */
export function fftColumns(
  data: Samples,
  length: number,
  columns: Columns,
  options: { readonly sign?: -1 | 1; readonly scale?: number; readonly out?: Samples } = {},
): Samples {
  const { sign = -1, scale = 1, out = data } = options;
  const { count, row } = columns;
  check('fftColumns', data, length, columns, 2);
  check('fftColumns', out, length, columns, 2);
  if (addon !== null) addon.fftColumns(data, out, length, count, row, sign, scale);
  else fftColumnsTwin(data, length, columns, sign, scale, out);
  return out;
}

/**
 * Convolves columns in place: each is padded with zeros from `rows` to `length` elements, transformed, multiplied by the
 * real `gain` of its frequency, transformed back (not normalised: put 1 / length into the gain), and cut to `rows`.
 * @param gain (length) rows of the same `row`, in numbers: element k of column c at [k * row + c]
 */
export function convolveColumns(
  data: Samples,
  rows: number,
  gain: Samples,
  length: number,
  columns: Columns,
): void {
  check('convolveColumns', data, rows, columns, 2);
  check('convolveColumns', gain, length, columns, 1);
  if (rows > length) throw new RangeError(`convolveColumns: ${rows} rows do not fit into ${length}`);
  if (addon !== null) addon.fftConvolveColumns(data, gain, length, rows, columns.count, columns.row);
  else convolveColumnsTwin(data, rows, gain, length, columns);
}

function load(work: LineWork, data: Samples, at: number, row: number, rows: number): void {
  for (let j = 0; j < rows; j++) {
    work.re[j] = data[2 * (at + j * row)]!;
    work.im[j] = data[2 * (at + j * row) + 1]!;
  }
}

function store(work: LineWork, data: Samples, at: number, row: number, rows: number, scale: number): void {
  for (let j = 0; j < rows; j++) {
    data[2 * (at + j * row)] = work.re[j]! * scale;
    data[2 * (at + j * row) + 1] = work.im[j]! * scale;
  }
}

/** {@link fftColumns} in plain TypeScript. */
export function fftColumnsTwin(
  data: Samples,
  length: number,
  { count, row }: Columns,
  sign: -1 | 1,
  scale: number,
  out: Samples,
): void {
  const plan = planLine(length);
  const work = lineWork(length);
  for (let column = 0; column < count; column++) {
    load(work, data, column, row, length);
    transformLine(plan, work, sign);
    store(work, out, column, row, length, scale);
  }
}

/** {@link convolveColumns} in plain TypeScript. */
export function convolveColumnsTwin(
  data: Samples,
  rows: number,
  gain: Samples,
  length: number,
  { count, row }: Columns,
): void {
  const plan = planLine(length);
  const work = lineWork(length);
  for (let column = 0; column < count; column++) {
    load(work, data, column, row, rows);
    work.re.fill(0, rows);
    work.im.fill(0, rows);
    transformLine(plan, work, -1);
    for (let k = 0; k < length; k++) {
      work.re[k]! *= gain[k * row + column]!;
      work.im[k]! *= gain[k * row + column]!;
    }
    transformLine(plan, work, 1);
    store(work, data, column, row, rows, 1);
  }
}
