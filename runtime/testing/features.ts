// What a program exercises, counted: every kind of operation, on its own and within inner tasks, and what became of it.
import { launchPoints } from './launch-points.js';
import type { Observed } from './observed.js';
import type { Operation, Program } from './program-description.js';

/** How often something is in a program, by name. */
export type Features = Map<string, number>;

/** Counts what a program exercises; of its own operations also whether they happened, failed or were skipped. */
export function countFeatures(
  program: Program,
  observed: Observed,
  features: Features = new Map(),
): Features {
  const count = (feature: string): void => void features.set(feature, (features.get(feature) ?? 0) + 1);
  const visit = (operation: Operation, depth: number): void => {
    const { kind } = operation;
    count(depth === 0 ? kind : `${kind} in an inner task`);
    if (depth > 1) count(`${kind} ${depth} deep`);
    if ('when' in operation && operation.when !== undefined) {
      count(`${kind} under a predicate`);
      if (depth === 0)
        count(`${kind} under a predicate that is ${observed.results[operation.when]![0] === 1}`);
    }
    if (kind === 'predicate') count(`predicate ${operation.by.rule}`);
    if (kind === 'partition') count(`partition ${operation.by.rule}`);
    if (kind === 'attach') count(`attach a ${operation.source} to ${operation.mode}`);
    if (kind === 'detach' && operation.discard) count('detach and discard');
    if (kind === 'region') count(`domain ${operation.domain.kind}`);
    if (kind === 'copy')
      for (const how of ['byOrder', 'gather', 'scatter', 'reduce', 'drop'] as const)
        if (operation[how]) count(`copy ${how}`);
    if (kind !== 'launch' && kind !== 'inner') return;
    if (typeof operation.argument !== 'number') count(`${kind} with a future`);
    if (operation.fails) count(`${kind} that fails`);
    if (launchPoints(operation).length > 1) count(`${kind} of several points`);
    for (const { target, fields } of operation.requirements) {
      if ('projection' in target) {
        count(`projection ${target.projection.kind}`);
        if (target.inverse) count('projection with an inverse');
      }
      for (const { privilege, coherence } of fields)
        count(`${kind} to ${privilege.kind}${coherence ? ` ${coherence}` : ''}`);
    }
    if (kind === 'launch') {
      if (operation.gang) count(depth === 0 ? 'gang' : 'gang in an inner task');
      return;
    }
    if (operation.hasty) count('inner that waits for nothing');
    if (depth === 0 && typeof observed.results[operation.name]![0] === 'string')
      count('inner that failed or was skipped');
    for (const inside of operation.body) visit(inside, depth + 1);
  };
  for (const operation of program.operations) visit(operation, 0);
  return features;
}
