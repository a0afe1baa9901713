// What regions are attached to: files that are described here, and read and written by whoever understands the
// description. A description is plain data, as the I/O lane gets a copy of it.
import { LaunchError } from '../../errors.js';
import type { ElementKind } from '../../privileges/element.js';

/** `read`: nothing may write it. `update`: what is written goes into the file. `create`: the file is made new. */
export type AttachMode = 'read' | 'update' | 'create';

/** The data that a source is wanted for. */
export interface Wanted {
  /** `field counts of region frames`, for messages. */
  readonly what: string;
  readonly kind: ElementKind;
  /** Numbers of one point (a complex number is two), and their bytes. */
  readonly lanes: number;
  readonly bytesPerPoint: number;
  /** Points along each axis. */
  readonly extent: readonly number[];
  readonly mode: AttachMode;
}

/** Points at places that an offset and strides name. */
export interface StridedLayout {
  /** Byte of the first point, and from one to the next along each axis. */
  readonly offset: number;
  readonly strides: readonly number[];
  readonly bytesPerPoint: number;
  /** Bytes of one number, which are in the other order where `swapped`. */
  readonly bytesPerNumber: number;
  readonly swapped: boolean;
}

/** A module that reads and writes: its export is a `StoreReader`. */
export interface ForeignLayout {
  readonly module: string;
  readonly name: string;
  readonly details: unknown;
}

/** A file as the lanes see it. */
export interface Store {
  readonly path: string;
  /** What is read and written: another name until the file is published, in mode `create`. */
  readonly at: string;
  /** The file, and the place in it, for messages. */
  readonly name: string;
  readonly layout: StridedLayout | ForeignLayout;
}

/** Reads and writes boxes of a file that this room does not understand (HDF5). Coordinates count from the first point. */
export interface StoreReader {
  /** The numbers of the points from `lo` to `hi` (inclusive), in row-major order. @throws DataError */
  read(store: Store, lo: readonly number[], hi: readonly number[]): Promise<ArrayLike<number | bigint>>;
  /** Writes them. `numbers` is a typed array of the kind that was attached. @throws DataError */
  write(
    store: Store,
    lo: readonly number[],
    hi: readonly number[],
    numbers: ArrayLike<number | bigint>,
  ): Promise<void>;
}

/** Something in a file that a region can be attached to: made by `rawFile`, `npy.source` and `hdf5.source`. */
export abstract class FileSource {
  /**
   * Checks that the file is there and holds what is wanted. In mode `create` it makes a file of zeros under a temporary
   * name.
   * @throws DataError where the file is missing or too short; LaunchError where it holds something else
   */
  abstract open(wanted: Wanted): Store;
}

/** `(3, 4)` */
export function formatShape(shape: readonly number[]): string {
  return `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
}

/** The shape that an array of so many points must have: a last axis for the numbers of a point, where there are several. */
export function shapeOf({ extent, kind, lanes }: Wanted): readonly number[] {
  const numbers = kind === 'c64' || kind === 'c128' ? lanes / 2 : lanes;
  return numbers === 1 ? extent : [...extent, numbers];
}

/** Throws unless an array in a file has the shape that it must have. `it` is what the format calls it. */
export function checkShape(
  name: string,
  shape: readonly number[],
  expected: readonly number[],
  { what }: Wanted,
  it: 'array' | 'dataset',
): void {
  if (shape.length === expected.length && shape.every((n, axis) => n === expected[axis])) return;
  throw new LaunchError(
    `attach: ${name} has shape ${formatShape(shape)}, but ${what} takes ${formatShape(expected)}: attach a region of the ${it}'s shape.`,
  );
}
