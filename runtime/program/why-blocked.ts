// Why an operation has not ended: which of its tasks wait, and for whom; where those run that it waits for.

import { formatPoint } from '../errors.js';
import { type Graph, ioLane, isOpen, Kind, launcherLane, NONE, State } from '../graph/layout.js';
import type { LaunchHandle } from './handle.js';

/** How many tasks of an operation, and how many creditors of a task, are told. */
const TOLD_MAX = 4;

type HandleOf = (record: number) => LaunchHandle | null;

/** A record in words: `task fill, point 3 (operation 7)`. */
function nameOf(graph: Graph, record: number, handleOf: HandleOf): string {
  const handle = handleOf(record);
  if (handle === null) return 'a join';
  const { domain, operation, points, task } = handle;
  const first = graph.first[record]!;
  const count = graph.points[record]!;
  const where = points === 1 || first >= points ? '' : `, point ${formatPoint(domain.at(first))}`;
  return `${task}${where}${count > 1 ? ` and ${count - 1} more` : ''} (operation ${operation})`;
}

/** What a record that has not ended is doing. */
function doing(graph: Graph, record: number, since: ReadonlyMap<number, number>, now: number): string {
  const state = graph.state[record]!;
  if (state >= State.running) {
    const lane = state - State.running;
    const kind = graph.kind[graph.launch[record]!]!;
    if (lane === launcherLane(graph) && kind === Kind.inner)
      return 'is an inner task whose body, or what it launched, has not ended';
    if (lane === launcherLane(graph) && kind === Kind.host)
      return 'is a lease that the program has not ended';
    const where =
      lane === launcherLane(graph)
        ? 'the launching thread'
        : lane === ioLane(graph)
          ? 'the I/O lane'
          : `worker ${lane}`;
    const seen = since.get(record);
    return `runs on ${where}${seen === undefined ? '' : ` since ${Math.round((now - seen) / 1000)} s or more`}`;
  }
  const unmet = Atomics.load(graph.pending, record);
  if (unmet > 0) return `waits itself for ${unmet} more`;
  const kind = graph.kind[graph.launch[record]!]!;
  if (state === State.parked) return 'is ready, and waits for the other members of its gang, or for workers';
  if (state === State.queued) return 'is ready, and waits for a reservation that another atomic task holds';
  if (kind === Kind.host) return 'is ready, and waits for the launching thread';
  return `is ready, and waits for ${kind === Kind.io ? 'the I/O lane' : 'a worker'}`;
}

/** Records that have not ended, and that others wait for: successor -> predecessors. */
function creditors(graph: Graph): Map<number, number[]> {
  const found = new Map<number, number[]>();
  const { edgeNext, edgeTo, head, limits, state } = graph;
  for (let record = 0; record < limits.records; record++) {
    if (!isOpen(state[record]!)) continue;
    // Edges are given back by this thread alone, so the list stays whole while we walk.
    let count = 0;
    for (
      let edge = Atomics.load(head, record);
      edge > NONE && count < limits.edges;
      edge = edgeNext[edge]!, count++
    ) {
      const successor = edgeTo[edge]! >> 1;
      const list = found.get(successor);
      if (list === undefined) found.set(successor, [record]);
      else list.push(record);
    }
  }
  return found;
}

/** Records of an operation that have not ended. */
function openRecords(graph: Graph, { records, generations }: LaunchHandle): number[] {
  return [...records].filter(
    (record, i) => graph.generation[record] === generations[i] && isOpen(graph.state[record]!),
  );
}

/**
 * Why an operation has not ended, in words: a line for the operation, and below it its tasks that have not ended, each
 * with what it does or whom it waits for. `since` says when records were first seen running, in milliseconds of `now`.
 */
export function whyBlocked(
  graph: Graph,
  handle: LaunchHandle,
  site: string,
  handleOf: HandleOf,
  since: ReadonlyMap<number, number>,
  now: number,
): string {
  const title = `${handle.task} (operation ${handle.operation}, launched at ${site})`;
  if (handle.closed) return `${title} has ended.`;
  if (handle.slot < 0)
    return `${title} has no tasks yet: launches before it in program order are still being made.`;
  const open = openRecords(graph, handle);
  const lines = [`${title}: ${open.length} of ${handle.records.length} tasks have not ended.`];
  const owed = creditors(graph);
  // Those that wait tell more than those that run.
  const order = [...open].sort((a, b) => graph.state[a]! - graph.state[b]! || a - b);
  for (const record of order.slice(0, TOLD_MAX)) {
    lines.push(`  ${nameOf(graph, record, handleOf)} ${doing(graph, record, since, now)}.`);
    const owing = owed.get(record) ?? [];
    for (const other of owing.slice(0, TOLD_MAX)) {
      lines.push(
        `    It waits for ${nameOf(graph, other, handleOf)}, which ${doing(graph, other, since, now)}.`,
      );
    }
    if (owing.length > TOLD_MAX) lines.push(`    It waits for ${owing.length - TOLD_MAX} more.`);
  }
  if (order.length > TOLD_MAX) lines.push(`  ${order.length - TOLD_MAX} more.`);
  return lines.join('\n');
}

/** The records that lanes hold now. */
export function heldRecords(graph: Graph): number[] {
  const held: number[] = [];
  for (let record = 0; record < graph.limits.records; record++) {
    if (graph.state[record]! >= State.running) held.push(record);
  }
  return held;
}

/** Changes whenever anything ends. */
export function progressOf(graph: Graph): number {
  let sum = 0;
  for (const { put } of graph.retired) sum = (sum + Atomics.load(put, 0)) | 0;
  return sum;
}
