/** Particles to simulate: built-in pseudo-atom models and how to make others. */
export { type AtomList, type MoleculeOptions, molecule } from './molecule.js';
export * from './particle.js';
export { ring } from './ring.js';
export { threeLobe } from './three-lobe.js';
