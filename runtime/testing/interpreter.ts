// The oracle: runs a program description on plain arrays, one operation after the other, points in lexicographic
// order. It has no analysis. Every operation is first checked by enumeration; an illegal one changes nothing.
import { reductionBlocks, subspacesOf } from './brute-partitions.js';
import { keyOf, linearNumber, pointsOf, pointsOfExtent } from './brute-points.js';
import { checkTypes, copyValues, fillValues, launchOfCopy, narrowedTasks } from './copy-values.js';
import {
  contributionOf,
  type FieldAccess,
  genericBody,
  mapped,
  programValue,
  type RequirementAccess,
  readInputs,
  withSum,
  writeOutputs,
} from './generic-body.js';
import { IllegalProgramError } from './illegal-program.js';
import type { LivePartition, LiveRegion, Subregion } from './live-region.js';
import { earlier, Poison, type Root } from './poison.js';
import {
  type Copy,
  type CreatePartition,
  type FieldDescription,
  type FieldUse,
  type Fill,
  type Launch,
  launchOf,
  type Operation,
  type Place,
  type Point,
  type Privilege,
  type Program,
  type Projection,
  type Requirement,
} from './program-description.js';
import { mayHold, mayMeet, mayMeetInGang, usageOf } from './relation.js';
import { fold, identityOf, type ReductionName, store, type Value } from './values.js';

export { IllegalProgramError, type Witness } from './illegal-program.js';
export type { LivePartition, LiveRegion, Subregion } from './live-region.js';

/** The number that a task returned, or which failure kept it from running. */
export type Result = number | string;

/** What stands for a value that a failure has spoiled. */
export const failedIn = (operation: string): string => `failed in ${operation}`;

/** All that a program lets its user see. */
export interface Observed {
  /**
   * The numbers that each launch returned, by point in lexicographic order; one for single launches and reductions.
   * A task that failed or was skipped has a text instead, `failed in NAME`, with the operation that failed first.
   */
  readonly results: Readonly<Record<string, readonly Result[]>>;
  /** What each read saw, points in lexicographic order, lanes fastest; the text alone where it met a failure. */
  readonly reads: Readonly<Record<string, readonly (Value | string)[]>>;
  /** The final contents of every living region, by field, likewise. */
  readonly contents: Readonly<Record<string, Readonly<Record<string, readonly (Value | string)[]>>>>;
}

const noPoint: Point = [];

/** The launch points in lexicographic order; a single launch is a domain of one point. */
export function launchPoints({ domain, origin }: Launch): readonly Point[] {
  if (domain === null) return [noPoint];
  const points = pointsOfExtent(domain);
  return origin ? points.map((point) => point.map((x, a) => x + origin[a]!)) : points;
}

/** The number of a launch point in lexicographic order. */
const launchNumber = (point: Point, { domain, origin }: Pick<Launch, 'domain' | 'origin'>): number =>
  linearNumber(origin ? point.map((x, a) => x - origin[a]!) : point, domain ?? noPoint);

/** The colour that a launch point takes; undefined where a table ends too early. */
export function project(
  projection: Projection,
  point: Point,
  launch: Pick<Launch, 'domain' | 'origin'>,
  colours: Point,
): Point | undefined {
  const volume = colours.reduce((product, n) => product * n, 1);
  switch (projection.kind) {
    case 'identity':
      return point;
    case 'offset':
      return point.map((x, a) => (((x + projection.offset[a]!) % colours[a]!) + colours[a]!) % colours[a]!);
    case 'constant':
      return projection.colour;
    case 'linear':
      return pointsOfExtent(colours)[launchNumber(point, launch) % volume];
    case 'table':
      return pointsOfExtent(colours)[projection.colours[launchNumber(point, launch)] ?? -1];
  }
}

/** The fold of partial results on the fixed tree: neighbours first, an odd last one carried up unchanged. */
export function foldTree<T>(partials: readonly T[], join: (left: T, right: T) => T): T {
  let level = partials;
  while (level.length > 1) {
    const next: T[] = [];
    for (let i = 0; i < level.length; i += 2) {
      next.push(i + 1 < level.length ? join(level[i]!, level[i + 1]!) : level[i]!);
    }
    level = next;
  }
  return level[0]!;
}

