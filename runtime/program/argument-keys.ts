// Arguments of launches in shared memory. The names of the arguments are written once for all launches with the same.
import { writeArgs, writeValue } from '../memory/launch-layout.js';
import type { SplitArgs } from './arguments.js';
import type { Engine } from './engine.js';
import type { LaunchHandle } from './handle.js';

export class ArgumentKeys {
  readonly #keys = new Map<string, number>();

  /** Writes what was passed to a launch. */
  write(engine: Engine, handle: LaunchHandle, split: SplitArgs): void {
    const { numberKeys, numbers, rest, futures } = split;
    if (numberKeys.length === 0 && rest === undefined && futures.length === 0) return;
    const names = [...numberKeys, ...futures.map(({ key }) => key)];
    const joined = names.join('\n');
    let keys = this.#keys.get(joined);
    if (keys === undefined) {
      keys = names.length === 0 ? 0 : writeValue(engine.heap, names);
      this.#keys.set(joined, keys);
    }
    handle.args = writeArgs(
      engine.heap,
      keys,
      numbers,
      rest,
      futures.map(({ key, source, index }) => ({
        key,
        results: engine.graph.results[source.slot]!,
        count: source.points,
        index,
      })),
    );
    engine.graph.args[handle.slot] = handle.args.unit;
  }
}
