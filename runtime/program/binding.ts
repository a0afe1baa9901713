// Views of a requirement in shared memory. Those of one launch on tiles of attached fields keep the tiles as long as it runs.
import type { Instance } from '../memory/instance.js';
import type { IndexSpace } from '../spaces/index.js';
import type { Tile } from './residence.js';

/** Views of one requirement through one partition, on one set of instances. */
export interface Binding {
  /** Table of views by colour, in the heap. */
  readonly unit: number;
  readonly colours: number;
  readonly views: { readonly unit: number; readonly bytes: number; readonly space: IndexSpace }[];
  /** How many colours have a view. */
  made: number;
  /** Launches that use it and have not ended. */
  users: number;
  readonly key: string;
  /** The instances of now, in the order of the fields. */
  instances: readonly Instance[];
}

export const isTile = (instance: Instance): instance is Tile => 'of' in instance;

/** What stands for a field that lies in tiles has no memory. */
export const isTiled = (instance: Instance): boolean => instance.unit === 0 && instance.bytes === 0;

export class TileBinding implements Binding {
  readonly unit: number;
  readonly colours: number;
  readonly views: Binding['views'] = [];
  readonly tiles = new Set<Tile>();
  readonly key = '';
  made = 0;
  instances: readonly Instance[];
  readonly #ended: (binding: Binding) => void;
  readonly #release: (tile: Tile) => void;
  #users = 0;

  constructor(
    unit: number,
    colours: number,
    instances: readonly Instance[],
    release: (tile: Tile) => void,
    ended: (binding: Binding) => void,
  ) {
    this.unit = unit;
    this.colours = colours;
    this.instances = instances;
    this.#release = release;
    this.#ended = ended;
  }

  get users(): number {
    return this.#users;
  }

  set users(count: number) {
    for (const tile of this.tiles) {
      tile.users += count - this.#users;
      if (tile.dead && tile.users === 0) this.#release(tile);
    }
    this.#users = count;
    if (count === 0) this.#ended(this);
  }
}
