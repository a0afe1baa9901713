// The oracle: runs a program description on plain arrays, one operation after the other, points in lexicographic
// order. It has no analysis. Every operation is first checked by enumeration; an illegal one changes nothing.
import { checkInterference } from './brute-interference.js';
import { subspacesOf } from './brute-partitions.js';
import { keyOf, linearNumber, pointsOf } from './brute-points.js';
import { foldResults } from './brute-reductions.js';
import { checkTypes, copyValues, fillValues, launchOfCopy, narrowedTasks } from './copy-values.js';
import { mapped, programValue } from './generic-body.js';
import { IllegalProgramError } from './illegal-program.js';
import { launchPoints, project } from './launch-points.js';
import { runTasks } from './launched-tasks.js';
import { fieldOf, type LivePartition, type LiveRegion, type Subregion } from './live-region.js';
import { failedIn, type Observed, type Result } from './observed.js';
import { earlier, Poison, type Root } from './poison.js';
import {
  type Copy,
  type CreatePartition,
  type Fill,
  type Launch,
  launchOf,
  type Operation,
  type Place,
  type Point,
  type Privilege,
  type Program,
  type Requirement,
} from './program-description.js';
import { mayMeet, usageOf } from './relation.js';
import { store, type Value } from './values.js';

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
      let root = this.#poison.rootOf(launch, [task], (kind) => kind !== 'overwrite');
      if (root === undefined && !copyValues(copy, task, true)) root = this.#order.length;
      this.#poison.spoil(launch, [task], root, writes);
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
    const tasks = this.#tasksOf(launch);
    const { values, roots } = runTasks(launch, tasks, {
      argument: this.argument(launch),
      poison: this.#poison,
      own: this.#order.length,
    });
    this.#setResults(launch, values, roots);
  }

  /** A launch has one error, the first in program order, for all points that failed or were skipped. */
  #setResults(launch: Launch, values: readonly number[], roots: readonly Root[]): void {
    const first = roots.reduce(earlier, undefined);
    const failed = first === undefined ? '' : failedIn(this.#order[first] ?? launch.name);
    const results = values.map((value, i) => (roots[i] === undefined ? value : failed));
    this.results.set(launch.name, results);
    this.#roots.set(launch.name, roots);
    if (launch.domain) this.futureMaps.set(launch.name, launchPoints(launch));
  }
}

/** Runs a whole program. Throws IllegalProgramError at the first operation that breaks a rule. */
export function interpret(program: Program): Observed {
  const interpreter = new Interpreter();
  for (const operation of program.operations) interpreter.step(operation);
  return interpreter.observed();
}
