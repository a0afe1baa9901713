// Which operation of a description an error of the runtime tells of. Launches that fail on purpose throw their own name;
// copies are counted, context by context, as they are issued in the order in which they were called.
import type { TaskError } from '../errors.js';
import type { Context } from '../program/context.js';

/** The copies of one context in program order: their paths, and what the program calls them. */
interface Copies {
  readonly paths: string[];
  readonly names: string[];
}

export class FailureNames {
  readonly #copies = new Map<string, Copies>();

  /** `events`: of the run, from before the first operation of the program on. */
  constructor(events: Context['events']) {
    events.on('launch', (task, _operation, _points, path) => {
      if (task === 'copy') this.#of(path.slice(0, -1)).paths.push(path.join());
    });
  }

  #of(context: readonly number[]): Copies {
    const key = context.join();
    let known = this.#copies.get(key);
    if (!known) this.#copies.set(key, (known = { paths: [], names: [] }));
    return known;
  }

  /** A copy is called in a context. */
  copies(context: readonly number[], name: string): void {
    this.#of(context).names.push(name);
  }

  nameOf({ path, task, cause }: TaskError): string {
    if (task !== 'copy') return (cause as Error).message;
    const { paths, names } = this.#of(path.slice(0, -1));
    return names[paths.indexOf(path.join())]!;
  }
}
