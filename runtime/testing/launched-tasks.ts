// Runs the tasks of a launch on plain arrays: one after the other, the members of a gang in step.
import { accessTo } from './array-access.js';
import { reductionBlocks } from './brute-partitions.js';
import { keyOf } from './brute-points.js';
import { applyReduction, foldResults, type ReductionPartial } from './brute-reductions.js';
import { contributionOf, genericBody, readInputs, withSum, writeOutputs } from './generic-body.js';
import { launchPoints } from './launch-points.js';
import type { Subregion } from './live-region.js';
import { earlier, type Poison, type Root } from './poison.js';
import { guarded, type Launch } from './program-description.js';

/** Whether a guarded operation happens, or the failure that keeps that from being known. */
export interface Condition {
  readonly happens: boolean;
  readonly root: Root;
}

/** What a launch is run with. */
export interface Given {
  readonly argument: { readonly value: number; readonly root: Root };
  readonly condition: Condition;
  /** The salt of the tasks. */
  readonly salt: number;
  readonly poison: Poison;
  /** The place of the launch in program order: what its own failures are known by. */
  readonly own: number;
}

/** What the points of a launch returned (NaN where one did not run), and which failures kept them from running. */
export interface Ran {
  readonly values: readonly number[];
  readonly roots: readonly Root[];
}

/** What fails or is skipped as a whole: a gang, a block of a reducing launch, a point of any other. */
function unitsOf(
  { gang }: Launch,
  points: number,
  reducing: boolean,
): readonly (readonly [number, number])[] {
  if (gang) return points > 0 ? [[0, points]] : [];
  if (reducing) return reductionBlocks(points);
  return Array.from({ length: points }, (_, i) => [i, i + 1] as const);
}

/** Runs a launch that is legal, given the subregion of every requirement of every point. */
export function runTasks(
  launch: Launch,
  tasks: readonly (readonly Subregion[])[],
  { argument, condition, salt, poison, own }: Given,
): Ran {
  const points = launchPoints(launch);
  const values: number[] = [];
  const roots: Root[] = [];
  // partials[requirement][field] has one partial per block.
  const partials = launch.requirements.map(({ fields }) => fields.map((): ReductionPartial[] => []));
  const reducing = launch.requirements.some(({ fields }) =>
    fields.some((use) => use.privilege.kind === 'reduce'),
  );
  const openBlock = () => {
    for (const requirement of partials) for (const blocks of requirement) blocks.push(new Map());
  };
  const accessOf = (i: number) =>
    tasks[i]!.map((subregion, r) =>
      accessTo(subregion, launch.requirements[r]!.fields, (f) => partials[r]![f]!.at(-1)!),
    );
  const identityOf = (i: number) => ({ salt, point: points[i]!, argument: argument.value });
  const { fails } = launch;
  const analysed = guarded(launch);
  let spoiled: Root;
  for (const [first, end] of unitsOf(launch, points.length, reducing)) {
    if (!launch.gang) openBlock();
    const range = tasks.slice(first, end);
    let root = earlier(
      earlier(argument.root, condition.root),
      poison.rootOf(analysed, range, (privilege) => privilege === 'read' || privilege === 'update'),
    );
    if (fails && condition.happens && points.slice(first, end).some((point) => keyOf(point) === keyOf(fails)))
      root = earlier(root, own);
    poison.spoil(launch, range, root, (privilege) => privilege === 'update' || privilege === 'overwrite');
    spoiled = earlier(spoiled, root);
    if (root === undefined && !condition.happens) {
      for (let i = first; i < end; i++) {
        values.push(launch.otherwise ?? 0);
        roots.push(undefined);
      }
      continue;
    }
    if (launch.gang && root === undefined) {
      // All read, then all know the sum, then all write.
      const hashes = points.map((_, i) => readInputs(identityOf(i), accessOf(i)));
      const sum = foldResults(hashes.map(contributionOf), 'sum');
      hashes.forEach((hash, i) => {
        openBlock();
        values.push(writeOutputs(withSum(hash, sum), accessOf(i)));
        roots.push(undefined);
      });
      continue;
    }
    for (let i = first; i < end; i++) {
      roots.push(root);
      values.push(root === undefined ? genericBody(identityOf(i), accessOf(i)) : Number.NaN);
    }
  }
  // The reductions of a launch are applied as a whole or not at all.
  if (reducing)
    spoiled = earlier(
      spoiled,
      poison.rootOf(launch, tasks, (privilege) => privilege === 'reduce'),
    );
  if (spoiled !== undefined) poison.spoil(launch, tasks, spoiled, (privilege) => privilege === 'reduce');
  else if (points.length > 0 && condition.happens) {
    launch.requirements.forEach(({ fields }, r) => {
      fields.forEach(({ field, privilege }, f) => {
        if (privilege.kind === 'reduce')
          applyReduction(tasks[0]![r]!.region, field, privilege.operator, partials[r]![f]!);
      });
    });
  }
  return { values, roots };
}
