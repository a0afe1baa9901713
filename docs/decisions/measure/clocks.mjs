// What a reading of the clock costs. node docs/decisions/measure/clocks.mjs, after npm run build.
import { addon } from '../../../dist/native/index.js';

const readings = 2e6;
const shared = new Int32Array(new SharedArrayBuffer(64));

function measure(name, read) {
  let sum = 0;
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 7; repeat++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < readings; i++) sum += read();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / readings);
  }
  console.log(`${name.padEnd(48)} ${best.toFixed(1)} ns${sum === 0 ? ' ' : ''}`);
}

measure('nothing', () => 1);
measure('process.hrtime()', () => process.hrtime()[1]);
measure('performance.now()', () => performance.now());
measure('Date.now()', () => Date.now());
measure('process.hrtime.bigint()', () => Number(process.hrtime.bigint()));
measure('performance.timeOrigin + performance.now()', () => performance.timeOrigin + performance.now());
if (addon !== null) measure("the add-on's monotonicNs()", () => addon.monotonicNs());
measure('Atomics.store', () => Atomics.store(shared, 0, 1));
