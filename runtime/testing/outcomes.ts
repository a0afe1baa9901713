// What the operations of one program, or of one instance of an inner task, returned, and which failures kept them from it.
import { keyOf } from './brute-points.js';
import { holds } from './generic-body.js';
import { IllegalProgramError } from './illegal-program.js';
import { launchPoints } from './launch-points.js';
import type { Condition } from './launched-tasks.js';
import { failedIn, type Result } from './observed.js';
import { earlier, type Root } from './poison.js';
import type { Launch, MakePredicate, Point } from './program-description.js';
import type { Value } from './values.js';

/** A value, or the failure that kept it from being made. */
interface Outcome<T> {
  readonly value: T;
  readonly root: Root;
}

export class Outcomes {
  readonly results = new Map<string, readonly Result[]>();
  readonly reads = new Map<string, readonly (Value | string)[]>();
  /** The points of every index launch so far. */
  readonly futureMaps = new Map<string, readonly Point[]>();
  /** Of every result, the failure that kept it from being made; a launch shows the first of all its points instead. */
  readonly roots = new Map<string, readonly Root[]>();
  readonly predicates = new Set<string>();
  /** The operations so far; roots of failures are places in it. */
  readonly order: string[] = [];
  /** Operations that failed for a reason of their own. */
  readonly failed: number[] = [];
  /** Of failed inner tasks, which operation within them failed first. */
  readonly told = new Map<number, string>();

  /** The place of the operation that is being run. */
  get own(): number {
    return this.order.length;
  }

  /** The operation that a failure is told by: of an inner task the first one within it. */
  nameOf(root: number, current = ''): string {
    return this.told.get(root) ?? this.order[root] ?? current;
  }

  /** The operation that failed first, by the name that it is told by. */
  get firstFailure(): string | undefined {
    return this.failed.length > 0 ? this.nameOf(Math.min(...this.failed)) : undefined;
  }

  /** Everything that was returned and read, in program order. */
  seen(): (readonly (Value | string)[])[] {
    return this.order.flatMap((operation) => {
      const values = this.results.get(operation) ?? this.reads.get(operation);
      return values ? [values] : [];
    });
  }

  setOne(name: string, root: Root, value: () => number): void {
    this.results.set(name, [root === undefined ? value() : failedIn(this.nameOf(root))]);
    this.roots.set(name, [root]);
  }

  /** A launch has one error, the first in program order, for all points that failed or were skipped. */
  setAll(launch: Launch, values: readonly number[], roots: readonly Root[]): void {
    const first = roots.reduce(earlier, undefined);
    const failed = first === undefined ? '' : failedIn(this.nameOf(first, launch.name));
    const results = values.map((value, i) => (roots[i] === undefined ? value : failed));
    this.results.set(launch.name, results);
    this.roots.set(launch.name, roots);
    if (launch.domain) this.futureMaps.set(launch.name, launchPoints(launch));
  }

  /** A number that an earlier operation returned; `operation` is who asks. */
  future(future: string, point: Point | undefined, operation: string): Outcome<number> {
    const points = this.futureMaps.get(future);
    const number = points && point ? points.findIndex((p) => keyOf(p) === keyOf(point)) : 0;
    const value = this.results.get(future)?.[number];
    if (points && number < 0)
      throw new IllegalProgramError(
        'BoundsError',
        operation,
        `${future} has no point [${point}]`,
        undefined,
        {
          requirement: -1,
          points: [point!],
        },
      );
    if (
      value === undefined ||
      this.predicates.has(future) ||
      (points !== undefined) !== (point !== undefined)
    ) {
      throw new IllegalProgramError('LaunchError', operation, `there is no future ${future}`);
    }
    return { value: Number(value), root: this.roots.get(future)![number] };
  }

  /** What a predicate that is being made comes to. */
  predicate({ name, by }: MakePredicate): Outcome<boolean> {
    if (by.rule === 'is') {
      const { value, root } = this.future(by.of, by.point, name);
      return { value: holds(value), root };
    }
    if (by.rule === 'not') {
      const { value, root } = this.#known(by.of, name);
      return { value: !value, root };
    }
    const [left, right] = [this.#known(by.left, name), this.#known(by.right, name)];
    const value = by.rule === 'and' ? left.value && right.value : left.value || right.value;
    return { value, root: earlier(left.root, right.root) };
  }

  #known(predicate: string, operation: string): Outcome<boolean> {
    if (!this.predicates.has(predicate))
      throw new IllegalProgramError('LaunchError', operation, `there is no predicate ${predicate}`);
    return { value: this.results.get(predicate)![0] === 1, root: this.roots.get(predicate)![0] };
  }

  /** Whether a guarded operation happens. */
  condition({ name, when }: { readonly name: string; readonly when?: string }): Condition {
    if (when === undefined) return { happens: true, root: undefined };
    const { value, root } = this.#known(when, name);
    return { happens: value && root === undefined, root };
  }
}
