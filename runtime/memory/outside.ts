// Shared memory of the program that a region is attached to, seen by all threads under negative units. Lanes do not listen to
// messages while they run tasks: who meets a unit that it does not know looks into its letter box, where the launching
// thread has put the buffer before it made anything that uses it.

/** A buffer for the lanes; null once it is not used any more. */
export interface OutsideMessage {
  readonly unit: number;
  readonly buffer: SharedArrayBuffer | null;
  readonly byte: number;
}

interface Place {
  readonly buffer: SharedArrayBuffer;
  readonly byte: number;
}

export class Outside {
  readonly #places = new Map<number, Place>();
  readonly #lanes = new Set<(message: OutsideMessage) => void>();
  #made = 0;
  /** On a lane: the next message in its letter box. */
  receive: (() => OutsideMessage | undefined) | null = null;

  /** Launching thread: gives memory a unit, and tells the lanes. */
  add(buffer: SharedArrayBuffer, byte: number): number {
    const unit = -++this.#made;
    this.#places.set(unit, { buffer, byte });
    for (const tell of this.#lanes) tell({ unit, buffer, byte });
    return unit;
  }

  /** Launching thread: nothing uses it any more. Lanes let go of it when they next look into their letter boxes. */
  remove(unit: number): void {
    if (!this.#places.delete(unit)) return;
    for (const tell of this.#lanes) tell({ unit, buffer: null, byte: 0 });
  }

  /** Launching thread: a lane has been started. Returns what is called when it has ended. */
  connect(tell: (message: OutsideMessage) => void): () => void {
    for (const [unit, { buffer, byte }] of this.#places) tell({ unit, buffer, byte });
    this.#lanes.add(tell);
    return () => this.#lanes.delete(tell);
  }

  locate(unit: number): Place {
    let place = this.#places.get(unit);
    while (place === undefined) {
      const message = this.receive?.();
      if (message === undefined) throw new Error(`unit ${unit} names no memory that is known here`);
      const { unit: told, buffer, byte } = message;
      if (buffer === null) this.#places.delete(told);
      else this.#places.set(told, { buffer, byte });
      place = this.#places.get(unit);
    }
    return place;
  }
}
