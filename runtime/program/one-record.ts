// Internal launches of one record.
import type { Engine } from './engine.js';
import type { LaunchHandle } from './handle.js';

/** Makes the one record of an internal launch; `edges` says whom it waits for. */
export function makeOne(engine: Engine, handle: LaunchHandle, edges: () => void): void {
  const record = engine.builder.open(handle.slot, 0, 1, 0);
  handle.scope.live++;
  handle.records = Int32Array.of(record);
  handle.generations = Int32Array.of(engine.graph.generation[record]!);
  edges();
  engine.seal();
  engine.sealLaunch(handle);
  engine.barrier(handle);
}
