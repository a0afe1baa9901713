// Where the elements of an attached field are. A field that is attached as a whole has no memory of its own: operations
// bring in what they need, as *tiles*, each a stretch of the layout; a tile is given up when memory runs short. A field that
// is attached in part lies in memory as usual, and what is attached is read into it when it is first needed.
//
// Every state here is that of program order, at the issue of an operation: a point is `held` by a tile once an operation
// was issued that reads it or overwrites it there. A point that is `dirty` in a tile is held by no other tile.

import type { Store } from '../memory/attach/source.js';
import type { Instance } from '../memory/instance.js';
import { type Box, boxVolume } from '../memory/view-layout.js';
import { type TypedArray, usageOf } from '../privileges/index.js';
import type { IndexPartition } from '../regions/index.js';
import { IndexSpace } from '../spaces/index.js';
import type { LaunchHandle } from './handle.js';

/** An array of the program, in row-major order of the box that is attached to it. */
export interface ArrayStore {
  readonly array: TypedArray;
  /** Numbers from one point to the next along each axis, in points. */
  readonly strides: readonly number[];
}

/** A part of a field that is attached to one source. */
export interface AttachedPart {
  readonly field: number;
  readonly space: IndexSpace;
  /** Its first point, which lies first in the source. */
  readonly origin: readonly number[];
  readonly source: Store | ArrayStore;
  readonly writes: boolean;
  /** Where it was attached. */
  readonly site: { readonly stack?: string };
}

/** Memory of a stretch of the layout of one field. */
export interface Tile extends Instance {
  /** The field that it belongs to. */
  readonly of: Instance;
  /** One past the last position that it holds. */
  readonly until: number;
  held: IndexSpace;
  dirty: IndexSpace;
  /** Brought in for an operation that is being issued, and not bound to it yet. */
  fresh: boolean;
}

/** What is held of a field that has memory as usual. */
export interface Resident {
  held: IndexSpace;
  dirty: IndexSpace;
}

/** A place among the points: a colour of a partition. */
export interface Place {
  readonly partition: IndexPartition;
  readonly colour: number;
}

/** An operation that writes elements of a part. */
export interface Stored {
  readonly part: AttachedPart;
  readonly handle: LaunchHandle;
}

export interface ResidencePort {
  /** Makes memory for a tile. */
  allocate(residence: Residence, first: number, until: number): Tile;
  /** An operation that is being issued needs a tile. */
  touch(tile: Tile): void;
  /** A tile is not needed any more. */
  release(tile: Tile): void;
  /** Issues an operation that reads points of a part into a tile, or into the memory of the field. */
  load(residence: Residence, part: AttachedPart, tile: Tile | null, place: Place): void;
  /**
   * The same for writing them to the source. `last`: the tile is given up, so they are written whatever has failed; else
   * nothing is written where some of them were not.
   */
  store(
    residence: Residence,
    part: AttachedPart,
    tile: Tile | null,
    space: IndexSpace,
    last: boolean,
  ): LaunchHandle;
  /** A partition of one colour. */
  whole(space: IndexSpace): IndexPartition;
}

export class Residence {
  readonly field: number;
  /** The field as failures and reports see it; without memory where there are tiles. */
  readonly instance: Instance;
  /** There are tiles. */
  readonly tiled: boolean;
  /** It is memory of the program itself: nothing is moved. */
  readonly direct: boolean;
  readonly tiles: Tile[] = [];
  readonly parts: AttachedPart[] = [];
  /** All points that are attached. */
  covered: IndexSpace;
  readonly #box: Box;
  /** So small that one tile is for all of it. */
  readonly #small: boolean;
  readonly #port: ResidencePort;
  readonly #resident: Resident;

  /** `whole`: the field is attached as a whole. `small`: one tile is for all of it. */
  constructor(
    port: ResidencePort,
    field: number,
    instance: Instance,
    whole: boolean,
    box: Box,
    small: boolean,
  ) {
    this.#port = port;
    this.field = field;
    this.instance = instance;
    this.direct = instance.unit < 0;
    this.tiled = whole && !this.direct;
    this.#box = box;
    this.#small = small;
    const none = IndexSpace.empty(box.rank);
    this.covered = none;
    this.#resident = { held: none, dirty: none };
  }

  add(part: AttachedPart): void {
    this.parts.push(part);
    this.covered = this.covered.empty ? part.space : this.covered.union(part.space);
  }

  /** Parts that are not attached any more. What was read of them is forgotten. */
  remove(parts: readonly AttachedPart[], space: IndexSpace): void {
    for (const part of parts) this.parts.splice(this.parts.indexOf(part), 1);
    this.covered = this.covered.minus(space);
    this.#resident.held = this.#resident.held.minus(space);
    this.#resident.dirty = this.#resident.dirty.minus(space);
    if (this.tiled) for (const tile of [...this.tiles]) this.drop(tile);
  }

