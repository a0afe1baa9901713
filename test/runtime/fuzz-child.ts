// One configuration of the fuzzer in a process of its own, so that a crash or a hang names itself: a line of JSON per
// batch, one with a difference when there is one, and one with the result.
import { type FuzzOptions, fuzz } from '../../runtime/testing/fuzz.js';

const options = JSON.parse(process.argv[2]!) as FuzzOptions;
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const result = await fuzz({
  ...options,
  onBatch: (operations, nextSeed) => say({ operations, nextSeed }),
  onDifference: (difference) => say({ difference }),
});
say({ result });
