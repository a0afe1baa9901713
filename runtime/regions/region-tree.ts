// Region trees: the bookkeeping of regions, their partitions and subregions. No storage, no data.
import { PartitionError, UsageError } from '../errors.js';
import { formatPoint, type IndexSpace, type Point } from '../spaces/index.js';
import type { FieldSpace } from './field-space.js';
import type { IndexPartition } from './partition.js';

let lastTree = 0;

/**
 * A tree of regions over one field space. Regions of different trees never share data; regions of one tree do
 * exactly when their spaces overlap. Node numbers count from 0 (the root) within the tree, in the order of making;
 * regions and partitions share the count.
 */
export class RegionTree {
  /** Distinct for every tree made in this process. */
  readonly id: number;
  readonly space: IndexSpace;
  readonly fields: FieldSpace;
  readonly root: RegionNode;
  readonly #nodes: (RegionNode | PartitionNode)[] = [];

  constructor(space: IndexSpace, fields: FieldSpace) {
    this.id = ++lastTree;
    this.space = space;
    this.fields = fields;
    this.root = new RegionNode(this, space, null, null, this.adopt.bind(this));
  }

  /** The node with a number. */
  node(number: number): RegionNode | PartitionNode {
    const node = this.#nodes[number];
    if (node === undefined) throw new UsageError(`Region tree ${this.id} has no node ${number}.`);
    return node;
  }

  /** All partitions in the tree, in the order of making. */
  get partitions(): readonly PartitionNode[] {
    return this.#nodes.filter((node) => node instanceof PartitionNode);
  }

  private adopt(node: RegionNode | PartitionNode): number {
    return this.#nodes.push(node) - 1;
  }
}

type Adopt = (node: RegionNode | PartitionNode) => number;

/** A region: a set of points in a tree. The root, or the subregion of a colour of a partition. */
export class RegionNode {
  readonly tree: RegionTree;
  /** Number of the node in its tree. */
  readonly id: number;
  readonly space: IndexSpace;
  /** The partition it belongs to; null for the root. */
  readonly parent: PartitionNode | null;
  readonly colour: Point | null;
  /** Regions above this one. */
  readonly depth: number;
  readonly #adopt: Adopt;
  readonly #partitions = new Map<IndexPartition, PartitionNode>();

  constructor(
    tree: RegionTree,
    space: IndexSpace,
    parent: PartitionNode | null,
    colour: Point | null,
    adopt: Adopt,
  ) {
    this.tree = tree;
    this.space = space;
    this.parent = parent;
    this.colour = colour;
    this.depth = parent === null ? 0 : parent.parent.depth + 1;
    this.#adopt = adopt;
    this.id = adopt(this);
  }

  /** The node of a partition of this region; the same partition gives the same node. */
  partition(partition: IndexPartition): PartitionNode {
    const known = this.#partitions.get(partition);
    if (known !== undefined) return known;
    if (!partition.parent.equals(this.space)) {
      throw new PartitionError(
        `A partition of ${partition.parent} cannot be used on a region over ${this.space}.`,
      );
    }
    const node = new PartitionNode(this, partition, this.#adopt);
    this.#partitions.set(partition, node);
    return node;
  }

  /** Partitions of this region, in the order of making. */
  get partitions(): readonly PartitionNode[] {
    return [...this.#partitions.values()];
  }

  /** Whether this region is the other one, or lies below it in the tree. */
  isWithin(other: RegionNode): boolean {
    let region: RegionNode | null = this;
    while (region !== null && region !== other) region = region.parent?.parent ?? null;
    return region !== null;
  }

  /** `region 3`, `region 3, colour (1, 2) of partition 5`: for messages. */
  toString(): string {
    const name = `region ${this.tree.id}`;
    return this.parent === null
      ? name
      : `${name}, colour ${formatPoint(this.colour!)} of partition ${this.parent.id}`;
  }
}

/** A partition of one region of a tree, and its subregions, made when first asked for. */
export class PartitionNode {
  readonly tree: RegionTree;
  /** Number of the node in its tree. */
  readonly id: number;
  readonly parent: RegionNode;
  readonly partition: IndexPartition;
  readonly #adopt: Adopt;
  readonly #regions = new Map<number, RegionNode>();

  constructor(parent: RegionNode, partition: IndexPartition, adopt: Adopt) {
    this.tree = parent.tree;
    this.parent = parent;
    this.partition = partition;
    this.#adopt = adopt;
    this.id = adopt(this);
  }

  /** The subregion of a colour. */
  region(colour: Point): RegionNode {
    const { colours, subspaces } = this.partition;
    const position = colours.indexOf(colour);
    if (position < 0) {
      throw new PartitionError(
        `Partition ${this.id} has no colour ${formatPoint(colour)}: its colours are ${colours}.`,
      );
    }
    let region = this.#regions.get(position);
    if (region === undefined) {
      region = new RegionNode(this.tree, subspaces[position]!, this, colour, this.#adopt);
      this.#regions.set(position, region);
    }
    return region;
  }
}
