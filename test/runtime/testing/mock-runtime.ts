// A small task runtime with a naive dependence analysis that can be made wrong on purpose. It keeps a list of
// accesses for every element, draws an edge wherever a table says so, and runs ready tasks in a random order on plain
// arrays. It exists to show that the generator and the oracle notice every single fault.

import { accessTo } from '../../../runtime/testing/array-access.js';
import { reductionBlocks } from '../../../runtime/testing/brute-partitions.js';
import {
  applyReduction,
  foldTree,
  type ReductionPartial,
} from '../../../runtime/testing/brute-reductions.js';
import {
  type Conflicts,
  fieldsOfRule,
  isReducing,
  type RecordedOrder,
  readsOfPartition,
  unitsOfLaunch,
} from '../../../runtime/testing/conflicts.js';
import { copyValues, fillValues } from '../../../runtime/testing/copy-values.js';
import { genericBody, mapped, programValue } from '../../../runtime/testing/generic-body.js';
import type { GeneratorOptions } from '../../../runtime/testing/index.js';
import { Interpreter } from '../../../runtime/testing/interpreter.js';
import { type Draw, keyedDraw } from '../../../runtime/testing/keyed-random.js';
import { launchPoints } from '../../../runtime/testing/launch-points.js';
import type { Subregion } from '../../../runtime/testing/live-region.js';
import type { Observed } from '../../../runtime/testing/observed.js';
import {
  type Launch,
  launchOf,
  type Operation,
  type Point,
  type Privilege,
  type Program,
} from '../../../runtime/testing/program-description.js';
import { fold, identityOf, type Value } from '../../../runtime/testing/values.js';
import {
  correctTable,
  type Fault,
  foldInOrder,
  rangesOf63,
  sharedPartial,
  type Table,
} from './mock-faults.js';

interface Unit {
  readonly operation: string;
  readonly kind: 'task' | 'block' | 'apply' | 'other';
  readonly number: number;
  readonly origin: Operation['kind'];
  readonly run: () => void;
  readonly successors: Set<Unit>;
  waiting: number;
  done: boolean;
}

interface Access {
  readonly unit: Unit;
  readonly privilege: Privilege;
  readonly time: number;
  readonly partition: string | undefined;
  readonly colour: string | undefined;
}

/** Of programs that the mock runtime can run: it knows neither coherences, nor inner tasks, predicates and attachments. */
export const simple: GeneratorOptions = { coherence: 0, inner: 0, predicates: 0, attachments: 0 };

export interface MockOptions {
  readonly table?: Table;
  readonly fault?: Fault;
  /** Chooses the order in which ready tasks run. */
  readonly schedule: number;
}

export interface MockRun {
  readonly observed: Observed;
  /** The edges drawn, with the units numbered as in `conflicts`. */
  recorded(conflicts: Conflicts): RecordedOrder;
}

/** Runs a program with the given table and fault. */
export function runMock(program: Program, options: MockOptions): MockRun {
  const runtime = new MockRuntime(options);
  for (const operation of program.operations) runtime.add(operation);
  return runtime.finish(program);
}

const overwrite: Privilege = { kind: 'overwrite' };
const read: Privilege = { kind: 'read' };

class MockRuntime {
  readonly #store = new Interpreter();
  readonly #table: Table;
  readonly #fault: Fault | undefined;
  readonly #draw: Draw;
  readonly #ready: Unit[] = [];
  readonly #units: Unit[] = [];
  readonly #edges: [Unit, Unit][] = [];
  readonly #accesses = new Map<string, Access[][]>();
  readonly #unitsOf = new Map<string, Unit[]>();
  readonly #results = new Map<string, number[]>();
  readonly #reads = new Map<string, Value[]>();
  readonly #depths = new Map<string, number>();
  #time = 0;

  constructor({ table = correctTable, fault, schedule }: MockOptions) {
    this.#table = table;
    this.#fault = fault;
    this.#draw = keyedDraw(schedule, 0x4d0c);
  }

