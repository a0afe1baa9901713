// Index spaces: sets of integer points with one to three axes, and their algebra. Mathematics only: no threads,
// no time, no input or output.
export { IndexSpace, unionAll } from './index-space.js';
export {
  COORDINATE_MAX,
  COORDINATE_MIN,
  checkPoint,
  comparePoints,
  formatPoint,
  type Point,
  type Rank,
} from './point.js';
export { RunBuilder } from './run-list.js';
