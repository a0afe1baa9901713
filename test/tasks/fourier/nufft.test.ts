import t from 'tap';
import {
  type Modes,
  nufft1,
  nufft1Real,
  nufft2,
  nufft2Real,
  nufftPlan,
  type Sign,
} from '../../../tasks/fourier/index.js';
import { directType1, directType2, nufftCase, relativeError, toSingle } from './direct-sum.js';

const SHAPES: Modes[] = [
  [9, 10, 11],
  [16, 7, 12],
  [1, 1, 1],
  [2, 13, 5],
  [24, 1, 3],
];

t.test('double precision meets its tolerance for odd, even, unequal and tiny modes and both signs', (t) => {
  const failures: string[] = [];
  for (const [index, modes] of SHAPES.entries()) {
    const { points, values, coefficients } = nufftCase(100 + index, 90, modes);
    for (const sign of [-1, 1] as Sign[]) {
      const truth1 = directType1(points, values, modes, sign);
      const truth2 = directType2(points, coefficients, modes, sign);
      for (const eps of [1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9, 1e-12, 1e-14]) {
        const allowed = 10 * eps;
        const error1 = relativeError(nufft1(points, values, modes, { eps, sign }), truth1);
        const error2 = relativeError(nufft2(points, coefficients, modes, { eps, sign }), truth2);
        if (!(error1 <= allowed)) failures.push(`type 1 [${modes}] sign ${sign} eps ${eps}: ${error1}`);
        if (!(error2 <= allowed)) failures.push(`type 2 [${modes}] sign ${sign} eps ${eps}: ${error2}`);
      }
    }
  }
  t.same(failures, []);
  t.end();
});

t.test('single precision meets its tolerance down to its floor', (t) => {
  const failures: string[] = [];
  for (const [index, modes] of SHAPES.entries()) {
    const made = nufftCase(200 + index, 90, modes);
    const points = toSingle(made.points);
    const values = Float32Array.from(made.values);
    const coefficients = Float32Array.from(made.coefficients);
    const truth1 = directType1(points, values, modes, -1);
    const truth2 = directType2(points, coefficients, modes, -1);
    for (const eps of [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-12]) {
      const allowed = Math.max(5 * eps, 2e-6);
      const got1 = nufft1(points, values, modes, { eps });
      const got2 = nufft2(points, coefficients, modes, { eps });
      if (!(got1 instanceof Float32Array && got2 instanceof Float32Array))
        failures.push('not single precision');
      const error1 = relativeError(got1, truth1);
      const error2 = relativeError(got2, truth2);
      if (!(error1 <= allowed)) failures.push(`type 1 [${modes}] eps ${eps}: ${error1}`);
      if (!(error2 <= allowed)) failures.push(`type 2 [${modes}] eps ${eps}: ${error2}`);
    }
  }
  t.same(failures, []);
  t.end();
});

t.test('rounding does not drown single precision, whatever the number of points and the upsampling', (t) => {
  const modes: Modes = [32, 30, 28];
  for (const [count, upsampling, eps, allowed] of [
    [400, undefined, 1e-5, 3e-5],
    [4000, undefined, 1e-6, 4e-6],
    [400, 1.25, 1e-6, 2e-4],
  ] as const) {
    const made = nufftCase(600, count, modes);
    const values = Float32Array.from(made.values);
    const options = { eps, ...(upsampling === undefined ? {} : { upsampling }) };
    const truth = nufft1(made.points, Float64Array.from(values), modes, { eps: 1e-10 });
    const error = relativeError(nufft1(made.points, values, modes, options), truth);
    t.ok(error < allowed, `${count} points, upsampling ${upsampling}, eps ${eps}: ${error}`);
  }
  t.end();
});

t.test('every upsampling asked for meets the tolerance its widths can reach', (t) => {
  const modes: Modes = [10, 12, 9];
  const { points, values, coefficients } = nufftCase(5, 80, modes);
  const truth1 = directType1(points, values, modes, 1);
  const truth2 = directType2(points, coefficients, modes, 1);
  const failures: string[] = [];
  for (const upsampling of [1.25, 1.5, 2, 2.5, 3.1]) {
    for (const eps of [1e-2, 1e-5, 1e-8]) {
      const options = { eps, sign: 1, upsampling } as const;
      const error1 = relativeError(nufft1(points, values, modes, options), truth1);
      const error2 = relativeError(nufft2(points, coefficients, modes, options), truth2);
      if (!(error1 <= 5 * eps && error2 <= 5 * eps))
        failures.push(`${upsampling} ${eps}: ${error1} ${error2}`);
    }
  }
  t.same(failures, []);
  t.end();
});