/** A partial of a reduction: the touched elements alone, by `ordinal * lanes + lane`. */
export type ReductionPartial = Map<number, Value>;

function joinPartials(
  kind: FieldDescription['kind'],
  operator: ReductionName,
  left: ReductionPartial,
  right: ReductionPartial,
): ReductionPartial {
  const joined = new Map(left);
  for (const [element, value] of right) {
    const before = joined.get(element);
    // Both sides start from the identity, which a fold leaves no trace of.
    joined.set(element, before === undefined ? value : fold(kind, operator, before, value));
  }
  return joined;
}

export class Interpreter {
  readonly regions = new Map<string, LiveRegion>();
  readonly partitions = new Map<string, LivePartition>();
  readonly results = new Map<string, readonly Result[]>();
  /** The points of every index launch so far. */
  readonly futureMaps = new Map<string, readonly Point[]>();
  /** Of every result, the failure that kept it from being made; a launch shows the first of all its points instead. */
  readonly #roots = new Map<string, readonly Root[]>();
  readonly #reads = new Map<string, readonly (Value | string)[]>();
  /** Leases that were not released, as launches that go on. */
  readonly #leases = new Map<string, { readonly launch: Launch; readonly task: readonly Subregion[] }>();
  readonly #poison = new Poison();
  /** The operations so far; roots of failures are places in it. */
  readonly #order: string[] = [];
  readonly #names = new Set<string>();

