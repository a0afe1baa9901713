// The order that the runtime's analysis imposes on a program, recorded while nothing runs, for `checkOrder`.
import { Kind } from '../graph/layout.js';
import { type RunOptions, run, type TaskPoint } from '../program/run.js';
import { pointsOfExtent } from './brute-points.js';
import { type Conflicts, type RecordedNode, type RecordedOrder, unitsOfLaunch } from './conflicts.js';
import { launchPoints } from './launch-points.js';
import { withoutOrphans } from './orphans.js';
import type { Operation, Program } from './program-description.js';
import { Session } from './session.js';

/** Whether the launching thread waits at an operation, so that what ran before it leaves no edge. */
const waits = (operation: Operation): boolean =>
  operation.kind === 'read' ||
  operation.kind === 'lease' ||
  operation.kind === 'release' ||
  operation.kind === 'write' ||
  operation.kind === 'fence' ||
  // What is attached is loaded by operations of the runtime's own.
  operation.kind === 'attach' ||
  (operation.kind === 'partition' && 'field' in operation.by);

/** A program without the operations at which it would wait, and without those that need them. */
export const withoutWaits = ({ seed, operations }: Program): Program => ({
  seed,
  operations: withoutOrphans(operations.filter((operation) => !waits(operation))),
});

/** Runs a program that never waits, and returns the orders that were imposed between its units. */
export async function recordOrder(
  program: Program,
  conflicts: Conflicts,
  options: RunOptions = {},
): Promise<RecordedOrder> {
  const nodes: RecordedNode[] = conflicts.units.map((_, unit) => ({ unit }));
  const edges: [number, number][] = [];
  const unitOf = new Map(
    conflicts.units.map(({ operation, kind, number }, unit) => [`${operation} ${kind} ${number}`, unit]),
  );
  // A block is known by its first point.
  const kindOf = new Map<string, { readonly kind: string; readonly firsts: readonly number[] }>();
  for (const operation of program.operations) {
    if (operation.kind === 'copy' || operation.kind === 'fill') {
      const firsts = pointsOfExtent(operation.domain ?? []).map((_, number) => number);
      if (operation.domain) kindOf.set(operation.name, { kind: 'task', firsts });
    }
    if (operation.kind === 'inner')
      kindOf.set(operation.name, { kind: 'task', firsts: launchPoints(operation).map((_, i) => i) });
    if (operation.kind !== 'launch') continue;
    const reducing = unitOf.has(`${operation.name} apply 0`);
    const firsts = unitsOfLaunch(operation).map(([first]) => first);
    kindOf.set(operation.name, { kind: reducing ? 'block' : 'task', firsts });
    if (!reducing) continue;
    for (let block = 0; block < firsts.length; block++) {
      edges.push([unitOf.get(`${operation.name} block ${block}`)!, unitOf.get(`${operation.name} apply 0`)!]);
    }
  }
  const owners = new Map<number, { readonly operation: string; readonly apply: boolean }>();
  const helpers = new Map<number, number>();
  const helper = (id: number, join: boolean): number => {
    let node = helpers.get(id);
    if (node === undefined) helpers.set(id, (node = nodes.push({ join }) - 1));
    return node;
  };
  const nodeOf = ({ id, kind, operation, first }: TaskPoint): number => {
    const owner = owners.get(operation);
    if (kind === Kind.join || !owner) return helper(id, kind === Kind.join);
    const launch = kindOf.get(owner.operation);
    if (!launch) return unitOf.get(`${owner.operation} other 0`) ?? helper(id, false);
    if (owner.apply) return unitOf.get(`${owner.operation} apply 0`)!;
    return unitOf.get(`${owner.operation} ${launch.kind} ${launch.firsts.indexOf(first)}`)!;
  };
  await run(
    async (ctx) => {
      const session = new Session(ctx, program);
      let issuing = '';
      ctx.events.on('launch', (task, operation, _points, path) => {
        // Bodies of inner tasks go on meanwhile; what they launch is ordered among itself.
        if (issuing !== '' && path.length === 1)
          owners.set(operation, { operation: issuing, apply: task.endsWith(' (fold)') });
      });
      for (const operation of program.operations) {
        issuing = operation.name;
        await session.issue(operation);
      }
      issuing = '';
      return session.observed();
    },
    {
      ...options,
      executor: 'virtual',
      eagerness: 0,
      onEdge: (earlier, later) => {
        const [from, to] = [nodeOf(earlier), nodeOf(later)];
        // A predicate on a number is two operations of the runtime, and one of the program.
        if (from !== to) edges.push([from, to]);
      },
    },
  );
  return { nodes, edges };
}
