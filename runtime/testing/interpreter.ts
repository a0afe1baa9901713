// The oracle: runs a program description on plain arrays, one operation after the other, points in lexicographic
// order. It has no analysis. Every operation is first checked by enumeration; an illegal one changes nothing.
import type { Lent } from './brute-containment.js';
import { keyOf, pointsOf } from './brute-points.js';
import { foldResults } from './brute-reductions.js';
import { copyValues, fillValues } from './copy-values.js';
import { bodyValue, instanceSalt, mapped, programValue } from './generic-body.js';
import { IllegalProgramError } from './illegal-program.js';
import { mix } from './keyed-random.js';
import { launchPoints } from './launch-points.js';
import { type Ran, runTasks } from './launched-tasks.js';
import { fieldOf, type LivePartition, type Subregion, subspacesHere } from './live-region.js';
import { failedIn, type Observed, type Result } from './observed.js';
import { Outcomes } from './outcomes.js';
import { Places } from './places.js';
import { earlier, Poison, type Root } from './poison.js';
import {
  type Copy,
  type CreatePartition,
  type Fill,
  guarded,
  type Inner,
  isPrelude,
  type Launch,
  launchOf,
  lentName,
  type Operation,
  outerLaunch,
  type Point,
  type Program,
} from './program-description.js';
import { store, type Value } from './values.js';