t.test('the real transforms are the real parts of the complex ones', (t) => {
  const failures: string[] = [];
  for (const [index, modes] of SHAPES.entries()) {
    const { points, values, coefficients } = nufftCase(300 + index, 70, modes);
    const real = values.filter((_, i) => i % 2 === 0);
    const wide = values.map((v, i) => (i % 2 === 0 ? v : 0));
    const density = coefficients.filter((_, i) => i % 2 === 0);
    const whole = coefficients.map((v, i) => (i % 2 === 0 ? v : 0));
    for (const sign of [-1, 1] as Sign[]) {
      const truth1 = directType1(points, wide, modes, sign).filter((_, i) => i % 2 === 0);
      const truth2 = directType2(points, whole, modes, sign).filter((_, i) => i % 2 === 0);
      for (const eps of [1e-3, 1e-6, 1e-12]) {
        const error1 = relativeError(nufft1Real(points, real, modes, { eps, sign }), truth1);
        const error2 = relativeError(nufft2Real(points, density, modes, { eps, sign }), truth2);
        if (!(error1 <= 10 * eps)) failures.push(`type 1 [${modes}] sign ${sign} eps ${eps}: ${error1}`);
        if (!(error2 <= 10 * eps)) failures.push(`type 2 [${modes}] sign ${sign} eps ${eps}: ${error2}`);
      }
    }
  }
  t.same(failures, []);
  t.end();
});

t.test('type 2 is the adjoint of type 1 of the opposite sign, to rounding', (t) => {
  const modes: Modes = [12, 15, 8];
  const { points, values, coefficients } = nufftCase(7, 300, modes);
  for (const eps of [1e-2, 1e-5]) {
    const f = nufft1(points, values, modes, { eps, sign: 1 });
    const c = nufft2(points, coefficients, modes, { eps, sign: -1 });
    const [left, right] = [inner(f, coefficients), inner(values, c)];
    const gap = Math.hypot(left[0] - right[0], left[1] - right[1]) / Math.hypot(...left);
    t.ok(gap < 1e-12, `eps ${eps}: <A c, f> and <c, A* f> differ by ${gap}`);
  }
  t.end();
});

t.test('points are periodic', (t) => {
  const modes: Modes = [8, 9, 10];
  const { points, values } = nufftCase(8, 60, modes);
  const home = nufft1(points, values, modes, { eps: 1e-9 });
  const turned = points.map((axis, i) => axis.map((x) => x + 2 * Math.PI * (i - 3))) as typeof points;
  t.ok(relativeError(nufft1(turned, values, modes, { eps: 1e-9 }), home) < 1e-12);
  const edge = [Math.PI, -Math.PI, 3 * Math.PI, -3 * Math.PI, 0, -0, 2 * Math.PI, -1e-300, 1e300];
  const corner = Float64Array.from(edge);
  const corners: [Float64Array, Float64Array, Float64Array] = [
    corner,
    corner.slice(),
    corner.slice().reverse(),
  ];
  const data = new Float64Array(2 * edge.length).fill(1);
  const bounded = nufft1(corners, data, modes, { eps: 1e-6 });
  t.ok(bounded.every(Number.isFinite), 'points on the seams stay finite');
  t.end();
});

t.test('no points, and no surprises', (t) => {
  const none: [Float64Array, Float64Array, Float64Array] = [
    new Float64Array(0),
    new Float64Array(0),
    new Float64Array(0),
  ];
  t.same(nufft1(none, new Float64Array(0), [3, 4, 5]), new Float64Array(120));
  t.same(nufft2(none, new Float64Array(120), [3, 4, 5]), new Float64Array(0));
  t.same(nufft1Real(none, new Float32Array(0), [3, 4, 5]), new Float32Array(60));
  t.end();
});

t.test('a plan repeats its transforms and writes where it is told', (t) => {
  const modes: Modes = [11, 8, 9];
  const { points, values, coefficients } = nufftCase(9, 200, modes);
  const options = { eps: 1e-7, sign: 1 } as const;
  const plan = nufftPlan(points, modes, options);
  const once = plan.type1(values);
  const out = new Float64Array(once.length);
  t.equal(plan.type1(values, out), out);
  t.same(out, once, 'the same bits again');
  t.ok(relativeError(once, directType1(points, values, modes, 1)) < 1e-6);
  const seen = plan.type2(coefficients);
  points[0].fill(0);
  t.same(plan.type2(coefficients), seen, 'the plan keeps its own points');
  t.end();
});

