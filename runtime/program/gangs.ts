// Launches whose points run at the same time: what is checked, and what their members share.
import { LaunchError } from '../errors.js';
import { gangBytes, gangValuesBytes, setMember, writeGang } from '../execution/gang-block.js';
import { REDUCTION_BLOCKS } from '../memory/launch-layout.js';
import type { Engine } from './engine.js';
import type { LaunchHandle } from './handle.js';

/** Refuses what cannot run as a gang. */
export function checkGang(
  engine: Engine,
  task: { readonly name: string; readonly async: boolean },
  points: number,
  reduces: boolean,
): void {
  const { workers } = engine.graph.limits;
  if (task.async) {
    throw new LaunchError(
      `task ${task.name}: it is asynchronous, and all such tasks share one lane: only synchronous tasks can be a gang.`,
    );
  }
  if (points > workers) {
    throw new LaunchError(
      `task ${task.name}: a gang of ${points} points needs as many workers, but there are ${workers}: launch fewer points, or start with --workers ${points}.`,
    );
  }
  if (reduces && points > REDUCTION_BLOCKS) {
    throw new LaunchError(
      `task ${task.name}: a gang that reduces has at most ${REDUCTION_BLOCKS} points, not ${points}.`,
    );
  }
}

/** What the members of a launch share. Its records are enlisted before they are sealed. */
export class GangRoll {
  readonly #engine: Engine;
  readonly #unit: number;

  constructor(engine: Engine, handle: LaunchHandle) {
    const { graph, heap } = engine;
    const { points, task } = handle;
    this.#engine = engine;
    const bytes = gangBytes(points);
    this.#unit = engine.allocate(bytes, `gang of ${task}`, true);
    const valuesBytes = gangValuesBytes(points);
    const values = engine.allocate(valuesBytes, `gang of ${task}`, true);
    writeGang(heap, this.#unit, values, points);
    handle.blocks.push({ unit: this.#unit, bytes }, { unit: values, bytes: valuesBytes });
    graph.gang[handle.slot] = this.#unit;
    engine.executor.startGang(points);
  }

  enlist(rank: number, record: number): void {
    setMember(this.#engine.heap, this.#unit, rank, record);
  }
}
