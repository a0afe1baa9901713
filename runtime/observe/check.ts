// Checks a profile: re-derives from it which tasks had to be ordered, and compares that with the order they had.
import { OrderChecker } from './check-order.js';
import type { Findings } from './findings.js';
import { type LogEnd, type LoggedRun, LogReader } from './log-reader.js';
import { Replay } from './replay.js';

export type { Findings, Pair } from './findings.js';

export interface CheckReport extends Findings {
  readonly file: string;
  readonly run: LoggedRun;
  readonly end: LogEnd;
  readonly records: number;
  /** Records whose times the log lacks. */
  readonly untimed: number;
  /** Pieces that the regions were cut into, and records alive at once: what the checker's memory goes with. */
  readonly pieces: number;
  readonly live: number;
  /** Nothing is missing: no order, no time, no element that a write should have covered. Needless orders are none of it. */
  readonly clean: boolean;
}

/**
 * Checks a `.mprof` file. Its memory is bounded by the regions and the window of the run, not by the length of the log.
 *
 * @throws DataError naming the byte, when the file is none, or is damaged
 */
export function checkLog(file: string): CheckReport {
  const reader = new LogReader(file);
  try {
    const checker = new OrderChecker();
    const replay = new Replay(reader, checker);
    checker.replay = replay;
    replay.run();
    checker.finish(reader.end!.end === 'complete');
    const { findings } = checker;
    const { missing, early, together, within, partial, outside, freed } = findings;
    return {
      file,
      run: reader.run,
      end: reader.end!,
      records: replay.records,
      untimed: replay.untimed,
      pieces: checker.pieces,
      live: replay.liveMax,
      ...findings,
      clean: missing + early + together + within + partial + outside + freed + replay.untimed === 0,
    };
  } finally {
    reader.close();
  }
}
