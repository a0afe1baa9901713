/** Single-particle imaging: simulation and reconstruction as pure functions of typed arrays. */
export * from './geometry.js';
export * from './particles/index.js';
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
export { structureFactors } from './structure-factor.js';