  add(operation: Operation): void {
    this.#time++;
    const { name } = operation;
    switch (operation.kind) {
      case 'region':
        this.#store.step(operation);
        break;
      case 'free':
        // Users of a region may still be waiting; its arrays live as long as they hold them.
        this.#runUntil(() => this.#units.every((unit) => unit.done));
        this.#store.step(operation);
        break;
      case 'partition': {
        const unit = this.#unit(operation, 'other', 0, () => this.#store.step(operation));
        if ('field' in operation.by) {
          for (const subregion of readsOfPartition(operation, this.#store)) {
            for (const field of fieldsOfRule(operation.by)) this.#use(unit, subregion, field, read);
          }
        }
        this.#depths.set(name, 'region' in operation.of ? 1 : 1 + this.#depthOf(operation.of.partition));
        this.#start([unit]);
        this.#runUntil(() => unit.done);
        break;
      }
      case 'launch':
        this.#launch(operation);
        break;
      case 'fill': {
        const { target, field } = operation;
        const launch = launchOf(operation, [{ target, fields: [{ field, privilege: overwrite }] }]);
        const tasks = launchPoints(launch).map((point) => [
          this.#store.subregion(launch.requirements[0]!, point, launch),
        ]);
        this.#tasks(operation, launch, tasks, ([subregion]) => fillValues(operation, subregion!));
        break;
      }
      case 'lease': {
        const { target, fields, salt } = operation;
        const launch = launchOf(operation, [{ target, fields }]);
        const task = [this.#store.place(target, name)];
        const [unit] = this.#tasks(operation, launch, [task], ([subregion]) => {
          const access = accessTo(subregion!, fields, () => new Map());
          this.#results.set(name, [genericBody({ salt, point: [], argument: 0 }, [access])]);
        });
        this.#runUntil(() => unit!.done);
        break;
      }
      case 'release':
        break;
      case 'copy': {
        const { launch, tasks } = this.#store.copyTasks(operation);
        this.#tasks(operation, launch, tasks, (task) => copyValues(operation, task, true));
        break;
      }
      case 'read': {
        const { region, ordinals } = this.#store.place(operation.target, name);
        const values = region.values.get(operation.field)!;
        const { lanes } = region.fields.get(operation.field)!;
        const unit = this.#unit(operation, 'other', 0, () => {
          this.#reads.set(
            name,
            ordinals.flatMap((o) => values.slice(o * lanes, (o + 1) * lanes)),
          );
        });
        this.#use(unit, { region, ordinals }, operation.field, read);
        this.#start([unit]);
        this.#runUntil(() => unit.done);
        break;
      }
      case 'write': {
        const { region, ordinals } = this.#store.place(operation.target, name);
        const { kind, lanes, range } = region.fields.get(operation.field)!;
        const values = region.values.get(operation.field)!;
        const unit = this.#unit(operation, 'other', 0, () => {
          for (const o of ordinals) {
            for (let lane = 0; lane < lanes; lane++) {
              values[o * lanes + lane] = programValue(operation.salt, region.points[o]!, lane, kind, range);
            }
          }
        });
        this.#use(unit, { region, ordinals }, operation.field, overwrite);
        this.#start([unit]);
        break;
      }
      case 'mapFuture': {
        const { value, producers } = this.#futureOf(operation.of, operation.point);
        const unit = this.#unit(operation, 'other', 0, () => this.#results.set(name, [mapped(value())]));
        this.#results.set(name, [Number.NaN]);
        for (const producer of producers) this.#edge(producer, unit);
        this.#start([unit]);
        break;
      }
      case 'reduceFutures': {
        const unit = this.#unit(operation, 'other', 0, () => {
          const join = (a: Value, b: Value) => fold('f64', operation.operator, a, b);
          const results: Value[] = this.#results.get(operation.of)!;
          const partials = reductionBlocks(results.length).map(([first, end]) =>
            results.slice(first, end).reduce(join, identityOf('f64', operation.operator)),
          );
          this.#results.set(name, [foldTree(partials, join) as number]);
        });
        this.#results.set(name, [Number.NaN]);
        for (const producer of this.#unitsOf.get(operation.of)!) {
          if (
            producer.kind !== 'apply' &&
            this.#fault !== 'drop the edges from a future map to its reduction'
          ) {
            this.#edge(producer, unit);
          }
        }
        this.#start([unit]);
        break;
      }
      case 'fence': {
        const unit = this.#unit(operation, 'other', 0, () => {});
        for (const earlier of this.#units) if (earlier !== unit) this.#edge(earlier, unit);
        this.#start([unit]);
        this.#runUntil(() => unit.done);
        break;
      }
    }
  }

  /** The points of an operation of the runtime itself. */
  #tasks(
    operation: Operation,
    launch: Launch,
    tasks: readonly (readonly Subregion[])[],
    run: (task: readonly Subregion[]) => void,
  ): readonly Unit[] {
    const units = tasks.map((task, i) =>
      this.#unit(operation, launch.domain ? 'task' : 'other', i, () => run(task)),
    );
    tasks.forEach((task, i) => {
      launch.requirements.forEach(({ fields }, r) => {
        for (const { field, privilege } of fields) this.#use(units[i]!, task[r]!, field, privilege);
      });
    });
    this.#start(units);
    return units;
  }

  finish(program: Program): MockRun {
    this.#runUntil(() => this.#units.every((unit) => unit.done));
    const { contents } = this.#store.observed();
    const observed: Observed = {
      results: Object.fromEntries(this.#results),
      reads: Object.fromEntries(this.#reads),
      contents,
    };
    const fences = program.operations.filter(({ kind }) => kind === 'fence').map(({ name }) => name);
    return { observed, recorded: (conflicts) => this.#recorded(conflicts, fences) };
  }

  #recorded(conflicts: Conflicts, fences: readonly string[]): RecordedOrder {
    const key = (u: { operation: string; kind: string; number: number }) =>
      `${u.operation} ${u.kind} ${u.number}`;
    const numbers = new Map(conflicts.units.map((unit, number) => [key(unit), number]));
    const indexOf = new Map(this.#units.map((unit, i) => [unit, i]));
    const edges = this.#edges.map(([from, to]) => [indexOf.get(from)!, indexOf.get(to)!] as [number, number]);
    // What is launched after a fence comes after it.
    for (const name of fences) {
      const fence = this.#units.findIndex((unit) => unit.operation === name);
      for (let later = fence + 1; later < this.#units.length; later++) edges.push([fence, later]);
    }
    return { nodes: this.#units.map((unit) => ({ unit: numbers.get(key(unit)) })), edges };
  }

  #unit({ name, kind: origin }: Operation, kind: Unit['kind'], number: number, run: () => void): Unit {
    const unit: Unit = {
      operation: name,
      kind,
      number,
      origin,
      run,
      successors: new Set(),
      waiting: 1,
      done: false,
    };
    this.#units.push(unit);
    const siblings = this.#unitsOf.get(name);
    if (siblings) siblings.push(unit);
    else this.#unitsOf.set(name, [unit]);
    return unit;
  }

  /** Units hold themselves back while their edges are drawn. */
  #start(units: readonly Unit[]): void {
    for (const unit of units) if (--unit.waiting === 0) this.#ready.push(unit);
  }

  #edge(from: Unit, to: Unit): void {
    if (from.successors.has(to)) return;
    from.successors.add(to);
    this.#edges.push([from, to]);
    if (!from.done) to.waiting++;
  }

  #runUntil(reached: () => boolean): void {
    while (this.#ready.length > 0 && !reached()) {
      const i = this.#draw.between(0, this.#ready.length - 1);
      const [unit] = this.#ready.splice(i, 1);
      unit!.run();
      unit!.done = true;
      for (const next of unit!.successors) if (--next.waiting === 0) this.#ready.push(next);
    }
    if (!reached()) throw new Error('the mock runtime is stuck');
  }

  #launch(launch: Launch): void {
    const fault = this.#fault;
    const points = launchPoints(launch);
    const tasks = points.map((point) =>
      launch.requirements.map((r) => this.#store.subregion(r, point, launch)),
    );
    const results = new Array<number>(points.length).fill(Number.NaN);
    this.#results.set(launch.name, results);
    if (launch.domain) this.#store.futureMaps.set(launch.name, points);
    const ranges = fault === 'blocks of at most 63' ? rangesOf63(launch) : unitsOfLaunch(launch);
    const partials = ranges.map(() =>
      launch.requirements.map(({ fields }) => fields.map((): ReductionPartial => new Map())),
    );
    const argument = this.#argumentOf(launch);
    const units = ranges.map(([first, end], number) =>
      this.#unit(launch, isReducing(launch) ? 'block' : 'task', number, () => {
        for (let j = first; j < end; j++) {
          const i = fault === 'run the points of a block in reverse' ? end - 1 - (j - first) : j;
          const access = tasks[i]!.map((subregion, r) =>
            accessTo(subregion, launch.requirements[r]!.fields, (f) => {
              const shared = fault === 'one partial for two requirements';
              return shared
                ? sharedPartial(launch, tasks[i]!, partials[number]!, r, f)
                : partials[number]![r]![f]!;
            }),
          );
          results[i] = genericBody(
            { salt: launch.salt, point: points[i]!, argument: argument.value() },
            access,
          );
        }
      }),
    );
    const apply = isReducing(launch)
      ? this.#unit(launch, 'apply', 0, () => {
          launch.requirements.forEach(({ fields }, r) => {
            fields.forEach(({ field, privilege }, f) => {
              if (privilege.kind !== 'reduce') return;
              const blocks = partials.map((block) => block[r]![f]!);
              const left = fault === 'fold blocks from left to right';
              const { region } = tasks[0]![r]!;
              applyReduction(
                region,
                field,
                privilege.operator,
                left ? [foldInOrder(region, field, privilege, blocks)] : blocks,
              );
            });
          });
        })
      : undefined;
    if (apply) {
      units.forEach((unit, i) => {
        if (fault === 'drop the edges from the blocks of a reduction to its application') return;
        if (fault === 'drop the edge from the last block alone' && i === units.length - 1) return;
        this.#edge(unit, apply);
      });
    }
    for (const producer of argument.producers) for (const unit of units) this.#edge(producer, unit);
    ranges.forEach(([first, end], number) => {
      for (let i = first; i < end; i++) {
        launch.requirements.forEach(({ fields, target }, r) => {
          const partition = 'partition' in target ? target.partition : undefined;
          const colour = 'colour' in target ? String(target.colour) : String(points[i]);
          fields.forEach(({ field, privilege }, f) => {
            const unit = privilege.kind === 'reduce' ? apply! : units[number]!;
            this.#use(unit, tasks[i]![r]!, field, privilege, { r, f, partition, colour });
          });
        });
      }
    });
    this.#start(apply ? [...units, apply] : units);
  }

  #argumentOf({ argument }: Launch): { value: () => number; producers: readonly Unit[] } {
    if (typeof argument === 'number') return { value: () => argument, producers: [] };
    const { value, producers } = this.#futureOf(argument.future, argument.point);
    return { value, producers: this.#fault === 'drop the edge from a future to its user' ? [] : producers };
  }

  /** A future, and the units that must have run when it is looked at. */
  #futureOf(future: string, point: Point | undefined): { value: () => number; producers: readonly Unit[] } {
    const points = this.#store.futureMaps.get(future);
    const number = points && point ? points.findIndex((p) => String(p) === String(point)) : 0;
    const value = () => this.#results.get(future)![number]!;
    const units = this.#unitsOf.get(future)!.filter((unit) => unit.kind !== 'apply');
    if (!points || units.length === points.length) return { value, producers: [units[number]!] };
    const block = reductionBlocks(points.length).findIndex(([, end]) => number < end);
    return { value, producers: this.#fault === 'blocks of at most 63' ? units : [units[block]!] };
  }

  #use(
    unit: Unit,
    { region, ordinals }: Subregion,
    field: string,
    privilege: Privilege,
    from:
      | { r: number; f: number; partition: string | undefined; colour: string | undefined }
      | undefined = undefined,
  ): void {
    const key = `${region.name}.${field}`;
    let elements = this.#accesses.get(key);
    if (!elements) this.#accesses.set(key, (elements = region.points.map(() => [])));
    const fault = this.#fault;
    let seen = ordinals;
    if (fault === 'forget the last point of a subspace' && ordinals.length > 1) seen = ordinals.slice(0, -1);
    if (fault === 'forget the first point of a subspace' && ordinals.length > 1) seen = ordinals.slice(1);
    const access: Access = {
      unit,
      privilege,
      time: this.#time,
      partition: from?.partition,
      colour: from?.colour,
    };
    for (const o of seen) {
      const list = elements[o]!;
      for (const earlier of list) {
        if (earlier.unit === unit) continue;
        if (this.#ordered(earlier, access) && !this.#drops(earlier, access, from?.r ?? 0, from?.f ?? 0)) {
          this.#edge(earlier.unit, unit);
        }
      }
      elements[o] = this.#remember(list, access);
    }
  }

  #ordered({ privilege: a }: Access, { privilege: b }: Access): boolean {
    const other = a.kind === 'reduce' && b.kind === 'reduce' && a.operator !== b.operator;
    return this.#table[a.kind][other ? 'reduceOther' : b.kind];
  }

  #drops(earlier: Access, later: Access, requirement: number, field: number): boolean {
    switch (this.#fault) {
      case 'drop the edge from a fill':
        return earlier.unit.origin === 'fill';
      case 'drop the edge to a fill':
        return later.unit.origin === 'fill';
      case 'drop the edge to a partition that reads a field':
        return later.unit.origin === 'partition';
      case 'drop the edge to a read of the program':
        return later.unit.origin === 'read';
      case 'drop the edge to the second requirement':
        return requirement === 1;
      case 'drop the edge to the second field':
        return field === 1;
      case 'drop the edge to a subregion at depth three':
        return later.partition !== undefined && this.#depthOf(later.partition) === 3;
      case 'drop the edge between two partitions':
        return !!later.partition && !!earlier.partition && later.partition !== earlier.partition;
      case 'drop the edge between two colours of one partition':
        return !!later.partition && later.partition === earlier.partition && later.colour !== earlier.colour;
      case 'forget an access after sixteen more operations':
        return later.time - earlier.time > 16;
      default:
        return false;
    }
  }

  #depthOf(partition: string): number {
    return this.#depths.get(partition)!;
  }

  #remember(list: Access[], access: Access): Access[] {
    const { kind } = access.privilege;
    if (kind === 'update' || kind === 'overwrite') return [access];
    if (list.at(-1)?.unit === access.unit) return list;
    const fault = this.#fault;
    let kept = list;
    if (fault === 'remember the newest reader alone' && kind === 'read')
      kept = list.filter((a) => a.privilege.kind !== 'read');
    return [...kept, access];
  }
}
