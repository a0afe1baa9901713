// The direct sums recorded under ../shared/data/spi, in both precisions.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { type Modes, nufft1, nufft2 } from '../../../tasks/fourier/index.js';
import { needs, shared } from '../../support/needs.js';
import { relativeError } from './direct-sum.js';

function doubles(name: string): Float64Array {
  const bytes = readFileSync(shared('data', 'spi', name));
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

for (const name of ['nufft_small', 'nufft_wrap', 'nufft_cube32']) {
  t.test(`${name}: within 10 eps of the recorded sums`, { skip: needs('shared-data') }, (t) => {
    const modes = JSON.parse(readFileSync(shared('data', 'spi', `${name}.json`), 'utf8')).shape as Modes;
    const array = (key: string): Float64Array => doubles(`${name}.${key}.bin`);
    const points: [Float64Array, Float64Array, Float64Array] = [array('x'), array('y'), array('z')];
    const single = points.map((axis) => Float32Array.from(axis)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const [c, f] = [array('c'), array('f')];
    const failures: string[] = [];
    for (const [sign, word] of [
      [-1, 'minus'],
      [1, 'plus'],
    ] as const) {
      const [truth1, truth2] = [array(`t1_${word}`), array(`t2_${word}`)];
      const judge = (what: string, eps: number, error1: number, error2: number, allowed: number): void => {
        if (!(error1 <= allowed)) failures.push(`${what} type 1 ${word} eps ${eps}: ${error1}`);
        if (!(error2 <= allowed)) failures.push(`${what} type 2 ${word} eps ${eps}: ${error2}`);
      };
      for (const eps of [1e-2, 1e-6, 1e-9, 1e-12]) {
        const error1 = relativeError(nufft1(points, c, modes, { eps, sign }), truth1);
        const error2 = relativeError(nufft2(points, f, modes, { eps, sign }), truth2);
        judge('double', eps, error1, error2, 10 * eps);
      }
      for (const eps of [1e-3, 1e-5]) {
        const error1 = relativeError(nufft1(single, Float32Array.from(c), modes, { eps, sign }), truth1);
        const error2 = relativeError(nufft2(single, Float32Array.from(f), modes, { eps, sign }), truth2);
        judge('single', eps, error1, error2, 10 * eps);
      }
    }
    t.same(failures, []);
    t.end();
  });
}
