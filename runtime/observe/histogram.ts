// Durations by size, in bounded memory: eight buckets for every doubling, so that a percentile is right to 9 %.

const PER_OCTAVE = 8;
const BUCKETS = 64 * PER_OCTAVE;

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  count = 0;
  total = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;

  add(value: number): void {
    this.count++;
    this.total += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const bucket = value <= 1 ? 0 : Math.floor(PER_OCTAVE * Math.log2(value));
    this.#counts[Math.min(bucket, BUCKETS - 1)]!++;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.total / this.count;
  }

  /** The value that a part (0 to 1) of all values does not exceed. */
  quantile(part: number): number {
    let left = part * this.count;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0 && this.count > 0) {
        if (bucket === 0) return this.min;
        return Math.min(this.max, Math.max(this.min, 2 ** ((bucket + 0.5) / PER_OCTAVE)));
      }
    }
    return this.max;
  }
}
