// For tests: ends threads of lanes at random moments of a run.
import { randomAt } from '../execution/random.js';
import { LaneWord, Status } from '../graph/lanes.js';
import type { Engine } from './engine.js';

const STREAM = 0x6b111;
/** How often a launch or a retirement ends a thread, until all are used up. */
const RATE = 1 / 3;

/** Ends `count` threads, at launches and retirements drawn by the seed of the run. */
export function killAtRandom(engine: Engine, count: number): void {
  let left = count;
  let draws = 0;
  const draw = () => randomAt(engine.options.seed, STREAM, 0, draws++);
  const maybe = (): void => {
    if (left === 0 || draw() > RATE) return;
    const { graph } = engine;
    const lane = Math.floor(draw() * (graph.limits.workers + 1));
    if (Atomics.load(graph.lanes, lane * LaneWord.words + LaneWord.status) !== Status.alive) return;
    if (engine.executor.kill(lane)) left--;
  };
  engine.events.on('launch', maybe);
  engine.events.on('retire', maybe);
}
