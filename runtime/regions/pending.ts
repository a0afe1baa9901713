// Pending partitions: the colours first, the subspaces one by one, each a combination of given spaces.
import { LaunchError, PartitionError } from '../errors.js';
import { formatPoint, type IndexSpace, type Point, unionAll } from '../spaces/index.js';
import { type Claims, claimed } from './by-domain.js';
import { type Colours, colourSpace, IndexPartition } from './partition.js';

/** Spaces to combine: a list of them, or all subspaces of a partition. */
export type Operands = readonly IndexSpace[] | IndexPartition;

/**
 * A partition that is being made. Every colour is set once, by a union, an intersection or a difference of spaces, cut
 * to the parent; `finish` gives the partition.
 */
export class PendingPartition {
  readonly parent: IndexSpace;
  readonly colours: IndexSpace;
  readonly #subspaces: (IndexSpace | undefined)[];

  constructor(parent: IndexSpace, colours: Colours) {
    this.parent = parent;
    this.colours = colourSpace(colours);
    this.#subspaces = new Array<IndexSpace | undefined>(this.colours.volume).fill(undefined);
  }

  /** The colour gets the points that are in any of the spaces. */
  union(colour: Point, spaces: Operands): this {
    return this.#set(colour, unionAll(listOf(spaces), this.parent.rank));
  }

  /** The colour gets the points of the parent that are in all of the spaces. */
  intersection(colour: Point, spaces: Operands): this {
    return this.#set(
      colour,
      listOf(spaces).reduce((all, space) => all.intersect(space), this.parent),
    );
  }

  /** The colour gets the points of the first space that are in none of the others. */
  difference(colour: Point, from: IndexSpace, spaces: Operands): this {
    return this.#set(
      colour,
      listOf(spaces).reduce((rest, space) => rest.minus(space), from),
    );
  }

  #set(colour: Point, space: IndexSpace): this {
    const position = this.colours.indexOf(colour);
    if (position < 0) {
      throw new PartitionError(
        `The pending partition has no colour ${formatPoint(colour)}: its colours are ${this.colours}.`,
      );
    }
    if (this.#subspaces[position] !== undefined)
      throw new LaunchError(`Colour ${formatPoint(colour)} of the pending partition was set before.`);
    this.#subspaces[position] = this.parent.intersect(space);
    return this;
  }

  /** The partition. @throws PartitionError that names a colour that was not set, or a claim that is false */
  finish(claims: Claims = {}): IndexPartition {
    const missing = this.#subspaces.indexOf(undefined);
    if (missing >= 0) {
      throw new PartitionError(
        `Colour ${formatPoint(this.colours.at(missing))} of the pending partition was not set: give it its points with union, intersection or difference.`,
      );
    }
    return claimed(new IndexPartition(this.parent, this.colours, this.#subspaces as IndexSpace[]), claims);
  }
}

const listOf = (spaces: Operands): readonly IndexSpace[] =>
  spaces instanceof IndexPartition ? spaces.subspaces : spaces;
