/** Reading and writing files: the only room below `apps/` that touches the disk. Damaged input ends in a `DataError`. */
export * as hdf5 from './hdf5/index.js';
export * as mrc from './mrc.js';
export * as npy from './npy.js';
export * as pdb from './pdb.js';
