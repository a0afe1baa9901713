// What a predicate changes of a launch: it may leave everything as it is, so that even what it overwrites must be kept.

import { LaunchError } from '../errors.js';
import { Gate } from '../graph/layout.js';
import { Results, resultsBytes, valueBytes, writeValue } from '../memory/launch-layout.js';
import { usageCode, usageOf } from '../privileges/index.js';
import type { Engine } from './engine.js';
import type { LaunchHandle, ProgramScope } from './handle.js';
import type { Resolved } from './legality.js';
import type { Predicate } from './predicate.js';
import type { FieldUse } from './requirement.js';

/** The launch that computes a predicate. */
export interface Guard {
  readonly source: LaunchHandle;
  readonly index: number;
  /** Its results are still in shared memory. */
  readonly live: boolean;
}

export function guardOf(predicate: Predicate, scope: ProgramScope): Guard {
  const { handle, index } = predicate.future;
  if (handle.scope !== scope) {
    throw new LaunchError(
      `option when: the predicate belongs to task ${handle.scope.task}, but this is a launch of task ${scope.task}: pass values to inner tasks as arguments.`,
    );
  }
  return { source: handle, index, live: handle.slot >= 0 };
}

/** Records of the launch look at the predicate before they run. */
export function openGate(engine: Engine, handle: LaunchHandle, guard: Guard, otherwise: unknown): void {
  const { graph, heap } = engine;
  const { slot } = handle;
  const { source, index, live } = guard;
  if (live) graph.guard[slot] = graph.results[source.slot]!;
  else {
    // It was given back: a copy of what it was. Of a predicate that failed the edge tells, and nobody looks here.
    const bytes = resultsBytes(1);
    const unit = engine.allocate(bytes, 'predicate', true);
    handle.blocks.push({ unit, bytes });
    new Results(heap, unit, 1).set(0, source.values?.[index]);
    graph.guard[slot] = unit;
  }
  graph.gate[slot] = Gate.guarded;
  if (otherwise === undefined) return;
  const unit = writeValue(heap, otherwise);
  handle.blocks.push({ unit, bytes: valueBytes(heap, unit) });
  graph.otherwise[slot] = unit;
}

const kept = new WeakMap<readonly FieldUse[], readonly FieldUse[]>();

/** The same requirements with every overwrite as an update: the old values may be the new ones. */
export function guardUses(requirements: readonly Resolved[]): Resolved[] {
  return requirements.map((requirement) => {
    let uses = kept.get(requirement.uses);
    if (uses === undefined) {
      uses = requirement.uses.map((use) => {
        const usage = usageOf(use.usage);
        if (usage.privilege !== 'overwrite') return use;
        return { ...use, usage: usageCode({ ...usage, privilege: 'update' }) };
      });
      kept.set(requirement.uses, uses);
    }
    return { ...requirement, uses };
  });
}
