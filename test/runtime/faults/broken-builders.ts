// Builders of records that get one step of their protocol wrong. One that sends failures along every edge is not among them:
// who has to hear of a failure is judged anew before a record runs, so it changes nothing.
import { RecordBuilder } from '../../../runtime/analysis/record-builder.js';
import type { Graph } from '../../../runtime/graph/layout.js';

export type Broken = (graph: Graph, starve: () => void) => RecordBuilder;

/** Takes whatever record is in the place now for the one that was meant. */
class Stale extends RecordBuilder {
  override after(predecessor: number, _generation: number, data: boolean): void {
    if (predecessor !== this.current) super.after(predecessor, this.graph.generation[predecessor]!, data);
  }
}

/** Records come back under the number of the use before. */
class NeverOlder extends RecordBuilder {
  override retire(record: number): void {
    const generation = this.graph.generation[record]!;
    super.retire(record);
    this.graph.generation[record] = generation;
  }
}

/** Takes what has ended last for what is still to be waited for: an edge to nobody. */
class LostWakeUp extends RecordBuilder {
  #sealed = 0;
  override seal(): boolean {
    return super.seal() && ++this.#sealed % 8 !== 0;
  }
}

/** An edge is there, and is not counted. */
class Uncounted extends RecordBuilder {
  override after(predecessor: number, generation: number, data: boolean): void {
    const { unmet } = this;
    super.after(predecessor, generation, data);
    if (this.unmet > unmet) this.expect(-1);
  }
}

/** An edge is counted twice. */
class CountedTwice extends RecordBuilder {
  override after(predecessor: number, generation: number, data: boolean): void {
    const { unmet } = this;
    super.after(predecessor, generation, data);
    if (this.unmet > unmet) this.expect(1);
  }
}

/** What is counted beside the edges (the root of a reduction) is forgotten. */
class ExpectsNothing extends RecordBuilder {
  override expect(): void {}
}

/** Failures go along no edge. */
class NoPoison extends RecordBuilder {
  override after(predecessor: number, generation: number): void {
    super.after(predecessor, generation, false);
  }
}

/** Failures of records that were retired are forgotten. */
class ForgetsPoison extends RecordBuilder {
  override isPoisoned(): boolean {
    return false;
  }
  override rootOf(): number {
    return 0;
  }
}

/** One edge for two. */
class EveryOther extends RecordBuilder {
  #edges = 0;
  override after(predecessor: number, generation: number, data: boolean): void {
    if (++this.#edges % 2 === 0) super.after(predecessor, generation, data);
  }
}

const of =
  (Builder: new (graph: Graph, starve: () => void) => RecordBuilder): Broken =>
  (graph, starve) =>
    new Builder(graph, starve);

export const brokenBuilders: Readonly<Record<string, Broken>> = {
  'a stale generation is taken for the new one': of(Stale),
  'generations never change': of(NeverOlder),
  'every eighth wake-up of what is ready is lost': of(LostWakeUp),
  'edges are not counted': of(Uncounted),
  'edges are counted twice': of(CountedTwice),
  'a fold does not wait for its tree': of(ExpectsNothing),
  'failures go along no edge': of(NoPoison),
  'failures of what has ended are forgotten': of(ForgetsPoison),
  'every other edge is left out': of(EveryOther),
};
