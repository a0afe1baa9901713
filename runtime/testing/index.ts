// The public import `maniple/testing`: generators, the in-order oracle and the checker, for users' own tests.

export { type CheckReport, checkLog } from '../observe/check.js';
export {
  type Conflicts,
  checkOrder,
  conflictsOf,
  type OrderReport,
  type RecordedNode,
  type RecordedOrder,
  type Unit,
} from './conflicts.js';
export {
  type Difference,
  describeDifference,
  type Executor,
  firstDifference,
  runDifferential,
} from './differential.js';
export { execute, observeAll, runtimeExecutor } from './driver.js';
export { type Finding, type FuzzOptions, type FuzzResult, fuzz } from './fuzz.js';
export { type GeneratorOptions, generateProgram } from './generator.js';
export { type FieldAccess, genericBody, type RequirementAccess, type TaskIdentity } from './generic-body.js';
export { generateIllegalProgram, type IllegalProgram, isWitness, type Rule, rules } from './illegal.js';
export { IllegalProgramError, type Witness } from './illegal-program.js';
export { Interpreter, interpret } from './interpreter.js';
export { type Draw, keyedDraw } from './keyed-random.js';
export type { Observed } from './observed.js';
export type {
  Argument,
  Box,
  Domain,
  FieldDescription,
  FieldUse,
  Launch,
  Operation,
  PartitionRule,
  Place,
  Point,
  Privilege,
  Program,
  Projection,
  Requirement,
} from './program-description.js';
export { relationOf } from './relation.js';
export {
  type EverywhereOptions,
  NotReproducedError,
  runEverywhere,
  type Way,
  waysOf,
} from './run-everywhere.js';
export { type Fails, regressionTest, shrink } from './shrink.js';
export type { Kind, ReductionName, Value, ValueRange } from './values.js';
