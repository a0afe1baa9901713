// Privilege containment: an inner task may hand on what it holds, and nothing else (Legion's rules for child tasks). So its
// children can be analysed without looking outside of it.
import { ContainmentError, formatPoint } from '../errors.js';
import { contains, formatUsage, type Usage, usageOf } from '../privileges/index.js';
import type { IndexPartition } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { ProgramScope } from './handle.js';
import type { Resolved } from './legality.js';
import type { FieldUse } from './requirement.js';
import type { Grant, Tree } from './tree.js';

/** A region belongs to the context that it was made by or given to. */
export function checkScope(tree: Tree, scope: ProgramScope, where: string): void {
  if (tree.scope === scope) return;
  throw new ContainmentError(
    `${where}: region ${tree.name} is held by task ${tree.scope.task}, not by task ${scope.task} that launches here: give it to the task through a requirement.`,
    'region',
    null,
    null,
    null,
  );
}

/** Throws a ContainmentError when a launch in task `parent` asks for what that task does not hold. */
export function checkContainment(
  task: string,
  parent: string,
  domain: IndexSpace,
  requirements: readonly Resolved[],
): void {
  const points = domain.volume;
  for (const requirement of requirements) {
    const { tree, partition, uses, colours } = requirement;
    const { grants } = tree;
    if (grants === null) continue;
    for (const use of uses) {
      if (grants.some((grant) => allows(grant, use) && reaches(grant, partition, colours, points))) continue;
      throw refusal(task, parent, requirement, use, grants, points);
    }
  }
}

function heldBy(grant: Grant, field: number): FieldUse | undefined {
  return grant.uses.find((held) => held.field === field);
}

function allows(grant: Grant, use: FieldUse): boolean {
  const held = heldBy(grant, use.field);
  if (held === undefined) return false;
  return (
    contains(usageOf(held.usage), usageOf(use.usage)) && coheres(usageOf(held.usage), usageOf(use.usage))
  );
}

const isLoose = ({ coherence }: Usage) => coherence === 'simultaneous' || coherence === 'relaxed';

/** What others may touch meanwhile cannot be handed on as if they could not. */
function coheres(held: Usage, asked: Usage): boolean {
  return !isLoose(held) || isLoose(asked);
}

const covered = new WeakMap<Grant, WeakSet<IndexPartition>>();

/** Whether all that a launch touches through a partition lies within a grant. */
function reaches(
  grant: Grant,
  partition: IndexPartition,
  colours: Int32Array | null,
  points: number,
): boolean {
  let known = covered.get(grant);
  if (known === undefined) covered.set(grant, (known = new WeakSet()));
  if (known.has(partition)) return true;
  if (partition.parent === grant.space || grant.space.covers(partition.parent)) {
    known.add(partition);
    return true;
  }
  for (let point = 0; point < points; point++) {
    const colour = colours === null ? point : colours[point]!;
    if (!grant.space.covers(partition.subspaces[colour]!)) return false;
  }
  return true;
}

function refusal(
  task: string,
  parent: string,
  { name, tree, partition, colours }: Resolved,
  use: FieldUse,
  grants: readonly Grant[],
  points: number,
): ContainmentError {
  const asked = usageOf(use.usage);
  const who = `task ${task}: requirement ${name} asks to ${formatUsage(asked)} ${tree.name}.${use.name}`;
  const touched = Array.from(
    { length: points },
    (_, point) => partition.subspaces[colours === null ? point : colours[point]!]!,
  );
  const first = touched.find((space) => !space.empty);
  const anyPoint = first === undefined ? null : first.at(0);
  const at = anyPoint === null ? '' : ` at point ${formatPoint(anyPoint)}`;
  const withField = grants.filter((grant) => heldBy(grant, use.field) !== undefined);
  if (withField.length === 0) {
    const held = grants.map((grant) => grant.name).join(', ');
    return new ContainmentError(
      `${who}${at}, but task ${parent} holds no field ${use.name} of it (through ${held}): declare the field there.`,
      'field',
      name,
      grants[0]!.name,
      anyPoint,
    );
  }
  const within = withField.filter((grant) => reaches(grant, partition, colours, points));
  if (within.length === 0) {
    const grant = withField[0]!;
    const outside = touched
      .map((space) => space.minus(grant.space))
      .find((rest) => !rest.empty)!
      .at(0);
    return new ContainmentError(
      `${who} at point ${formatPoint(outside)}, which is outside of what task ${parent} holds through ${grant.name}: use subregions of ${grant.name}.`,
      'path',
      name,
      grant.name,
      outside,
    );
  }
  const grant = within.find((g) => contains(usageOf(heldBy(g, use.field)!.usage), asked)) ?? within[0]!;
  const held = usageOf(heldBy(grant, use.field)!.usage);
  const loose = contains(held, asked);
  return new ContainmentError(
    `${who}${at}, but task ${parent} may only ${formatUsage(held)} it (through ${grant.name}): ${
      loose
        ? `others may use it meanwhile, so ask for ${held.coherence} coherence`
        : 'declare the privilege there'
    }.`,
    loose ? 'coherence' : 'privilege',
    name,
    grant.name,
    anyPoint,
  );
}

/** For operations of the program itself: a read, a write, a partition that looks at a field. */
export function checkHostUse(
  what: string,
  scope: ProgramScope,
  tree: Tree,
  domain: IndexSpace,
  requirement: Resolved,
): void {
  scope.check(what);
  checkScope(tree, scope, what);
  if (tree.grants !== null) checkContainment(what, scope.task, domain, [requirement]);
}