export class Interpreter extends Places {
  readonly #outcomes = new Outcomes();
  #poison = new Poison();
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
      case 'inner':
        this.#inner(operation);
        break;
      case 'predicate': {
        const { value, root } = this.#outcomes.predicate(operation);
        this.#outcomes.predicates.add(name);
        this.#outcomes.setOne(name, root, () => Number(value));
        break;
      }
      case 'reduceFutures': {
        const results = this.results.get(operation.of);
        if (!results || !this.futureMaps.has(operation.of)) {
          throw new IllegalProgramError('LaunchError', name, `${operation.of} is no index launch`);
        }
        const root = this.#outcomes.roots.get(operation.of)!.reduce(earlier, undefined);
        this.#outcomes.setOne(name, root, () =>
          foldResults(results as readonly number[], operation.operator),
        );
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
          const { value, root } = this.#outcomes.future(operation.of, operation.point, name);
          this.#outcomes.setOne(name, root, () => mapped(value));
        }
        break;
      case 'read': {
        const { region, ordinals } = this.place(operation.target, name);
        this.refuseOne(name, { region, ordinals }, operation.field, 'read');
        const { lanes } = fieldOf(region, operation.field, name);
        const values = region.values.get(operation.field)!;
        const root = this.#poison.at(region, operation.field, ordinals);
        this.#outcomes.reads.set(
          name,
          root === undefined
            ? ordinals.flatMap((o) => values.slice(o * lanes, (o + 1) * lanes))
            : [failedIn(this.#outcomes.nameOf(root))],
        );
        break;
      }
      case 'write': {
        const { region, ordinals } = this.place(operation.target, name);
        this.refuseOne(name, { region, ordinals }, operation.field, 'overwrite');
        const { kind, lanes, range } = fieldOf(region, operation.field, name);
        const values = region.values.get(operation.field)!;
        for (const o of ordinals) {
          for (let lane = 0; lane < lanes; lane++) {
            values[o * lanes + lane] = programValue(
              this.#salt(operation.salt),
              region.points[o]!,
              lane,
              kind,
              range,
            );
          }
        }
        this.#poison.set(region, operation.field, ordinals, undefined);
        break;
      }
      case 'free':
        this.place({ region: operation.region }, name);
        if (this.instance?.lent.has(operation.region))
          throw new IllegalProgramError('LaunchError', name, `${operation.region} belongs to another task`);
        this.openLeases.refuseFree(operation.region, name);
        this.attached.free(this.regions.get(operation.region)!, name);
        for (const [key, { held }] of this.partitions)
          if (held === operation.region) this.partitions.delete(key);
        this.regions.delete(operation.region);
        break;
      case 'lease': {
        const { target, fields, salt } = operation;
        const launch = { ...launchOf(operation, [{ target, fields }]), salt };
        this.#launch(launch);
        if (typeof this.results.get(name)![0] === 'number')
          this.openLeases.take(launch, this.place(target, name));
        break;
      }
      case 'release':
        this.openLeases.release(operation.lease);
        break;
      case 'attach': {
        const subregion = this.place(operation.target, name);
        fieldOf(subregion.region, operation.field, name);
        if (
          this.instance &&
          [...this.instance.lent.values()].some(({ region }) => region === subregion.region)
        )
          throw new IllegalProgramError('LaunchError', name, 'what was lent is attached where it was made');
        this.#refuseAttached(name, subregion, operation.field, 'overwrite');
        this.attached.attach(operation, subregion);
        break;
      }
      case 'flush': {
        const open = this.attached.open(operation.attachment, name);
        this.#refuseAttached(name, open, open.operation.field, 'update');
        this.#outcomes.reads.set(name, this.attached.flush(operation.attachment, false));
        break;
      }
      case 'detach': {
        const open = this.attached.open(operation.attachment, name);
        this.#refuseAttached(name, open, open.operation.field, operation.discard ? 'overwrite' : 'update');
        this.#outcomes.reads.set(
          name,
          this.attached.detach(operation.attachment, operation.discard === true),
        );
        this.#poison.set(open.region, open.operation.field, open.ordinals, undefined);
        break;
      }
      case 'fence':
        break;
    }
    this.#names.add(name);
    this.#outcomes.order.push(name);
  }

  /** What makes a launch illegal now; undefined when it may run. */
  problemOf(launch: Launch): IllegalProgramError | undefined {
    try {
      this.tasksOf(launch);
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
              return [field, root === undefined ? [...values] : [failedIn(this.#outcomes.nameOf(root))]];
            }),
          ),
        ] as const,
    );
    return {
      results: Object.fromEntries(this.results),
      reads: Object.fromEntries(this.#outcomes.reads),
      contents: Object.fromEntries(contents),
    };
  }

  /** Throws where attached elements are leased, or where a failure has reached what is attached or flushed. */
  #refuseAttached(
    operation: string,
    subregion: Subregion,
    field: string,
    kind: 'update' | 'overwrite',
  ): void {
    const target = { region: subregion.region.name };
    const launch = launchOf({ name: operation }, [{ target, fields: [{ field, privilege: { kind } }] }]);
    this.openLeases.refuse(launch, [[subregion]]);
    if (this.#poison.at(subregion.region, field, subregion.ordinals) !== undefined)
      throw new IllegalProgramError('UpstreamError', operation, `field ${field} was never written`);
  }

  /** The number that a launch passes to its tasks, or the failure that keeps them from running. */
  argument({ argument, name }: Launch): { readonly value: number; readonly root: Root } {
    return typeof argument === 'number'
      ? { value: argument, root: undefined }
      : this.#outcomes.future(argument.future, argument.point, name);
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
    if ('field' in by) {
      const source = 'source' in by ? named(by.source) : undefined;
      const read = source ? { region: source.region, ordinals: source.of } : { region, ordinals };
      for (const field of 'upper' in by ? [by.field, by.upper] : [by.field]) {
        fieldOf(read.region, field, name);
        this.refuseOne(name, read, field, 'read');
        clean(read, field);
      }
    }
    const subspaces = subspacesHere(by, { region, ordinals }, named);
    const held = 'region' in of ? of.region : named(of.partition).held;
    return { name, held, region, of: ordinals, ...subspaces };
  }

  /** Numbers that were returned so far, by operation. */
  get results(): ReadonlyMap<string, readonly Result[]> {
    return this.#outcomes.results;
  }

  /** The points of every index launch so far. */
  get futureMaps(): Map<string, readonly Point[]> {
    return this.#outcomes.futureMaps;
  }

  /** Names of the predicates so far. */
  get predicates(): readonly string[] {
    return [...this.#outcomes.predicates];
  }

  #fill(fill: Fill): void {
    const { name, field } = fill;
    const launch = launchOf(fill, [
      { target: fill.target, fields: [{ field, privilege: { kind: 'overwrite' } }] },
    ]);
    const { happens, root } = this.#outcomes.condition(fill);
    for (const [subregion] of this.tasksOf(launch)) {
      const { region, ordinals } = subregion!;
      fieldOf(region, field, name);
      const before = fill.when === undefined ? undefined : this.#poison.at(region, field, ordinals);
      const spoiled = earlier(root, before);
      if (happens && spoiled === undefined) fillValues(fill, subregion!);
      this.#poison.set(region, field, ordinals, spoiled);
    }
  }

  /** Whether a legal copy would fail now, because a pointer leads nowhere. */
  copyFails(copy: Copy): boolean {
    return this.copyTasks(copy).tasks.some((task) => !copyValues(copy, task, false));
  }

  #copy(copy: Copy): void {
    const { launch, tasks } = this.copyTasks(copy);
    const condition = this.#outcomes.condition(copy);
    const own = this.#outcomes.own;
    const analysed = guarded(launch);
    let fails = false;
    for (const task of tasks) {
      let root = earlier(
        condition.root,
        this.#poison.rootOf(analysed, [task], (kind) => kind !== 'overwrite'),
      );
      if (root === undefined && condition.happens && !copyValues(copy, task, true)) root = own;
      fails ||= root === own;
      this.#poison.spoil(launch, [task], root, (kind) => kind !== 'read');
    }
    if (fails) this.#outcomes.failed.push(own);
  }

  #launch(launch: Launch): void {
    const tasks = this.tasksOf(launch);
    const own = this.#outcomes.own;
    const { values, roots } = runTasks(launch, tasks, {
      argument: this.argument(launch),
      condition: this.#outcomes.condition(launch),
      salt: this.#salt(launch.salt),
      poison: this.#poison,
      own,
    });
    if (roots.includes(own)) this.#outcomes.failed.push(own);
    this.#outcomes.setAll(launch, values, roots);
  }

  #salt(salt: number): number {
    return this.instance ? mix(salt, this.instance.salt) : salt;
  }

  // ---- inner tasks ----

  /** Every point runs the body, depth first and in program order. An illegal body changes nothing. */
  #inner(inner: Inner): void {
    const launch = outerLaunch(inner);
    const tasks = this.tasksOf(launch);
    const restore = this.#keep(tasks);
    try {
      const { values, roots } = this.#instances(inner, tasks);
      this.#outcomes.setAll(launch, values, roots);
    } catch (error) {
      restore();
      throw error;
    }
  }

  /** Keeps what tasks may write; the function that is returned puts it back. */
  #keep(tasks: readonly (readonly Subregion[])[]): () => void {
    const regions = new Set(tasks.flat().map(({ region }) => region));
    const before = [...regions].flatMap(({ values }) =>
      [...values.values()].map((elements) => [elements, [...elements]] as const),
    );
    const poison = this.#poison.copy();
    return () => {
      for (const [elements, old] of before) elements.splice(0, elements.length, ...old);
      this.#poison = poison;
    };
  }

  /** Throws where an inner task is illegal; changes nothing. */
  try(inner: Inner): void {
    const tasks = this.tasksOf(outerLaunch(inner));
    const restore = this.#keep(tasks);
    try {
      this.#instances(inner, tasks);
    } finally {
      restore();
    }
  }

  /** Lets somebody try operations in the body of the first instance that holds a point; undefined where none does. */
  rehearse<T>(inner: Inner, body: (instance: Interpreter) => T): T | undefined {
    const launch = outerLaunch(inner);
    const tasks = this.tasksOf(launch);
    const number = tasks.findIndex((task) => task.some(({ ordinals }) => ordinals.length > 0));
    if (number < 0) return undefined;
    const restore = this.#keep(tasks);
    try {
      const salt = this.#instanceSalt(inner, launchPoints(launch)[number]!);
      return body(this.#instanceOf(inner, tasks[number]!, salt));
    } finally {
      restore();
    }
  }

  #instanceSalt(inner: Inner, point: Point): number {
    const { value } = this.argument(outerLaunch(inner));
    return instanceSalt({ salt: this.#salt(inner.salt), point, argument: value });
  }

  #instances(inner: Inner, tasks: readonly (readonly Subregion[])[]): Ran {
    const launch = outerLaunch(inner);
    const points = launchPoints(launch);
    const argument = this.argument(launch);
    const condition = this.#outcomes.condition(inner);
    const own = this.#outcomes.own;
    const analysed = guarded(launch);
    const values: number[] = [];
    const roots: Root[] = [];
    let told: string | undefined;
    tasks.forEach((task, i) => {
      let root = earlier(
        earlier(argument.root, condition.root),
        this.#poison.rootOf(analysed, [task], (kind) => kind !== 'overwrite'),
      );
      let value = inner.otherwise ?? 0;
      if (root === undefined && condition.happens) {
        const salt = this.#instanceSalt(inner, points[i]!);
        const ended = this.#instanceOf(inner, task, salt).#runBody(inner, points[i]!);
        value = ended.value;
        if (ended.failed !== undefined) {
          root = own;
          told ??= ended.failed;
        }
      }
      // Later points of the same launch may meet this one.
      this.#poison.spoil(launch, [task], root, (kind) => kind !== 'read');
      roots.push(root);
      values.push(root === undefined ? value : Number.NaN);
    });
    if (told !== undefined) {
      this.#outcomes.told.set(own, told);
      this.#outcomes.failed.push(own);
    }
    return { values, roots };
  }

  /** The body of an inner task before its first operation. What it overwrites holds ones then. */
  #instanceOf({ name, requirements }: Inner, task: readonly Subregion[], salt: number): Interpreter {
    const lent = task.map(({ region, ordinals }, r): [string, Lent] => [
      lentName(name, r),
      { region, ordinals, uses: requirements[r]!.fields },
    ]);
    for (const [, { uses, ...subregion }] of lent)
      for (const use of uses) if (isPrelude(use)) fillValues({ field: use.field, value: 1 }, subregion);
    return new Interpreter({ salt, lent: new Map(lent), outer: this });
  }

  /** Runs a body, and tells the number that it returns, or the operation whose failure is its own. */
  #runBody(
    { name, body, requirements, fails, hasty }: Inner,
    point: Point,
  ): { readonly value: number; readonly failed: string | undefined } {
    for (const operation of body) this.step(operation);
    const { salt, lent } = this.instance!;
    const value = bodyValue(salt, hasty ? [] : this.#outcomes.seen());
    const first = this.#outcomes.firstFailure;
    if (hasty && first !== undefined) return { value, failed: first };
    if (fails && keyOf(fails) === keyOf(point)) return { value, failed: name };
    const spoiled = requirements.some(({ fields }, r) =>
      fields.some(({ field, privilege }) => {
        const { region, ordinals } = lent.get(lentName(name, r))!;
        return privilege.kind !== 'read' && this.#poison.at(region, field, ordinals) !== undefined;
      }),
    );
    return { value, failed: spoiled ? first : undefined };
  }
}

/** Runs a whole program. Throws IllegalProgramError at the first operation that breaks a rule. */
export function interpret(program: Program): Observed {
  const interpreter = new Interpreter();
  for (const operation of program.operations) interpreter.step(operation);
  return interpreter.observed();
}
