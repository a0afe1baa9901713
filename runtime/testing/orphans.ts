// Operations that have lost what they use.
import {
  type Copy,
  type Fill,
  type Inner,
  type Launch,
  lentName,
  namesUsed,
  type Operation,
} from './program-description.js';

/**
 * Drops operations that use what is gone; a launch that waited for a lost future gets a constant. `given` is what a body was
 * lent.
 */
export function withoutOrphans(operations: readonly Operation[], given: readonly string[] = []): Operation[] {
  const names = new Set<string>(given);
  const regionOf = new Map<string, string>(given.map((name) => [name, name]));
  const kept: Operation[] = [];
  for (let operation of operations) {
    if (operation.kind === 'launch' || operation.kind === 'inner') {
      if (typeof operation.argument !== 'number' && !names.has(operation.argument.future))
        operation = { ...operation, argument: 0 };
    }
    if ('when' in operation && operation.when !== undefined && !names.has(operation.when))
      operation = unguarded(operation);
    if (operation.kind === 'inner') {
      const lent = operation.requirements.map((_, r) => lentName(operation.name, r));
      operation = { ...operation, body: withoutOrphans(operation.body, lent) };
    }
    if (namesUsed(operation).some((name) => !names.has(name))) continue;
    if (operation.kind === 'region') regionOf.set(operation.name, operation.name);
    if (operation.kind === 'partition') regionOf.set(operation.name, regionOf.get(namesUsed(operation)[0]!)!);
    if (operation.kind === 'free') {
      names.delete(operation.region);
      for (const [name, region] of regionOf) if (region === operation.region) names.delete(name);
    }
    names.add(operation.name);
    kept.push(operation);
  }
  return kept;
}

/** An operation without its predicate. */
export function unguarded<O extends Launch | Inner | Fill | Copy>({ when: _, ...operation }: O): O {
  return operation as O;
}
