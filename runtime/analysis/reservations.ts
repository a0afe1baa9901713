// Reservations: what keeps atomic users of the same elements apart. The points of a region tree are divided into pieces,
// and a record reserves the pieces that it meets, for every field that it uses atomically. The division follows the
// partition of the launch while nobody holds a reservation of the tree, and stays as it is otherwise; a piece that two
// users meet without sharing a point costs some parallelism, and nothing else.
import { RESERVATIONS } from '../graph/layout.js';
import { equal, IndexPartition, overlapTable } from '../regions/index.js';
import { IndexSpace, unionAll } from '../spaces/index.js';

/** Aliased partitions with more colours are not cut along all their overlaps. */
const PIECES_MAX = 256;

let nextReservation = 0;

/** The reservations of one region tree. */
export class TreeReservations {
  /** Launches that hold or want reservations of this tree and have not ended. */
  users = 0;
  readonly #root: IndexSpace;
  readonly #fields: number;
  #shape: IndexPartition | null = null;
  #pieces!: IndexPartition;
  #first = 0;

  constructor(root: IndexSpace, fields: number) {
    this.#root = root;
    this.#fields = fields;
  }

  /** A launch is about to reserve through a partition: should the pieces follow it? */
  prepare(partition: IndexPartition): void {
    if (partition === this.#shape || (this.users > 0 && this.#shape !== null)) return;
    this.#shape = partition;
    this.#pieces = divide(this.#root, partition);
    this.#first = nextReservation;
    // Numbers are used again and again: two pieces with one reservation are kept apart for nothing, that is all.
    nextReservation = (nextReservation + this.#fields * this.#pieces.subspaces.length) % RESERVATIONS;
  }

  /** Adds the reservations of a field on a colour: twice their number, and 1 more where nobody else may hold them. */
  collect(
    partition: IndexPartition,
    colour: number,
    field: number,
    exclusive: boolean,
    into: number[],
  ): void {
    if (partition.subspaces[colour]!.empty) return;
    const first = this.#first + field * this.#pieces.subspaces.length;
    const add = (piece: number) => into.push(2 * ((first + piece) % RESERVATIONS) + (exclusive ? 1 : 0));
    if (partition === this.#shape && partition.disjoint) add(colour);
    else {
      const { start, colours } = overlapTable(partition, this.#pieces);
      for (let k = start[colour]!; k < start[colour + 1]!; k++) add(colours[k]!);
    }
  }
}

/** In ascending order, each once, exclusive where one of the uses is: the order in which all records take them. */
export function inOrder(reservations: number[]): number[] {
  reservations.sort((a, b) => a - b);
  return reservations.filter(
    (code, i) => i + 1 === reservations.length || reservations[i + 1]! >> 1 !== code >> 1,
  );
}

/** Disjoint pieces of a space in the shape of a partition; a point of several colours goes to the first of them. */
function divide(root: IndexSpace, partition: IndexPartition): IndexPartition {
  const { subspaces } = partition;
  if (!partition.disjoint && subspaces.length > PIECES_MAX) return equal(root, [PIECES_MAX]);
  const pieces: IndexSpace[] = [];
  if (partition.disjoint) pieces.push(...subspaces);
  else {
    let taken = IndexSpace.empty(root.rank);
    for (const subspace of subspaces) {
      pieces.push(subspace.minus(taken));
      taken = unionAll([taken, subspace], root.rank);
    }
  }
  // Other launches may reach what this partition leaves out.
  const rest = root.minus(unionAll(subspaces, root.rank));
  if (!rest.empty) pieces.push(rest);
  return new IndexPartition(root, IndexSpace.extent([pieces.length]), pieces, {
    disjoint: true,
    complete: true,
  });
}
