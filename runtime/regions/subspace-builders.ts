// Builds many subspaces at once from points that arrive in lexicographic order.
import { IndexSpace, type Rank, RunBuilder } from '../spaces/index.js';

/** One growing run list per colour. */
export class SubspaceBuilders {
  readonly #rank: Rank;
  readonly #builders: (RunBuilder | undefined)[];

  constructor(rank: Rank, colours: number) {
    this.#rank = rank;
    this.#builders = new Array<RunBuilder | undefined>(colours).fill(undefined);
  }

  /** Adds a point; the points of one colour arrive in lexicographic order. */
  push(colour: number, lead: ArrayLike<number>, coordinate: number): void {
    const builder = (this.#builders[colour] ??= new RunBuilder(this.#rank));
    builder.push(lead, 0, coordinate, coordinate);
  }

  finish(): IndexSpace[] {
    return this.#builders.map((builder) =>
      builder === undefined
        ? IndexSpace.empty(this.#rank)
        : IndexSpace.fromRuns(this.#rank, builder.finish()),
    );
  }
}
