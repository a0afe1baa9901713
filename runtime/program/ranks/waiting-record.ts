// Operations of one record on the launching thread, of which some wait for a message besides their predecessors.
import type { Engine } from '../engine.js';
import type { LaunchHandle } from '../handle.js';

/** Makes the one record of an operation that is open. `waits`: it is ready only once it is released, too. */
export function openOne(
  engine: Engine,
  handle: LaunchHandle,
  waits: boolean,
  edges: () => void = () => {},
): void {
  const { builder, graph } = engine;
  const record = builder.open(handle.slot, 0, 1, 0);
  handle.scope.live++;
  handle.records = Int32Array.of(record);
  handle.generations = Int32Array.of(graph.generation[record]!);
  if (waits) builder.expect(1);
  edges();
  // No barrier, in bulk mode: whoever sends must get as far as the sending before anybody waits for what is received.
  engine.seal();
  engine.sealLaunch(handle);
}

/** What the record of an operation waited for is there. */
export function release(engine: Engine, handle: LaunchHandle): void {
  const record = handle.records[0]!;
  if (Atomics.sub(engine.graph.pending, record, 1) === 1) engine.executor.ready(record);
}
