// Privileges: what a task may do with a field, when two uses of one field interfere, and how reductions fold.
// Mathematics only: no threads, no time, no input or output.
export * from './containment.js';
export * from './element.js';
export * from './interference.js';
export * from './reduction.js';
export * from './usage.js';
