// Which tasks must be ordered and which may be: the conflict relation by brute force, element by element, and the
// check of a recorded order against it.
import { reductionBlocks } from './brute-partitions.js';
import { keyOf } from './brute-points.js';
import { Interpreter } from './interpreter.js';
import { launchPoints } from './launch-points.js';
import type { LiveRegion, Subregion } from './live-region.js';
import {
  type CreatePartition,
  type FieldUse,
  guarded,
  type Inner,
  type Launch,
  launchOf,
  type Operation,
  outerLaunch,
  type PartitionRule,
  type Point,
  type Program,
} from './program-description.js';
import { isOrder, relationOf, usageOf } from './relation.js';

/**
 * What is ordered as a whole: a point of a launch, by its number; a block of a reducing launch; the application of a
 * launch's reductions; any other operation.
 */
export interface Unit {
  readonly operation: string;
  readonly kind: 'task' | 'block' | 'apply' | 'other';
  /** The point or the block; 0 for `apply` and `other`. */
  readonly number: number;
}

/** Edges between units, by their numbers; both ends of `required` edges must be ordered, others may be. */
export interface Conflicts {
  readonly units: readonly Unit[];
  readonly required: readonly (readonly [number, number])[];
  readonly allowed: readonly (readonly [number, number])[];
}

interface Access {
  readonly unit: number;
  readonly operation: string;
  readonly use: Use;
}

/** How a field is used: all of `FieldUse` but the field. */
type Use = Pick<FieldUse, 'privilege' | 'coherence'>;

export const isReducing = ({ requirements }: Launch): boolean =>
  requirements.some(({ fields }) => fields.some(({ privilege }) => privilege.kind === 'reduce'));

/** The units of the points of a launch: blocks of consecutive points when it reduces, single points otherwise. */
export const unitsOfLaunch = (launch: Launch): readonly (readonly [first: number, end: number])[] => {
  const points = launchPoints(launch).length;
  return isReducing(launch)
    ? reductionBlocks(points)
    : Array.from({ length: points }, (_, i) => [i, i + 1] as const);
};

/** The fields whose values decide the subspaces of a partition. */
export const fieldsOfRule = (by: PartitionRule): string[] => [
  ...('field' in by ? [by.field] : []),
  ...('upper' in by ? [by.upper] : []),
];

/** The parts of regions whose values decide the subspaces of a partition. */
export function readsOfPartition(operation: CreatePartition, program: Interpreter): Subregion[] {
  const { by } = operation;
  if (by.rule === 'byField' || by.rule === 'preimage' || by.rule === 'preimageRange')
    return [program.place(operation.of, operation.name)];
  if (by.rule !== 'image' && by.rule !== 'imageRange') return [];
  const { region, parts } = program.partitions.get(by.source)!;
  return parts.map((ordinals) => ({ region, ordinals }));
}

/**
 * The conflict relation of a legal program. With `renaming` (the default) an exclusive overwrite may run on a fresh
 * instance, and need not wait for earlier users of the old one. Atomic and simultaneous uses are not ordered.
 */
export function conflictsOf(program: Program, { renaming = true } = {}): Conflicts {
  const builder = new ConflictBuilder(renaming);
  for (const operation of program.operations) builder.add(operation);
  return builder;
}

const read: Use = { privilege: { kind: 'read' } };
const overwrite: Use = { privilege: { kind: 'overwrite' } };
const update: Use = { privilege: { kind: 'update' } };

class ConflictBuilder implements Conflicts {
  readonly units: Unit[] = [];
  readonly required: [number, number][] = [];
  readonly allowed: [number, number][] = [];
  readonly #program = new Interpreter();
  /** The accesses of every element since its last write, that write included. */
  readonly #live = new Map<LiveRegion, Map<string, Access[][]>>();
  readonly #unitsOf = new Map<string, number[]>();
  readonly #drawn = new Map<number, boolean>();
  readonly #renaming: boolean;
  #fence: number | undefined;

  constructor(renaming: boolean) {
    this.#renaming = renaming;
  }

