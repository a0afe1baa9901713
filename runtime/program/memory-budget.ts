// What the regions of a run hold of the shared heap, within the budget of the run. What does not fit waits for launches to
// end; then instances that nobody uses go to disk, those first that were used longest ago.
import { OutOfMemoryError } from '../errors.js';
import type { Heap } from '../memory/heap.js';
import type { Instance } from '../memory/instance.js';
import { SpillFile } from '../memory/spill-file.js';

export interface BudgetOptions {
  /** Bytes that may be in use. */
  readonly memory: number;
  /** Where memory goes that does not fit; null is nowhere. */
  readonly spill: string | null;
  /** Whatever nobody uses goes to disk at every launch, for tests. */
  readonly spillsAlways: boolean;
}

/** How many holders are told when there is no room. */
const TOLD_MAX = 5;

export class MemoryBudget {
  readonly instances = new Set<Instance>();
  /** Counts launches as their preparation begins: what the present one touches stays in memory. */
  preparing = 0;
  /** Gives up memory whose contents can be had again; false where there was none. Null while nothing is attached. */
  relief: { drop(bytes: number): boolean } | null = null;
  readonly #heap: Heap;
  readonly #options: BudgetOptions;
  readonly #wait: () => boolean;
  readonly #file: SpillFile | null;
  /** Why nothing can be written to disk, once that has failed. */
  #fault = '';

  /** `wait` returns when some launch may have ended, or false when none will. */
  constructor(heap: Heap, options: BudgetOptions, wait: () => boolean) {
    this.#heap = heap;
    this.#options = options;
    this.#wait = wait;
    this.#file = options.spill === null ? null : new SpillFile(options.spill);
  }

  /** A block of the heap for `what`. `zeroed` asks for zeros. @throws OutOfMemoryError with who holds what */
  allocate(bytes: number, what: string, zeroed: boolean): number {
    for (;;) {
      const within = this.#heap.usedBytes + bytes <= this.#options.memory;
      const unit = within ? this.#heap.allocate(bytes) : 0;
      if (unit !== 0) {
        if (unit < 0 && zeroed) this.#heap.clear(-unit, bytes);
        return Math.abs(unit);
      }
      if (this.relief?.drop(bytes) === true || this.#wait()) continue;
      if (!this.#spillOne()) throw this.#outOfMemory(bytes, what);
    }
  }

  /** A launch begins to be prepared. */
  prepare(): void {
    this.preparing++;
    if (!this.#options.spillsAlways) return;
    this.relief?.drop(Number.POSITIVE_INFINITY);
    while (this.#spillOne());
  }

  /** Writes to disk what nobody uses now and was used longest ago; false when there is no such thing. */
  #spillOne(): boolean {
    if (this.#file === null || this.#fault !== '') return false;
    let coldest: Instance | null = null;
    for (const instance of this.instances) {
      const { attached, place, touched, users } = instance;
      if (users > 0 || attached || place >= 0 || touched === this.preparing) continue;
      if (coldest === null || instance.touched < coldest.touched) coldest = instance;
    }
    if (coldest === null) return false;
    try {
      coldest.place = this.#file.write(this.#bytesOf(coldest));
    } catch (error) {
      this.#fault = `Nothing can be written to disk: ${(error as Error).message}. `;
      return false;
    }
    this.#heap.free(coldest.unit, coldest.bytes);
    coldest.unit = 0;
    return true;
  }

  /** Brings an instance back from disk; its contents, too, unless they are about to be overwritten. */
  fetch(instance: Instance, contents: boolean): void {
    const { place } = instance;
    instance.unit = this.allocate(instance.bytes, instance.what, false);
    instance.place = -1;
    if (contents) this.#file!.read(place, this.#bytesOf(instance));
    else this.#file!.free(place, instance.bytes);
  }

  #bytesOf({ unit, bytes }: Instance): Uint8Array {
    const { buffer, byte } = this.#heap.locate(unit);
    return new Uint8Array(buffer, byte, bytes);
  }

  /** An instance is not needed any more once its last user has ended. */
  release(instance: Instance): void {
    instance.dead = true;
    this.#reclaim(instance);
  }

  /** A launch that used an instance has ended. */
  unused(instance: Instance): void {
    instance.users--;
    this.#reclaim(instance);
  }

  #reclaim(instance: Instance): void {
    if (!instance.dead || instance.users > 0) return;
    if (instance.unit < 0) this.#heap.outside.remove(instance.unit);
    if (!this.instances.delete(instance)) return;
    if (instance.place >= 0) this.#file!.free(instance.place, instance.bytes);
    else this.#heap.free(instance.unit, instance.bytes);
  }

  /** Bytes that went to disk and came back. */
  get spilled(): { out: number; in: number } {
    return { out: this.#file?.bytesOut ?? 0, in: this.#file?.bytesIn ?? 0 };
  }

  #outOfMemory(bytes: number, what: string): OutOfMemoryError {
    const { memory } = this.#options;
    const held = [...this.instances].filter(({ place }) => place < 0);
    const onDisk = [...this.instances].reduce(
      (sum, { place, bytes: size }) => sum + (place < 0 ? 0 : size),
      0,
    );
    const holders = held
      .map((instance) => ({ what: instance.what, bytes: instance.bytes }))
      .sort((a, b) => b.bytes - a.bytes);
    const list = holders
      .slice(0, TOLD_MAX)
      .map((holder) => `${holder.what}: ${formatBytes(holder.bytes)}`)
      .join(', ');
    return new OutOfMemoryError(
      `${what} needs ${formatBytes(bytes)}, but of the budget of ${formatBytes(memory)} only ` +
        `${formatBytes(Math.max(0, memory - this.#heap.usedBytes))} are free. Held now: ${list || 'nothing'}. ` +
        `${onDisk > 0 ? `${formatBytes(onDisk)} more are on disk. ` : ''}${this.#fault}` +
        'Free regions that are no longer needed, use smaller parts in one launch, or raise --memory.',
      holders,
    );
  }

  /** The run is over. */
  close(): void {
    this.#file?.close();
  }
}

export function formatBytes(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  if (bytes >= 2 ** 10) return `${(bytes / 2 ** 10).toFixed(1)} KiB`;
  return `${bytes} bytes`;
}
