// Reading and writing the points of a view in a file where offsets and strides say what is where. Neighbouring runs are
// moved by one call; what lies between them is read over, and never written but as it was read.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { DataError } from '../../errors.js';
import { type PointSet, type Run, runsOf } from './runs.js';
import type { Store, StridedLayout } from './source.js';

/** Bytes that are moved by one call, and bytes between two runs that are read over. */
const SPAN = 4 * 2 ** 20;
const GAP = 2 ** 15;
/** A run that is so long is read to where it belongs, with nothing in between. */
const DIRECT = 2 ** 16;

/** One call: a stretch of the file, and the runs in it. */
interface Step {
  readonly byte: number;
  length: number;
  readonly runs: Run[];
  /** Bytes of the runs: fewer than `length` where something lies in between. */
  filled: number;
  /** It is one run that lies in memory as it lies in the file. */
  readonly direct: boolean;
}

function stepsOf(layout: StridedLayout, origin: readonly number[], view: PointSet): Step[] {
  const { offset, strides, bytesPerPoint: size, swapped } = layout;
  const steps: Step[] = [];
  for (const whole of runsOf(view, origin, strides)) {
    const even = whole.fromStep === size && whole.atStep === 1;
    const most = Math.max(1, Math.floor((SPAN - size) / whole.fromStep) + 1);
    for (let done = 0; done < whole.count; done += most) {
      const count = Math.min(most, whole.count - done);
      const run = {
        ...whole,
        at: whole.at + done * whole.atStep,
        from: offset + whole.from + done * whole.fromStep,
        count,
      };
      const length = (count - 1) * run.fromStep + size;
      const direct = even && !swapped && length >= DIRECT;
      const last = steps.at(-1);
      const gap = last === undefined ? -1 : run.from - last.byte - last.length;
      if (
        !direct &&
        last !== undefined &&
        !last.direct &&
        gap >= 0 &&
        gap <= GAP &&
        last.length + gap + length <= SPAN
      ) {
        last.length += gap + length;
        last.filled += count * size;
        last.runs.push(run);
      } else steps.push({ byte: run.from, length, runs: [run], filled: count * size, direct });
    }
  }
  return steps;
}

/** Moves the runs of a step between the bytes of the file and those of the view. */
function move(step: Step, layout: StridedLayout, file: Uint8Array, memory: Uint8Array, load: boolean): void {
  const { bytesPerPoint: size, bytesPerNumber, swapped } = layout;
  const [to, from] = load ? [memory, file] : [file, memory];
  const flip = swapped ? bytesPerNumber - 1 : 0; // i ^ flip is the place of byte i of a number in the other order
  for (const run of step.runs) {
    const outside = run.from - step.byte;
    if (run.fromStep === size && run.atStep === 1 && flip === 0) {
      const bytes = run.count * size;
      const [t, f] = load ? [run.at * size, outside] : [outside, run.at * size];
      to.set(from.subarray(f, f + bytes), t);
      continue;
    }
    for (let k = 0; k < run.count; k++) {
      const inside = (run.at + k * run.atStep) * size;
      const there = outside + k * run.fromStep;
      const [t, f] = load ? [inside, there] : [there, inside];
      for (let i = 0; i < size; i++) to[t + i] = from[f + (i ^ flip)]!;
    }
  }
}

/** What a system error means for somebody who attached the file. */
export function systemFault(store: Store, error: unknown, verb: 'read' | 'written'): Error {
  if (error instanceof DataError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const why =
    code === 'ENOENT'
      ? 'the file is not there any more: it belongs to the run from attach to detach'
      : code === 'ENOSPC'
        ? 'it cannot be written, because no space is left on the device'
        : code === 'EACCES' || code === 'EPERM'
          ? `it cannot be ${verb}: permission denied`
          : `it cannot be ${verb}: ${message}`;
  return new DataError(store.path, '', why, { cause: error });
}

function ended(store: Store, byte: number): DataError {
  return new DataError(
    store.path,
    `byte ${byte}`,
    'the file ends here, but was longer when it was attached: it belongs to the run from attach to detach',
  );
}

/** Reads the points of a view, whose bytes are `memory`. `origin` is the point that lies at the offset. */
export async function loadStrided(
  store: Store,
  layout: StridedLayout,
  origin: readonly number[],
  view: PointSet,
  memory: Uint8Array,
): Promise<void> {
  const steps = stepsOf(layout, origin, view);
  if (steps.length === 0) return;
  try {
    const file = await open(store.at);
    try {
      for (const step of steps) {
        const from = step.runs[0]!.at * layout.bytesPerPoint;
        const into = step.direct ? memory.subarray(from, from + step.length) : new Uint8Array(step.length);
        for (let done = 0; done < step.length; ) {
          const { bytesRead } = await file.read(into, done, step.length - done, step.byte + done);
          if (bytesRead === 0) throw ended(store, step.byte + done);
          done += bytesRead;
        }
        if (!step.direct) move(step, layout, into, memory, true);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw systemFault(store, error, 'read');
  }
}

/** Writes the points of a view to the file. */
export function saveStrided(
  store: Store,
  layout: StridedLayout,
  origin: readonly number[],
  view: PointSet,
  memory: Uint8Array,
): void {
  const steps = stepsOf(layout, origin, view);
  if (steps.length === 0) return;
  try {
    const file = openSync(store.at, 'r+');
    try {
      for (const step of steps) {
        const from = step.runs[0]!.at * layout.bytesPerPoint;
        const bytes = step.direct ? memory.subarray(from, from + step.length) : new Uint8Array(step.length);
        if (!step.direct) {
          // What lies between the points is not ours: it is written as it was.
          if (step.filled < step.length) {
            for (let done = 0; done < step.length; ) {
              const got = readSync(file, bytes, done, step.length - done, step.byte + done);
              if (got === 0) throw ended(store, step.byte + done);
              done += got;
            }
          }
          move(step, layout, bytes, memory, false);
        }
        for (let done = 0; done < step.length; )
          done += writeSync(file, bytes, done, step.length - done, step.byte + done);
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw systemFault(store, error, 'written');
  }
}
