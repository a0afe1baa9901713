// Abort signals and the launches that hang on them: one listener per signal, however many launches.
import { Gate, type Graph, Kind, runsTask } from '../graph/layout.js';
import type { LaunchHandle } from './handle.js';

export class Cancellation {
  readonly #graph: Graph;
  readonly #launches = new Map<AbortSignal, Set<LaunchHandle>>();
  readonly #listeners = new Map<AbortSignal, () => void>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** The launch is cancelled when the signal is aborted, or now if it is. */
  watch(handle: LaunchHandle, signal: AbortSignal): void {
    handle.signal = signal;
    if (signal.aborted) {
      this.cancel(handle, signal.reason);
      return;
    }
    let launches = this.#launches.get(signal);
    if (launches === undefined) {
      const waiting = new Set<LaunchHandle>();
      const abort = () => {
        for (const launch of waiting) this.cancel(launch, signal.reason);
      };
      this.#launches.set(signal, (launches = waiting));
      this.#listeners.set(signal, abort);
      signal.addEventListener('abort', abort, { once: true });
    }
    launches.add(handle);
  }

  /** The launch has ended. */
  forget(handle: LaunchHandle): void {
    const { signal } = handle;
    if (signal === null) return;
    const launches = this.#launches.get(signal);
    if (!launches?.delete(handle) || launches.size > 0) return;
    signal.removeEventListener('abort', this.#listeners.get(signal)!);
    this.#launches.delete(signal);
    this.#listeners.delete(signal);
  }

  /** Records of the launch that have not started are skipped. Internal operations end by what they wait for. */
  cancel(handle: LaunchHandle, reason: unknown): void {
    if (handle.closed || handle.slot < 0) return;
    const kind = this.#graph.kind[handle.slot]!;
    if (!runsTask(kind) && kind !== Kind.inner) return;
    handle.cancelled ??= { reason };
    Atomics.or(this.#graph.gate, handle.slot, Gate.cancelled);
    if (handle.inner === null) return;
    for (const scope of handle.inner.scopes) {
      scope.cancelled ??= { reason };
      for (const child of scope.open) this.cancel(child, reason);
    }
  }
}
