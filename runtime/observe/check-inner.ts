// What the checker demands of operations that the bodies of inner tasks launch: that they stay within what their instance
// holds, and within its time. Then an order of the instance is an order of all that it launches.
import type { LoggedUse } from '../events/log-format.js';
import type { IndexSpace } from '../spaces/index.js';
import type { LoggedTree, LogRecord } from './log-model.js';

/** An operation that leaves its instance. */
export interface Left {
  readonly instance: LogRecord;
  readonly child: LogRecord;
  /** `region.field`, how the instance holds it (null: not at all) and how the child uses it; no field: it left its time. */
  readonly field: string;
  readonly uses: readonly [LoggedUse | null, LoggedUse] | null;
  readonly point: readonly number[];
}

/** When the children of an instance ran, as far as they were taken back: the first that began, the last that ended. */
interface Children {
  first: LogRecord;
  last: LogRecord;
}

const READ = 1;

export class InnerChecks {
  readonly #left: (left: Left) => void;
  readonly #children = new Map<LogRecord, Children>();
  /** Spaces that were found to lie within what an instance holds. */
  readonly #within = new WeakMap<LogRecord, Map<IndexSpace, Set<number>>>();

  /** `left` is told of every operation that leaves its instance. */
  constructor(left: (left: Left) => void) {
    this.#left = left;
  }

  /** A child was made: does its instance hold what it uses? */
  uses(child: LogRecord, instance: LogRecord): void {
    const launch = child.launch!;
    for (const { tree, partition, colours, uses } of launch.requirements) {
      // What a body makes for itself is its own.
      if (tree.from === null) continue;
      for (let point = child.first; point < child.first + child.points; point++) {
        const space = partition.subspaces[colours === null ? point : colours[point]!]!;
        if (space.empty) continue;
        for (const use of uses) {
          if (this.#known(instance, space, use)) continue;
          const held = heldFor(instance, tree.from, use);
          const rest = held.reduce((left, granted) => left.minus(granted), space);
          if (rest.empty) {
            this.#learn(instance, space, use);
            continue;
          }
          const { name } = tree.fields[use.field]!;
          const uses = [heldAt(instance, tree.from, use.field), use] as const;
          this.#left({ instance, child, field: `${tree.name}.${name}`, uses, point: rest.at(0) });
        }
      }
    }
  }

  #known(instance: LogRecord, space: IndexSpace, use: LoggedUse): boolean {
    return this.#within.get(instance)?.get(space)?.has(keyOf(use)) === true;
  }

  #learn(instance: LogRecord, space: IndexSpace, use: LoggedUse): void {
    let spaces = this.#within.get(instance);
    if (spaces === undefined) this.#within.set(instance, (spaces = new Map()));
    const keys = spaces.get(space);
    if (keys === undefined) spaces.set(space, new Set([keyOf(use)]));
    else keys.add(keyOf(use));
  }

  /** A record was taken back, and its times are known. */
  ran(record: LogRecord): void {
    const children = this.#children.get(record);
    if (children !== undefined) {
      this.#children.delete(record);
      this.#compare(record, children.first);
      if (children.last !== children.first) this.#compare(record, children.last);
    }
    const instance = record.launch?.within ?? null;
    if (instance === null) return;
    if (instance.lane >= 0) {
      this.#compare(instance, record);
      return;
    }
    const others = this.#children.get(instance);
    if (others === undefined) this.#children.set(instance, { first: record, last: record });
    else {
      if (record.late < others.first.late) others.first = record;
      if (record.soon > others.last.soon) others.last = record;
    }
  }

  #compare(instance: LogRecord, child: LogRecord): void {
    if (!(child.late < instance.start) && !(child.soon > instance.end)) return;
    this.#left({ instance, child, field: '', uses: null, point: [] });
  }
}

/** Fields by number, and whether they are only read. */
function keyOf({ field, privilege }: LoggedUse): number {
  return 2 * field + (privilege === READ ? 0 : 1);
}

/** The spaces that an instance holds of a field so that a child may use it: what it only reads they only read. */
function heldFor(
  { launch, first }: LogRecord,
  tree: LoggedTree,
  { field, privilege }: LoggedUse,
): IndexSpace[] {
  const held: IndexSpace[] = [];
  for (const { tree: of, partition, colours, uses } of launch!.requirements) {
    if (of !== tree) continue;
    const space = partition.subspaces[colours === null ? first : colours[first]!]!;
    const enough = uses.some(
      (use) =>
        use.field === field && (use.privilege > READ || (use.privilege === READ && privilege === READ)),
    );
    if (enough) held.push(space);
  }
  return held;
}

/** How an instance holds a field of a tree. */
function heldAt(instance: LogRecord, tree: LoggedTree, field: number): LoggedUse | null {
  for (const requirement of instance.launch!.requirements) {
    if (requirement.tree !== tree) continue;
    const use = requirement.uses.find((held) => held.field === field);
    if (use !== undefined) return use;
  }
  return null;
}
