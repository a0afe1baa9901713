// Calls of the program in words, so that ranks can compare them: by value, and by the order in which things came up.
import type { IndexPartition } from '../../regions/index.js';
import { TaskFuture } from '../future.js';
import type { LaunchHandle } from '../handle.js';
import type { Call } from '../launch-call.js';
import type { Resolved } from '../legality.js';
import type { Tree } from '../tree.js';
import { type CallPart, inWords } from './replica-check.js';

export class CallWords {
  readonly #trees = new WeakMap<Tree, number>();
  #treesSeen = 0;
  readonly #launches = new WeakMap<LaunchHandle, number>();
  readonly #partitions = new WeakMap<IndexPartition, string>();
  readonly #colours = new WeakMap<Int32Array, string>();

  /** A launch is the so many-th call. */
  number(handle: LaunchHandle, count: number): void {
    this.#launches.set(handle, count);
  }

  ofLaunch({ domain, resolved, args, kindName, options }: Call): CallPart[] {
    const parts: CallPart[] = [
      ['the task', kindName.name],
      ['the domain', String(domain)],
      ...resolved.map((requirement) => this.ofRequirement(requirement)),
    ];
    for (const [key, value] of Object.entries(args)) parts.push([`argument ${key}`, this.#words(value)]);
    if (options !== undefined) {
      const { signal, when, ...rest } = options;
      parts.push(['the options', this.#words(rest)]);
      if (when !== undefined) parts.push(['the predicate', this.#future(when.future)]);
      if (signal !== undefined) parts.push(['the signal', 'one']);
    }
    return parts;
  }

  ofRequirement({ name, tree, partition, colours, uses }: Resolved): CallPart {
    const of = `${tree.name} (region ${this.#tree(tree)})`;
    const how = uses.map(({ field, usage }) => `${field}:${usage}`).join(' ');
    return [
      `region ${name}`,
      `${of}, parts #${this.#partition(partition)}, colours #${this.#coloursIn(colours)}, uses ${how}`,
    ];
  }

  partsOf(
    sources: readonly LaunchHandle[],
    values: readonly (readonly [name: string, value: unknown])[],
  ): CallPart[] {
    return [
      ...sources.map((source): CallPart => ['the results', this.#launch(source)]),
      ...values.map(([name, value]): CallPart => [name, this.#words(value)]),
    ];
  }

  #words(value: unknown): string {
    return inWords(value, (object) => (object instanceof TaskFuture ? this.#future(object) : null));
  }

  #future({ handle, index }: TaskFuture<unknown>): string {
    return `${this.#launch(handle)}, point number ${index}`;
  }

  #launch(handle: LaunchHandle): string {
    return `results of ${handle.task}, call ${this.#launches.get(handle) ?? '?'}`;
  }

  #tree(tree: Tree): number {
    let number = this.#trees.get(tree);
    if (number === undefined) this.#trees.set(tree, (number = this.#treesSeen++));
    return number;
  }

  #partition(partition: IndexPartition): string {
    let words = this.#partitions.get(partition);
    if (words === undefined) {
      words = hashOf(partition.subspaces.map(({ hash }) => hash));
      this.#partitions.set(partition, words);
    }
    return words;
  }

  #coloursIn(colours: Int32Array | null): string {
    if (colours === null) return '-';
    let words = this.#colours.get(colours);
    if (words === undefined) this.#colours.set(colours, (words = hashOf(colours)));
    return words;
  }
}

function hashOf(numbers: ArrayLike<number>): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < numbers.length; i++) hash = Math.imul(hash ^ numbers[i]!, 0x01000193) ^ (hash >>> 15);
  return (hash >>> 0).toString(16);
}
