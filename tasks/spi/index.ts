/** Single-particle imaging: simulation and reconstruction as pure functions of typed arrays. */
export {
  type Alignment,
  type AlignOptions,
  align,
  alignShift,
  autocorrelationOf,
  rotateVolume,
} from './align.js';
export { type Averaged, averagePhased } from './average.js';
export { type OrientationErrors, orientationErrors, particleDensity } from './evaluate.js';
export * from './form-factors.js';
export {
  fourierShellCorrelation,
  meshShellCorrelation,
  pearson,
  resolutionAt,
  type ShellCorrelation,
} from './fsc.js';
export {
  matchBlock,
  mergeImages,
  mergeReferences,
  referenceBlock,
  refineBlock,
  solveModel,
} from './generation.js';
export * from './geometry.js';
export { compareHalves, type HalfSets } from './half-sets.js';
export { type Level, levelOf } from './level.js';
export { beamStopMask, brokenPixelMask, combineMasks } from './masks.js';
export { type MergeOptions, merge } from './merge.js';
export { ballSupport, type MergeSolution, type SolveOptions, solveMerge } from './merge-solve.js';
export {
  addSums,
  type MergeBlock,
  mergeContribution,
  type NormalSums,
  normalSums,
  photonWeights,
} from './normal-sums.js';
export { type Matches, type OrientationMetric, type OrientOptions, orient } from './orient.js';
export { estimateDiameter } from './particle-size.js';
export * from './particles/index.js';
export { PHASING, type Phased, type PhaseOptions, type PhasingSchedule, phase } from './phase.js';
export {
  type DetectorPixels,
  gatherPixels,
  MASK,
  type PixelSelection,
  radialProfile,
  selectPixels,
} from './pixels.js';
export {
  angularDistance,
  conjugate,
  fromRotationVector,
  halfTurn,
  multiply,
  type Quaternions,
  randomQuaternions,
  rotationMatrix,
} from './quaternion.js';
export {
  type GenerationMetrics,
  type GenerationState,
  meanImage,
  type Reconstruction,
  type ReconstructionInput,
  type ReconstructionOptions,
  reconstruct,
} from './reconstruct.js';
export { better, type Refined, type RefineOptions, refineOrientations, scoreOrientations } from './refine.js';
export { type ReferenceSums, responsibilities, shareOut } from './responsibilities.js';
export { superFibonacci, uniformRotations } from './rotation-grid.js';
export {
  type Generation,
  type MatchGeneration,
  planSchedule,
  type RefineGeneration,
  type Schedule,
  type ScheduleOptions,
} from './schedule.js';
export {
  orientationScoreMatrix,
  orientationScores,
  type PreparedReferences,
  type PrepareOptions,
  prepareReferences,
  type ScoreMetric,
  type ScoreOptions,
  type Scores,
} from './scores.js';
export {
  type ImageBlock,
  type Simulation,
  type SimulationScene,
  type SimulationSpec,
  simulate,
  simulateImages,
  simulationGeometry,
  simulationScene,
} from './simulate.js';
export { slice, slicePoints, type Volume } from './slice.js';
export { startModel } from './start-model.js';
export {
  type PreparedParticle,
  prepareParticle,
  type StructureFactorMethod,
  structureFactors,
  structureFactorsOf,
} from './structure-factor.js';