  /** Makes valid what an operation needs of some points, and notes what it writes. */
  bring(place: Place, usage: number): void {
    const space = place.partition.subspaces[place.colour]!;
    const { covered } = this;
    const whole = covered === space || covered.covers(space);
    const part = whole ? space : space.intersect(covered);
    if (part.empty) return;
    if (this.direct) return;
    const { privilege } = usageOf(usage);
    const tile = this.tiled ? this.#tileFor(part) : null;
    const state = tile ?? this.#resident;
    if (privilege === 'overwrite') state.held = joined(state.held, part);
    else this.#load(state, tile, part, whole ? place : null);
    if (privilege !== 'read') this.#written(state, part);
  }

  #load(state: Resident, tile: Tile | null, part: IndexSpace, place: Place | null): void {
    if (state.held.covers(part)) return;
    const missing = state.held.overlaps(part) ? part.minus(state.held) : part;
    for (const other of this.tiles) {
      if (other !== tile && other.dirty.overlaps(missing)) this.store(other, other.dirty, true);
    }
    for (const attached of this.parts) {
      if (!attached.space.overlaps(missing)) continue;
      const inside = attached.space.covers(missing);
      const here =
        inside && missing === part && place !== null
          ? place
          : {
              partition: this.#port.whole(inside ? missing : missing.intersect(attached.space)),
              colour: 0,
            };
      this.#port.load(this, attached, tile, here);
    }
    state.held = joined(state.held, missing);
  }

  #written(state: Resident, part: IndexSpace): void {
    if (state.dirty.covers(part)) return;
    for (const other of [...this.tiles]) {
      if (other === state || !other.held.overlaps(part)) continue;
      other.held = other.held.minus(part);
      other.dirty = other.dirty.minus(part);
      if (other.held.empty) this.drop(other);
    }
    state.dirty = joined(state.dirty, part);
  }

  /** Issues the writing of points that are dirty in a tile. */
  store(tile: Tile | null, space: IndexSpace, last: boolean): Stored[] {
    const state = tile ?? this.#resident;
    const written = state.dirty === space ? space : state.dirty.intersect(space);
    if (written.empty) return [];
    const stored: Stored[] = [];
    for (const part of this.parts) {
      const here = part.space.covers(written) ? written : part.space.intersect(written);
      if (!here.empty) stored.push({ part, handle: this.#port.store(this, part, tile, here, last) });
    }
    state.dirty = state.dirty.minus(written);
    return stored;
  }

  /** Issues the writing of all that is dirty among some points. */
  storeAll(space: IndexSpace): Stored[] {
    if (this.direct) return [];
    if (!this.tiled) return this.store(null, space, false);
    return this.tiles.flatMap((tile) => this.store(tile, space, false));
  }

  /** The tile that holds some points for an operation that brought them in. */
  tileOf(space: IndexSpace): Tile {
    const [first, until] = stretchOf(this.#box, space);
    const found = this.tiles.find((tile) => holds(tile, first, until) && tile.held.covers(space));
    // Who binds points has brought them in before.
    if (found === undefined) throw new Error(`no tile of ${this.instance.what} holds ${space}`);
    return found;
  }

  #tileFor(space: IndexSpace): Tile {
    const [first, until] = this.#small ? [0, boxVolume(this.#box)] : stretchOf(this.#box, space);
    const candidates = this.tiles.filter((tile) => holds(tile, first, until));
    let tile = candidates.find(({ held }) => held.covers(space)) ?? candidates[0];
    if (tile === undefined) {
      tile = this.#port.allocate(this, first, until);
      this.tiles.push(tile);
    }
    this.#port.touch(tile);
    return tile;
  }

  drop(tile: Tile): void {
    this.tiles.splice(this.tiles.indexOf(tile), 1);
    this.#port.release(tile);
  }
}

/** Positions of the first point of a space in the layout of a box, and of the one after the last. */
export function stretchOf({ lo, extent }: Box, space: IndexSpace): readonly [number, number] {
  const position = (point: readonly number[]) => {
    let at = 0;
    for (let axis = 0; axis < point.length; axis++) at = at * extent[axis]! + point[axis]! - lo[axis]!;
    return at;
  };
  return [position(space.at(0)), position(space.at(space.volume - 1)) + 1];
}

/** Whether the memory of a tile has room for a stretch. */
export function holds(tile: Tile, first: number, until: number): boolean {
  return tile.first <= first && tile.until >= until;
}

function joined(a: IndexSpace, b: IndexSpace): IndexSpace {
  return a.empty ? b : a.covers(b) ? a : b.covers(a) ? b : a.union(b);
}
