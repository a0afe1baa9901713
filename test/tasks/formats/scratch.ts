// A folder for the files of one test file, removed when the process ends.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManipleError } from '../../../runtime/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'maniple-formats-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

export function scratch(name: string): string {
  return join(folder, name);
}

/** What a reader did with one damaged input. */
export type Outcome = 'read' | 'refused' | { readonly defect: string };

/** Runs a reader on damaged input: reading it, or a DataError with exit code 3, are both right; all else is a defect. */
export function outcomeOf(action: () => unknown): Outcome {
  try {
    action();
    return 'read';
  } catch (error) {
    if (error instanceof ManipleError && error.exitCode === 3) return 'refused';
    return { defect: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** Damaged copies of `bytes`: cut at every kind of place, and with bytes flipped; the same for the same seed. */
export function* damaged(
  bytes: Uint8Array,
  count: number,
  seed: number,
  focus = bytes.length,
): Generator<Uint8Array> {
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
  for (let i = 0; i < count; i++) {
    if (i % 3 === 0) {
      yield bytes.slice(0, random(bytes.length));
      continue;
    }
    const copy = bytes.slice();
    for (let flips = 1 + random(4); flips > 0; flips--) {
      copy[random(i % 3 === 1 ? Math.min(focus, copy.length) : copy.length)] = random(256);
    }
    yield copy;
  }
}