  add(operation: Operation): void {
    switch (operation.kind) {
      case 'launch':
        this.#launch(operation);
        break;
      case 'inner':
        this.#inner(operation);
        break;
      case 'predicate': {
        const unit = this.#unit(operation.name, 'other', 0);
        const { by } = operation;
        if ('left' in by)
          for (const one of [by.left, by.right]) this.#edge(this.#producer(one, undefined), unit, true);
        else this.#edge(this.#producer(by.of, 'point' in by ? by.point : undefined), unit, true);
        break;
      }
      case 'fill': {
        const { field } = operation;
        const launch = launchOf(operation, [{ target: operation.target, fields: [{ field, ...overwrite }] }]);
        const tasks = launchPoints(launch).map((point) =>
          launch.requirements.map((r) => this.#program.subregion(r, point, launch)),
        );
        this.#tasks(launch, tasks);
        break;
      }
      case 'lease': {
        const { target, fields, name } = operation;
        const task = [this.#program.place(target, name)];
        this.#tasks(launchOf(operation, [{ target, fields }]), [task]);
        break;
      }
      case 'copy': {
        const { launch, tasks } = this.#program.copyTasks(operation);
        this.#tasks(launch, tasks);
        break;
      }
      case 'partition':
        if ('field' in operation.by) {
          const unit = this.#unit(operation.name, 'other', 0);
          for (const subregion of readsOfPartition(operation, this.#program))
            for (const field of fieldsOfRule(operation.by)) this.#use(unit, subregion, field, read);
        }
        break;
      case 'read': {
        const unit = this.#unit(operation.name, 'other', 0);
        this.#use(unit, this.#program.place(operation.target, operation.name), operation.field, read);
        break;
      }
      case 'write': {
        const unit = this.#unit(operation.name, 'other', 0);
        this.#use(unit, this.#program.place(operation.target, operation.name), operation.field, overwrite);
        break;
      }
      case 'mapFuture': {
        const unit = this.#unit(operation.name, 'other', 0);
        this.#edge(this.#producer(operation.of, operation.point), unit, true);
        break;
      }
      case 'reduceFutures': {
        const unit = this.#unit(operation.name, 'other', 0);
        for (const task of this.#unitsOf.get(operation.of)!) {
          if (this.units[task]!.kind !== 'apply') this.#edge(task, unit, true);
        }
        break;
      }
      case 'fence': {
        const unit = this.#unit(operation.name, 'other', 0);
        for (let earlier = this.#fence ?? 0; earlier < unit; earlier++) this.#edge(earlier, unit, true);
        this.#fence = unit;
        break;
      }
    }
    this.#program.step(operation);
  }

  #unit(operation: string, kind: Unit['kind'], number: number): number {
    const unit = this.units.push({ operation, kind, number }) - 1;
    const units = this.#unitsOf.get(operation);
    if (units) units.push(unit);
    else this.#unitsOf.set(operation, [unit]);
    if (this.#fence !== undefined) this.#edge(this.#fence, unit, true);
    return unit;
  }

  #edge(from: number, to: number, required: boolean): void {
    const key = from * 0x4000000 + to;
    const before = this.#drawn.get(key);
    if (before === undefined) this.allowed.push([from, to]);
    if (required && !before) this.required.push([from, to]);
    this.#drawn.set(key, required || before === true);
  }

  #launch(launch: Launch): void {
    const points = launchPoints(launch);
    const reducing = isReducing(launch);
    const ranges = unitsOfLaunch(launch);
    const units = ranges.map((_, number) => this.#unit(launch.name, reducing ? 'block' : 'task', number));
    const apply = reducing ? this.#unit(launch.name, 'apply', 0) : -1;
    if (reducing) for (const unit of units) this.#edge(unit, apply, true);
    this.#argument(launch, units);
    const { requirements } = guarded(launch);
    ranges.forEach(([first, end], number) => {
      for (let i = first; i < end; i++) {
        for (const requirement of requirements) {
          const subregion = this.#program.subregion(requirement, points[i]!, launch);
          for (const use of requirement.fields) {
            if (use.privilege.kind !== 'reduce') this.#use(units[number]!, subregion, use.field, use);
            else this.#use(apply, subregion, use.field, use, units[number]);
          }
        }
      }
    });
  }

  /** The instances of an inner task. What they fold their children fold into the region itself, so that it is an update. */
  #inner(inner: Inner): void {
    const launch = outerLaunch(inner);
    const points = launchPoints(launch);
    const units = points.map((_, number) => this.#unit(inner.name, 'task', number));
    this.#argument(launch, units);
    points.forEach((point, i) => {
      for (const requirement of guarded(launch).requirements) {
        const subregion = this.#program.subregion(requirement, point, launch);
        for (const { field, privilege, coherence } of requirement.fields) {
          const held: Use = {
            privilege: privilege.kind === 'reduce' ? update.privilege : privilege,
            ...(coherence === 'simultaneous' && { coherence }),
          };
          this.#use(units[i]!, subregion, field, held, undefined, true);
        }
      }
    });
  }

  /** What the points of an operation of the runtime itself use; a single one is one unit. */
  #tasks(launch: Launch, tasks: readonly (readonly Subregion[])[]): void {
    const units = tasks.map((_, number) => this.#unit(launch.name, launch.domain ? 'task' : 'other', number));
    this.#argument(launch, units);
    tasks.forEach((task, i) => {
      guarded(launch).requirements.forEach(({ fields }, r) => {
        for (const use of fields) this.#use(units[i]!, task[r]!, use.field, use);
      });
    });
  }

  /** The tasks of a launch wait for the task whose number they get, and for the predicate that guards them. */
  #argument({ argument, when }: Launch, units: readonly number[]): void {
    if (when !== undefined) {
      const predicate = this.#producer(when, undefined);
      for (const unit of units) this.#edge(predicate, unit, true);
    }
    if (typeof argument === 'number') return;
    const producer = this.#producer(argument.future, argument.point);
    for (const unit of units) this.#edge(producer, unit, true);
  }

  /** The unit that computes a future. */
  #producer(future: string, point: Point | undefined): number {
    const producers = this.#unitsOf.get(future)!.filter((unit) => this.units[unit]!.kind !== 'apply');
    const points = this.#program.futureMaps.get(future);
    if (!points || !point) return producers[0]!;
    const number = points.findIndex((p) => keyOf(p) === keyOf(point));
    if (this.units[producers[0]!]!.kind === 'task') return producers[number]!;
    return producers[reductionBlocks(points.length).findIndex(([, end]) => number < end)]!;
  }

  /**
   * A unit uses a field on a subregion. Reductions are used by the unit that applies them; the block that makes the
   * partials need not wait for what the application waits for, but may.
   */
  #use(
    unit: number,
    { region, ordinals }: Subregion,
    field: string,
    use: Use,
    block?: number,
    /** The points of the operation are ordered where they meet. */
    among = false,
  ): void {
    let fields = this.#live.get(region);
    if (!fields) this.#live.set(region, (fields = new Map()));
    let live = fields.get(field);
    if (!live) fields.set(field, (live = region.points.map(() => [])));
    const { operation } = this.units[unit]!;
    const { privilege, coherence } = use;
    const exclusive = coherence === undefined;
    for (const o of ordinals) {
      const accesses = live[o]!;
      for (const earlier of accesses) {
        const related = relationOf(usageOf(earlier.use), usageOf(use), true);
        if (earlier.operation === operation) {
          // Atomic points of one launch take turns, and may do so in their order; what conflicts otherwise, through an
          // invertible projection, must. What they reduce is applied after all of them.
          const must = among || (exclusive && earlier.use.coherence === undefined);
          if (isOrder(related) && earlier.unit !== unit && this.units[earlier.unit]!.kind !== 'apply')
            this.#edge(earlier.unit, unit, must);
          continue;
        }
        // Reductions are applied in program order, whatever their coherence.
        const reductions = earlier.use.privilege.kind === 'reduce' && privilege.kind === 'reduce';
        if (!isOrder(related) && !reductions) continue;
        const renamed = privilege.kind === 'overwrite' && exclusive && this.#renaming;
        this.#edge(earlier.unit, unit, related === 'true' || !renamed);
        if (block !== undefined && isOrder(relationOf(usageOf(earlier.use), usageOf(use))))
          this.#edge(earlier.unit, block, false);
      }
      const access = { unit, operation, use };
      // An exclusive write is ordered with everything, and stands for what came before.
      if (exclusive && (privilege.kind === 'update' || privilege.kind === 'overwrite')) live[o] = [access];
      else {
        const last = accesses.at(-1);
        if (last?.unit !== unit || last.use !== use) accesses.push(access);
      }
    }
  }
}

/** A set of numbers below a bound, for every number below it: the rows of a square bit matrix. */
class BitMatrix {
  readonly #words: number;
  readonly #bits: Uint32Array;
  constructor(size: number) {
    this.#words = (size + 31) >>> 5;
    this.#bits = new Uint32Array(this.#words * size);
  }
  has(row: number, column: number): boolean {
    return ((this.#bits[row * this.#words + (column >>> 5)]! >>> (column & 31)) & 1) === 1;
  }
  add(row: number, column: number): void {
    this.#bits[row * this.#words + (column >>> 5)]! |= 1 << (column & 31);
  }
  addRow(row: number, other: number): void {
    const [to, from] = [row * this.#words, other * this.#words];
    for (let w = 0; w < this.#words; w++) this.#bits[to + w]! |= this.#bits[from + w]!;
  }
}

/** What comes before every node, through any number of edges. Throws on a cycle. */
function predecessors(size: number, edges: readonly (readonly [number, number])[]): BitMatrix {
  const waiting = new Uint32Array(size);
  const successors = Array.from({ length: size }, (): number[] => []);
  const seen = new Set<number>();
  for (const [from, to] of edges) {
    if (seen.has(from * size + to)) continue;
    seen.add(from * size + to);
    successors[from]!.push(to);
    waiting[to]!++;
  }
  const before = new BitMatrix(size);
  const ready = [...waiting.keys()].filter((node) => waiting[node] === 0);
  for (const node of ready) {
    for (const next of successors[node]!) {
      before.addRow(next, node);
      before.add(next, node);
      if (--waiting[next]! === 0) ready.push(next);
    }
  }
  if (ready.length < size) throw new Error('the recorded order has a cycle');
  return before;
}

/**
 * An order that a runtime has recorded. Nodes are numbered; several nodes may belong to one unit, and nodes of no unit
 * (joins of readers, steps of the fold) pass the order on.
 */
export interface RecordedOrder {
  readonly nodes: readonly RecordedNode[];
  readonly edges: readonly (readonly [number, number])[];
}
export interface RecordedNode {
  /** The number of the unit in `Conflicts.units`; undefined for helpers. */
  readonly unit?: number | undefined;
  /** A join of many readers, whose users wait for all of them: no over-ordering is reported through it. */
  readonly join?: boolean;
}

export interface OrderReport {
  /** Units that conflict and were not ordered: a defect. */
  readonly missing: readonly (readonly [Unit, Unit])[];
  /** Units that were ordered although no chain of conflicts asks for it: lost parallelism. */
  readonly needless: readonly (readonly [Unit, Unit])[];
}

/** Checks a recorded order against the conflict relation. Only units that have nodes are looked at. */
export function checkOrder(conflicts: Conflicts, recorded: RecordedOrder): OrderReport {
  const { nodes, edges } = recorded;
  const { units } = conflicts;
  const nodesOf = units.map((): number[] => []);
  nodes.forEach(({ unit }, node) => {
    if (unit !== undefined) nodesOf[unit]!.push(node);
  });
  const required = predecessors(units.length, conflicts.required);
  const allowed = predecessors(units.length, conflicts.allowed);
  const ordered = predecessors(nodes.length, edges);
  const direct = predecessors(
    nodes.length,
    edges.filter(([from, to]) => !nodes[from]!.join && !nodes[to]!.join),
  );
  const missing: [Unit, Unit][] = [];
  const needless: [Unit, Unit][] = [];
  units.forEach((later, b) => {
    units.forEach((earlier, a) => {
      if (a === b || nodesOf[a]!.length === 0 || nodesOf[b]!.length === 0) return;
      const [from, to] = [nodesOf[a]!, nodesOf[b]!];
      if (required.has(b, a)) {
        if (!from.every((x) => to.every((y) => ordered.has(y, x)))) missing.push([earlier, later]);
      } else if (!allowed.has(b, a)) {
        if (from.some((x) => to.some((y) => direct.has(y, x)))) needless.push([earlier, later]);
      }
    });
  });
  return { missing, needless };
}
