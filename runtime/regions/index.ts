// Regions: field spaces, partitions of index spaces, and the bookkeeping of region trees. Mathematics only: no
// threads, no time, no input or output.
export { blocks } from './blocks.js';
export { BoxIndex } from './box-index.js';
export { byDomain, type Claims, mirrored } from './by-domain.js';
export { byField } from './by-field.js';
export { crossProduct, difference, intersection, union } from './combine.js';
export { equal } from './equal.js';
export * from './field-space.js';
export { image, imageRange } from './image.js';
export { type OverlapTable, overlapTable } from './overlap.js';
export {
  assertComplete,
  assertDisjoint,
  type Colours,
  colourSpace,
  IndexPartition,
  type KnownProperties,
  type OverlapWitness,
} from './partition.js';
export { type Operands, PendingPartition } from './pending.js';
export type { Pointers } from './pointers.js';
export { preimage, preimageRange } from './preimage.js';
export { PartitionNode, RegionNode, RegionTree } from './region-tree.js';
export { restriction } from './restriction.js';
export { type LabelledBoxes, labelledBoxes } from './sweep.js';
export { weights } from './weights.js';
