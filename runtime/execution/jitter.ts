// Scheduler jitter, for tests: pauses of random length wherever a lane hands something over or begins or ends a record, so
// that other threads get ahead of it where they seldom do. A run without jitter has plain lanes and knows nothing of it.
import { Lane } from './lane.js';
import { randomAt } from './random.js';

const STREAM = 0x717e7;
/** Nobody wakes who waits on it. */
const NOBODY = new Int32Array(new SharedArrayBuffer(4));
/** How often a lane gives its processor away for a millisecond, and how often it goes on at once. */
const YIELDS = 1 / 64;
const GOES_ON = 1 / 2;
const PAUSE_MAX_MS = 0.1;

/** Pauses that a seed decides, those of every lane on their own. */
export function pauses(seed: number, lane: number): () => void {
  let draws = 0;
  return () => {
    const draw = randomAt(seed, STREAM, lane, draws++);
    if (draw < YIELDS) Atomics.wait(NOBODY, 0, 0, 1);
    else if (draw > GOES_ON) {
      const end = performance.now() + (draw - GOES_ON) * PAUSE_MAX_MS;
      while (performance.now() < end);
    }
  };
}

/** A lane that pauses before and after what it runs. */
export class JitteryLane extends Lane {
  pause: () => void = () => {};

  override admit(record: number): boolean {
    this.pause();
    return super.admit(record);
  }

  override run(record: number): boolean {
    this.pause();
    const done = super.run(record);
    this.pause();
    return done;
  }
}
