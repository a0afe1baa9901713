// What a task asks for with `context.use`: made at the first call, kept by whoever runs the tasks.
import type { Resource } from './leaf.js';

export class Resources {
  readonly #made = new Map<object, unknown>();
  readonly #disposals: (() => void)[] = [];

  use<T>(resource: Resource<T>): T {
    if (!this.#made.has(resource)) {
      const handle = resource.make();
      this.#made.set(resource, handle);
      this.#disposals.push(() => resource.dispose?.(handle));
    }
    return this.#made.get(resource) as T;
  }

  /** Gives all of them back, the last one first. */
  dispose(): void {
    for (const dispose of this.#disposals.reverse()) dispose();
    this.#disposals.length = 0;
    this.#made.clear();
  }
}
