// Regions: field spaces, partitions of index spaces, and the bookkeeping of region trees. Mathematics only: no
// threads, no time, no input or output.
export { equal } from './equal.js';
export * from './field-space.js';
export {
  assertComplete,
  assertDisjoint,
  type Colours,
  colourSpace,
  IndexPartition,
  type KnownProperties,
  type OverlapWitness,
} from './partition.js';