  /** Runs one operation. Throws IllegalProgramError, and changes nothing, when it breaks a rule. */
  step(operation: Operation): void {
    const { name } = operation;
    if (this.#names.has(name)) throw new IllegalProgramError('LaunchError', name, 'the name is taken');
    switch (operation.kind) {
      case 'region': {
        const points = pointsOf(operation.domain);
        this.regions.set(name, {
          name,
          rank: operation.domain.kind === 'box' ? operation.domain.box.lo.length : operation.domain.rank,
          points,
          ordinalOf: new Map(points.map((point, ordinal) => [keyOf(point), ordinal])),
          fields: new Map(operation.fields.map((field) => [field.name, field])),
          values: new Map(
            operation.fields.map(({ name, kind, lanes }) => [
              name,
              new Array<Value>(points.length * lanes).fill(store(kind, 0)),
            ]),
          ),
        });
        break;
      }
      case 'partition':
        this.partitions.set(name, this.#partition(operation));
        break;
      case 'launch':
        this.#launch(operation);
        break;
      case 'reduceFutures': {
        const results = this.results.get(operation.of);
        if (!results || !this.futureMaps.has(operation.of)) {
          throw new IllegalProgramError('LaunchError', name, `${operation.of} is no index launch`);
        }
        const root = this.#roots.get(operation.of)!.reduce(earlier, undefined);
        this.#setResult(name, root, () => foldResults(results as readonly number[], operation.operator));
        break;
      }
      case 'fill':
        this.#fill(operation);
        break;
      case 'copy':
        this.#copy(operation);
        break;
      case 'mapFuture':
        {
          const { value, root } = this.#future(operation.of, operation.point, name);
          this.#setResult(name, root, () => mapped(value));
        }
        break;
      case 'read': {
        const { region, ordinals } = this.place(operation.target, name);
        this.#refuseOne(name, { region, ordinals }, operation.field, 'read');
        const { lanes } = fieldOf(region, operation.field, name);
        const values = region.values.get(operation.field)!;
        const root = this.#poison.at(region, operation.field, ordinals);
        this.#reads.set(
          name,
          root === undefined
            ? ordinals.flatMap((o) => values.slice(o * lanes, (o + 1) * lanes))
            : [failedIn(this.#order[root]!)],
        );
        break;
      }
      case 'write': {
        const { region, ordinals } = this.place(operation.target, name);
        this.#refuseOne(name, { region, ordinals }, operation.field, 'overwrite');
        const { kind, lanes, range } = fieldOf(region, operation.field, name);
        const values = region.values.get(operation.field)!;
        for (const o of ordinals) {
          for (let lane = 0; lane < lanes; lane++) {
            values[o * lanes + lane] = programValue(operation.salt, region.points[o]!, lane, kind, range);
          }
        }
        this.#poison.set(region, operation.field, ordinals, undefined);
        break;
      }
      case 'free':
        this.place({ region: operation.region }, name);
        for (const { launch, task } of this.#leases.values()) {
          if (task[0]!.region.name === operation.region)
            throw new IllegalProgramError('LaunchError', name, `the lease ${launch.name} is open`);
        }
        for (const [key, { region }] of this.partitions) {
          if (region.name === operation.region) this.partitions.delete(key);
        }
        this.regions.delete(operation.region);
        break;
      case 'lease': {
        const { target, fields, salt } = operation;
        const launch = { ...launchOf(operation, [{ target, fields }]), salt };
        this.#launch(launch);
        if (typeof this.results.get(name)![0] === 'number')
          this.#leases.set(name, { launch, task: [this.place(target, name)] });
        break;
      }
      case 'release':
        this.#leases.delete(operation.lease);
        break;
      case 'fence':
        break;
    }
    this.#names.add(name);
    this.#order.push(name);
  }

  /** What makes a launch illegal now; undefined when it may run. */
  problemOf(launch: Launch): IllegalProgramError | undefined {
    try {
      this.#tasksOf(launch);
      this.argument(launch);
      return undefined;
    } catch (error) {
      if (error instanceof IllegalProgramError) return error;
      throw error;
    }
  }

  observed(): Observed {
    const contents = [...this.regions].map(
      ([name, region]) =>
        [
          name,
          Object.fromEntries(
            [...region.values].map(([field, values]) => {
              const root = this.#poison.at(region, field, [...region.points.keys()]);
              return [field, root === undefined ? [...values] : [failedIn(this.#order[root]!)]];
            }),
          ),
        ] as const,
    );
    return {
      results: Object.fromEntries(this.results),
      reads: Object.fromEntries(this.#reads),
      contents: Object.fromEntries(contents),
    };
  }

  /** The points that a place names. `operation` is who asks. */
  place(place: Place, operation: string): Subregion {
    if ('region' in place) {
      const region = this.regions.get(place.region);
      if (!region) throw new IllegalProgramError('LaunchError', operation, `region ${place.region} is gone`);
      return { region, ordinals: region.points.map((_, ordinal) => ordinal) };
    }
    const partition = this.partitions.get(place.partition);
    if (!partition) {
      throw new IllegalProgramError(
        'LaunchError',
        operation,
        `the region of partition ${place.partition} is gone`,
      );
    }
    const { colours, parts, region } = partition;
    const { colour } = place;
    if (colour.length !== colours.length || colour.some((c, a) => c < 0 || c >= colours[a]!)) {
      const message = `partition ${place.partition} has no colour [${colour}], only [0..${colours})`;
      throw new IllegalProgramError('BoundsError', operation, message);
    }
    return { region, ordinals: parts[linearNumber(colour, colours)]! };
  }

  /** The subregion that a launch point gets from a requirement. */
  subregion(requirement: Requirement, point: Point, launch: Launch): Subregion {
    const { target } = requirement;
    if (!('projection' in target)) return this.place(target, launch.name);
    const partition = this.partitions.get(target.partition);
    if (!partition) {
      const message = `the region of partition ${target.partition} is gone`;
      throw new IllegalProgramError('LaunchError', launch.name, message);
    }
    const colour = project(target.projection, point, launch, partition.colours);
    if (!colour) throw new IllegalProgramError('BoundsError', launch.name, `no colour for point [${point}]`);
    return this.place({ partition: target.partition, colour }, launch.name);
  }

  /** The number that a launch passes to its tasks, or the failure that keeps them from running. */
  argument({ argument, name }: Launch): { readonly value: number; readonly root: Root } {
    return typeof argument === 'number'
      ? { value: argument, root: undefined }
      : this.#future(argument.future, argument.point, name);
  }

  #future(
    future: string,
    point: Point | undefined,
    operation: string,
  ): { readonly value: number; readonly root: Root } {
    const points = this.futureMaps.get(future);
    const number = points && point ? points.findIndex((p) => keyOf(p) === keyOf(point)) : 0;
    const value = this.results.get(future)?.[number];
    if (value === undefined || (points !== undefined) !== (point !== undefined)) {
      throw new IllegalProgramError('LaunchError', operation, `there is no future ${future}`);
    }
    return { value: Number(value), root: this.#roots.get(future)![number] };
  }

  #setResult(name: string, root: Root, value: () => number): void {
    this.results.set(name, [root === undefined ? value() : failedIn(this.#order[root]!)]);
    this.#roots.set(name, [root]);
  }

  #partition({ name, of, by }: CreatePartition): LivePartition {
    const { region, ordinals } = this.place(of, name);
    const named = (other: string): LivePartition => {
      const partition = this.partitions.get(other);
      if (!partition) throw new IllegalProgramError('LaunchError', name, `partition ${other} is gone`);
      return partition;
    };
    const clean = ({ region, ordinals }: Subregion, field: string) => {
      if (this.#poison.at(region, field, ordinals) === undefined) return;
      throw new IllegalProgramError(
        'UpstreamError',
        name,
        `field ${field} of ${region.name} was never written`,
      );
    };
    const lanesAt = ({ values, fields }: LiveRegion, field: string, o: number): Point => {
      const lanes = fields.get(field)!.lanes;
      return values
        .get(field)!
        .slice(o * lanes, (o + 1) * lanes)
        .map(Number);
    };
    if ('field' in by) {
      const source = 'source' in by ? named(by.source) : undefined;
      const read = source ? { region: source.region, ordinals: source.of } : { region, ordinals };
      for (const field of 'upper' in by ? [by.field, by.upper] : [by.field]) {
        fieldOf(read.region, field, name);
        this.#refuseOne(name, read, field, 'read');
        clean(read, field);
      }
    }
    const subspaces = subspacesOf(by, { points: region.points, ordinalOf: region.ordinalOf }, ordinals, {
      partition: (other) => ({ ...named(other), index: named(other).region }),
      here: (field, o) => lanesAt(region, field, o),
      there: (other, field, o) => lanesAt(named(other).region, field, o),
    });
    return { name, region, of: ordinals, ...subspaces };
  }

  /** Names of leases that were not released. */
  get leases(): readonly string[] {
    return [...this.#leases.keys()];
  }

  /** Throws where tasks conflict with a lease that was not released. */
  #refuseLeased({ name, requirements }: Launch, tasks: readonly (readonly Subregion[])[]): void {
    for (const { launch, task: held } of this.#leases.values()) {
      const leased = new Set(held[0]!.ordinals);
      requirements.forEach(({ fields }, r) => {
        for (const mine of fields) {
          const use = launch.requirements[0]!.fields.find((f) => f.field === mine.field);
          if (!use || mayMeet(usageOf(use), usageOf(mine))) continue;
          for (const task of tasks) {
            const { region, ordinals } = task[r]!;
            if (region === held[0]!.region && ordinals.some((o) => leased.has(o)))
              throw new IllegalProgramError('LaunchError', name, `conflicts with the lease ${launch.name}`);
          }
        }
      });
    }
  }

  /** The same for an operation that uses one field in one way. */
  #refuseOne(operation: string, subregion: Subregion, field: string, kind: 'read' | 'overwrite'): void {
    if (this.#leases.size === 0) return;
    const target = { region: subregion.region.name };
    const launch = launchOf({ name: operation }, [{ target, fields: [{ field, privilege: { kind } }] }]);
    this.#refuseLeased(launch, [[subregion]]);
  }

  #fill(fill: Fill): void {
    const { name, field } = fill;
    const launch = launchOf(fill, [
      { target: fill.target, fields: [{ field, privilege: { kind: 'overwrite' } }] },
    ]);
    for (const [subregion] of this.#tasksOf(launch)) {
      fieldOf(subregion!.region, field, name);
      fillValues(fill, subregion!);
      this.#poison.set(subregion!.region, field, subregion!.ordinals, undefined);
    }
  }

  /** What the points of a copy hold, requirement by requirement, after all checks. */
  copyTasks(copy: Copy): { readonly launch: Launch; readonly tasks: readonly (readonly Subregion[])[] } {
    const launch = launchOfCopy(copy);
    const points = launchPoints(launch);
    const held = points.map((point) => launch.requirements.map((r) => this.subregion(r, point, launch)));
    for (const [r, { fields }] of launch.requirements.entries())
      for (const { field } of fields) for (const task of held) fieldOf(task[r]!.region, field, copy.name);
    if (held.length > 0) checkTypes(copy, held[0]!);
    const tasks = held.map((task) => narrowedTasks(copy, task));
    checkInterference(launch, points, tasks);
    this.#refuseLeased(launch, tasks);
    return { launch, tasks };
  }

  /** Whether a legal copy would fail now, because a pointer leads nowhere. */
  copyFails(copy: Copy): boolean {
    return this.copyTasks(copy).tasks.some((task) => !copyValues(copy, task, false));
  }

  #copy(copy: Copy): void {
    const { launch, tasks } = this.copyTasks(copy);
    for (const task of tasks) {
      const writes = (kind: Privilege['kind']) => kind !== 'read';
      let root = this.#rootOf(launch, [task], (kind) => kind !== 'overwrite');
      if (root === undefined && !copyValues(copy, task, true)) root = this.#order.length;
      this.#spoil(launch, [task], root, writes);
    }
  }

  /** The subregion of every requirement of every point, after all checks. */
  #tasksOf(launch: Launch): readonly (readonly Subregion[])[] {
    const points = launchPoints(launch);
    const tasks = points.map((point) => launch.requirements.map((r) => this.subregion(r, point, launch)));
    checkInterference(launch, points, tasks);
    this.#refuseLeased(launch, tasks);
    return tasks;
  }

  #launch(launch: Launch): void {
    const points = launchPoints(launch);
    const tasks = this.#tasksOf(launch);
    const argument = this.argument(launch);
    const results: Result[] = [];
    const roots: Root[] = [];
    const own = this.#order.length;
    // partials[requirement][field] has one partial per block.
    const partials = launch.requirements.map(({ fields }) => fields.map((): ReductionPartial[] => []));
    const reducing = launch.requirements.some(({ fields }) =>
      fields.some((use) => use.privilege.kind === 'reduce'),
    );
    // What fails or is skipped as a whole: a gang, a block of a reducing launch, a point of any other.
    const all = points.length > 0 ? [[0, points.length] as const] : [];
    const single = points.map((_, i) => [i, i + 1] as const);
    const units = launch.gang ? all : reducing ? reductionBlocks(points.length) : single;
    let spoiled: Root;
    const failed: number[] = [];
    let firstRoot: Root;
    for (const [first, end] of units) {
      const openBlock = () => {
        for (const requirement of partials) for (const blocks of requirement) blocks.push(new Map());
      };
      if (!launch.gang) openBlock();
      const range = tasks.slice(first, end);
      let root = earlier(
        argument.root,
        this.#rootOf(launch, range, (privilege) => privilege === 'read' || privilege === 'update'),
      );
      const { fails } = launch;
      if (fails && points.slice(first, end).some((point) => keyOf(point) === keyOf(fails)))
        root = earlier(root, own);
      this.#spoil(launch, range, root, (privilege) => privilege === 'update' || privilege === 'overwrite');
      spoiled = earlier(spoiled, root);
      const accessOf = (i: number) =>
        tasks[i]!.map((subregion, r) =>
          accessTo(subregion, launch.requirements[r]!.fields, (f) => partials[r]![f]!.at(-1)!),
        );
      const identityOf = (i: number) => ({ salt: launch.salt, point: points[i]!, argument: argument.value });
      if (launch.gang && root === undefined) {
        // All read, then all know the sum, then all write.
        const hashes = points.map((_, i) => readInputs(identityOf(i), accessOf(i)));
        const sum = foldResults(hashes.map(contributionOf), 'sum');
        hashes.forEach((hash, i) => {
          openBlock();
          results.push(writeOutputs(withSum(hash, sum), accessOf(i)));
          roots.push(undefined);
        });
        continue;
      }
      for (let i = first; i < end; i++) {
        roots.push(root);
        if (root !== undefined) {
          results.push(Number.NaN);
          failed.push(i);
          firstRoot = earlier(firstRoot, root);
          continue;
        }
        results.push(genericBody(identityOf(i), accessOf(i)));
      }
    }
    // The reductions of a launch are applied as a whole or not at all.
    if (reducing)
      spoiled = earlier(
        spoiled,
        this.#rootOf(launch, tasks, (privilege) => privilege === 'reduce'),
      );
    if (spoiled !== undefined) this.#spoil(launch, tasks, spoiled, (privilege) => privilege === 'reduce');
    launch.requirements.forEach(({ fields }, r) => {
      fields.forEach(({ field, privilege }, f) => {
        if (privilege.kind === 'reduce' && points.length > 0 && spoiled === undefined) {
          applyReduction(tasks[0]![r]!.region, field, privilege.operator, partials[r]![f]!);
        }
      });
    });
    // A launch has one error, the first in program order, for all points that failed or were skipped.
    for (const i of failed) results[i] = failedIn(firstRoot === own ? launch.name : this.#order[firstRoot!]!);
    this.results.set(launch.name, results);
    this.#roots.set(launch.name, roots);
    if (launch.domain) this.futureMaps.set(launch.name, points);
  }

  /** The first failure that has reached what tasks take through some privileges. */
  #rootOf(
    launch: Launch,
    tasks: readonly (readonly Subregion[])[],
    takes: (kind: Privilege['kind']) => boolean,
  ): Root {
    let root: Root;
    launch.requirements.forEach(({ fields }, r) => {
      for (const { field, privilege } of fields) {
        if (!takes(privilege.kind)) continue;
        for (const task of tasks)
          root = earlier(root, this.#poison.at(task[r]!.region, field, task[r]!.ordinals));
      }
    });
    return root;
  }

  /** Poisons (or cleans) what tasks write through some privileges. */
  #spoil(
    launch: Launch,
    tasks: readonly (readonly Subregion[])[],
    root: Root,
    writes: (kind: Privilege['kind']) => boolean,
  ): void {
    launch.requirements.forEach(({ fields }, r) => {
      for (const { field, privilege } of fields) {
        if (!writes(privilege.kind)) continue;
        for (const task of tasks) this.#poison.set(task[r]!.region, field, task[r]!.ordinals, root);
      }
    });
  }
}

/** Runs a whole program. Throws IllegalProgramError at the first operation that breaks a rule. */
export function interpret(program: Program): Observed {
  const interpreter = new Interpreter();
  for (const operation of program.operations) interpreter.step(operation);
  return interpreter.observed();
}

function fieldOf(region: LiveRegion, field: string, operation: string): FieldDescription {
  const description = region.fields.get(field);
  if (!description) {
    throw new IllegalProgramError('PrivilegeError', operation, `region ${region.name} has no field ${field}`);
  }
  return description;
}

function foldResults(results: readonly number[], operator: 'sum' | 'prod' | 'min' | 'max'): number {
  const join = (a: number, b: number) => fold('f64', operator, a, b) as number;
  const identity = identityOf('f64', operator) as number;
  const blocks = reductionBlocks(results.length);
  if (blocks.length === 0) return identity;
  return foldTree(
    blocks.map(([first, end]) => results.slice(first, end).reduce(join, identity)),
    join,
  );
}

/** Folds the blocks of one reduced field on the fixed tree, and the root onto the field. */
export function applyReduction(
  region: LiveRegion,
  field: string,
  operator: ReductionName,
  partials: readonly ReductionPartial[],
) {
  const { kind } = region.fields.get(field)!;
  const values = region.values.get(field)!;
  const root = foldTree(partials, (left, right) => joinPartials(kind, operator, left, right));
  for (const [element, value] of root) values[element] = fold(kind, operator, values[element]!, value);
}

/** The accessors of one requirement of one task, over plain arrays. */
export function accessTo(
  { region, ordinals }: Subregion,
  uses: readonly FieldUse[],
  partialOf: (field: number) => ReductionPartial,
): RequirementAccess {
  const fields = uses.map(({ field, privilege, coherence }, f): FieldAccess => {
    const { kind, lanes, range } = region.fields.get(field)!;
    const values = region.values.get(field)!;
    const operator = privilege.kind === 'reduce' ? privilege.operator : undefined;
    return {
      kind,
      lanes,
      range,
      privilege: privilege.kind,
      coherence,
      operator,
      get: (i, lane) => values[ordinals[i]! * lanes + lane]!,
      set: (i, lane, value) => {
        values[ordinals[i]! * lanes + lane] = value;
      },
      add: (i, lane, value) => {
        const element = ordinals[i]! * lanes + lane;
        values[element] = fold(kind, 'sum', values[element]!, value);
      },
      fold: (i, lane, value) => {
        const partial = partialOf(f);
        const element = ordinals[i]! * lanes + lane;
        partial.set(
          element,
          fold(kind, operator!, partial.get(element) ?? identityOf(kind, operator!), value),
        );
      },
    };
  });
  return {
    size: ordinals.length,
    rank: region.rank,
    coordinate: (i, axis) => region.points[ordinals[i]!]![axis]!,
    fields,
  };
}

/**
 * Looks for two requirements of one task, or two points of one launch, that meet at an element and may not. While all
 * uses are exclusive, all earlier accesses of an element may meet one another, so that comparing with the first one is
 * enough; otherwise every access is compared with every other.
 */
function checkInterference(
  launch: Launch,
  points: readonly Point[],
  tasks: readonly (readonly Subregion[])[],
): void {
  type Access = readonly [task: number, requirement: number];
  const meets = launch.gang ? mayMeetInGang : mayMeet;
  const coherent = launch.requirements.some(({ fields }) => fields.some((use) => use.coherence));
  const accesses = new Map<LiveRegion, Map<string, Map<number, Access[]>>>();
  const elements = (region: LiveRegion, field: string) => {
    let fields = accesses.get(region);
    if (!fields) accesses.set(region, (fields = new Map()));
    let seen = fields.get(field);
    if (!seen) fields.set(field, (seen = new Map()));
    return seen;
  };
  launch.requirements.forEach(({ fields }, r) => {
    for (const use of fields) {
      const { field } = use;
      const usage = usageOf(use);
      const others = launch.requirements.map((requirement) => {
        const other = requirement.fields.find((candidate) => candidate.field === field);
        return other && usageOf(other);
      });
      tasks.forEach((subregions, task) => {
        const { region, ordinals } = subregions[r]!;
        fieldOf(region, field, launch.name);
        const seen = elements(region, field);
        for (const o of ordinals) {
          const before = seen.get(o);
          if (!before) {
            seen.set(o, [[task, r]]);
            continue;
          }
          const other = before.find(
            ([t, q]) => !(t === task ? mayHold : meets)(others[q]!, usage) && (t !== task || q !== r),
          );
          if (!other) {
            if (coherent) before.push([task, r]);
            continue;
          }
          const point = region.points[o]!;
          const launchPoints = launch.domain ? ([points[other[0]]!, points[task]!] as const) : null;
          throw new IllegalProgramError(
            'InterferenceError',
            launch.name,
            `requirements ${other[1]} and ${r} meet in field ${field} of ${region.name} at [${point}]` +
              (launchPoints ? `, launch points [${launchPoints[0]}] and [${launchPoints[1]}]` : ''),
            { region: region.name, field, point, requirements: [other[1], r], launchPoints },
          );
        }
      });
    }
  });
}
