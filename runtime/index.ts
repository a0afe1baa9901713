// The one import a program needs.
export * from './errors.js';
export type { Gang } from './execution/gang.js';
export type { Resource, TaskContext } from './execution/leaf.js';
export { SAVED_ENDING } from './execution/task-saver.js';
export type { Shape } from './execution/view.js';
export { type CostOf, recordedCosts } from './mapping/static-placement.js';
export { type RawFileOptions, rawFile } from './memory/attach/raw-file.js';
export { type AttachMode, FileSource } from './memory/attach/source.js';
export { type MemoryLimit, memoryLimit } from './memory/memory-limit.js';
export type { ReductionName } from './privileges/index.js';
export {
  type AttachedSources,
  Attachment,
  type AttachOptions,
  type DetachOptions,
} from './program/attachment.js';
export type {
  AllCaps,
  Cap,
  Caps,
  Disjointness,
  FoldView,
  Projected,
  ReadView,
  RegionRef,
  View,
  Views,
} from './program/capabilities.js';
export { Context, Context as Ctx, type MaybeFuture } from './program/context.js';
export type { CopiedFields, Copy, IndexCopy, PointerField } from './program/copy.js';
export { type BodyRegions, type InnerTaskDeclaration, task } from './program/declare-task.js';
export type { FillValue } from './program/fill.js';
export { FutureMap, TaskFuture } from './program/future.js';
export { GrowingRegion } from './program/growing.js';
export {
  type InverseProjection,
  type InvertibleProjection,
  invertible,
  type Projection,
} from './program/invertible.js';
export type { FillOptions, LaunchOptions } from './program/launch-options.js';
export type { Leak } from './program/leaks.js';
export type { Lease } from './program/lease.js';
export { formatBytes } from './program/memory-budget.js';
export { Predicate } from './program/predicate.js';
export { Partition, Region } from './program/region.js';
export { overwrites, Requirement, reads, reduces, updates } from './program/requirement.js';
export {
  EXECUTORS,
  type ExecutorName,
  PLACEMENTS,
  type PlacementName,
  type RunOptions,
  type RunStatistics,
  run,
  type Timeline,
} from './program/run.js';
export {
  runSaved,
  type SavedOutput,
  type SavedRun,
  type SavedRunOptions,
  taskPoint,
} from './program/run-saved.js';
export { resource, Task, type TaskDeclaration } from './program/task.js';
export {
  bool,
  c64,
  c128,
  type FieldSpace,
  type Fields,
  type FieldType,
  f32,
  f64,
  fieldSpace,
  i8,
  i16,
  i32,
  i64,
  type Operands,
  PendingPartition,
  u8,
  u16,
  u32,
  u64,
  vec,
} from './regions/index.js';
export { IndexSpace, type Point } from './spaces/index.js';