t.test('threads never change a bit', (t) => {
  const modes: Modes = [14, 12, 10];
  const { points, values } = nufftCase(10, 500, modes);
  const one = nufft1(points, values, modes, { eps: 1e-5, threads: 1 });
  t.same(nufft1(points, values, modes, { eps: 1e-5, threads: 4 }), one);
  t.end();
});

t.test('points may be of the other precision than the data', (t) => {
  const modes: Modes = [8, 8, 8];
  const { points, values } = nufftCase(11, 50, modes);
  const got = nufft1(points, Float32Array.from(values), modes, { eps: 1e-5 });
  t.ok(got instanceof Float32Array);
  t.ok(relativeError(got, directType1(points, values, modes, -1)) < 3e-5);
  t.end();
});

t.test('bad input is refused with what, where and what to do', (t) => {
  const modes: Modes = [4, 4, 4];
  const { points, values, coefficients } = nufftCase(12, 5, modes);
  const [x, y, z] = points;
  const broken = y.slice();
  broken[3] = Number.NaN;
  const infinite = z.slice();
  infinite[4] = Number.POSITIVE_INFINITY;
  const loose = { nufft1, nufft2 } as unknown as Record<
    'nufft1' | 'nufft2',
    (...input: unknown[]) => unknown
  >;
  const cases: [() => unknown, RegExp][] = [
    [() => nufft1([x, broken, z], values, modes), /nufft1: point 3 has y = NaN; remove/],
    [() => nufft2([x, y, infinite], coefficients, modes), /nufft2: point 4 has z = Infinity/],
    [() => nufft1([x, y.subarray(1), z], values, modes), /unequal lengths 5, 4, 5/],
    [
      () => nufft1([x, Float32Array.from(y), z], values, modes),
      /unequal kinds \(Float64Array, Float32Array, /,
    ],
    [
      () => nufft1(points, values.subarray(1), modes),
      /values must hold 10 numbers \(2 per point\), it holds 9/,
    ],
    [
      () => nufft2(points, coefficients.subarray(2), modes),
      /coefficients must hold 128 numbers \(2 per mode\)/,
    ],
    [
      () => nufft2Real(points, coefficients, modes),
      /coefficients must hold 64 numbers \(1 per mode\), it holds 128/,
    ],
    [() => loose.nufft1([x, y], values, modes), /points must be \[x, y, z\]/],
    [() => loose.nufft1([[1], [2], [3]], values, modes), /must each be a Float32Array or a Float64Array/],
    [() => loose.nufft1(points, [1, 2], modes), /values must be a Float32Array or a Float64Array, got Array/],
    [() => loose.nufft2(points, coefficients, [4, 4]), /modes must be \[nx, ny, nz\]/],
    [
      () => nufft1(points, values, [4, 4.5, 4]),
      /modes \[4, 4.5, 4\] must be three whole numbers between 1 and/,
    ],
    [() => nufft1(points, values, [4, 0, 4]), /three whole numbers between 1 and/],
    [() => nufft1(points, values, modes, { eps: 0 }), /eps must be a positive number, got 0/],
    [() => nufft1(points, values, modes, { eps: Number.NaN }), /eps must be a positive number/],
    [() => loose.nufft1(points, values, modes, { sign: 2 }), /sign must be 1 or -1, got 2/],
    [() => nufft1(points, values, modes, { upsampling: 1 }), /upsampling must lie between 1.15 and 4, got 1/],
    [
      () => nufftPlan(points, modes).type1(Float32Array.from(values)),
      /NufftPlan.type1: values is a Float32Array, but this transform works in Float64Array; convert it/,
    ],
    [() => nufftPlan(points, modes).type2(coefficients, new Float64Array(3)), /out must hold 10 numbers/],
  ];
  for (const [call, message] of cases) t.throws(call, { message }, String(message));
  t.end();
});

function inner(a: ArrayLike<number>, b: ArrayLike<number>): [number, number] {
  let re = 0;
  let im = 0;
  for (let i = 0; i < a.length; i += 2) {
    re += a[i]! * b[i]! + a[i + 1]! * b[i + 1]!;
    im += a[i + 1]! * b[i]! - a[i]! * b[i + 1]!;
  }
  return [re, im];
}
