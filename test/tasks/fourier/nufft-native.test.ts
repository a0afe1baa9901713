// The native transforms against the plain ones: the same sums on the same grid, so they agree far below the
// tolerance.
import t from 'tap';
import { type Modes, nufftPlan, type Sign } from '../../../tasks/fourier/index.js';
import { needs } from '../../support/needs.js';
import { nufftCase, relativeError } from './direct-sum.js';

const skip = needs('addon');

t.test('native and plain agree to rounding for every width', { skip }, (t) => {
  const failures: string[] = [];
  const shapes: Modes[] = [
    [14, 9, 20],
    [5, 33, 8],
    [1, 2, 3],
  ];
  const seen = new Set<string>();
  for (const kind of ['float32', 'float64'] as const) {
    const floor = kind === 'float32' ? 3e-6 : 3e-14;
    for (const [index, modes] of shapes.entries()) {
      const made = nufftCase(400 + index, 120, modes);
      const array = (a: Float64Array): Float32Array | Float64Array =>
        kind === 'float32' ? Float32Array.from(a) : a;
      const values = array(made.values);
      const coefficients = array(made.coefficients);
      const [half, density] = [values.slice(0, 120), coefficients.slice(0, coefficients.length / 2)];
      for (const upsampling of [1.25, 2]) {
        for (let digits = 1; digits <= 14; digits++) {
          const sign: Sign = digits % 2 === 0 ? 1 : -1;
          const options = { eps: 10 ** -digits, kind, sign, upsampling } as const;
          const native = nufftPlan(made.points, modes, { ...options, variant: 'native' });
          const plain = nufftPlan(made.points, modes, { ...options, variant: 'plain' });
          seen.add(`${kind} ${native.design.kernel.width}`);
          const errors = [
            relativeError(native.type1(values), plain.type1(values)),
            relativeError(native.type2(coefficients), plain.type2(coefficients)),
            relativeError(native.type1Real(half), plain.type1Real(half)),
            relativeError(native.type2Real(density), plain.type2Real(density)),
          ];
          const worst = Math.max(...errors);
          // A tiny result of large terms loses digits in both; the tolerance itself bounds that.
          if (!(worst <= Math.max(floor, 0.1 * native.design.eps))) {
            failures.push(`${kind} [${modes}] sigma ${upsampling} eps ${options.eps}: ${errors.join(' ')}`);
          }
          native.close();
        }
      }
    }
  }
  t.same(failures, []);
  for (let width = 2; width <= 16; width++) t.ok(seen.has(`float64 ${width}`), `width ${width} was tried`);
  t.end();
});

t.test('repeats and fresh plans give the same bits', { skip }, (t) => {
  const modes: Modes = [20, 18, 16];
  const { points, values } = nufftCase(77, 5000, modes);
  const plan = nufftPlan(points, modes, { eps: 1e-6 });
  const first = plan.type1(values);
  t.same(plan.type1(values), first);
  t.same(nufftPlan(points, modes, { eps: 1e-6, threads: 2 }).type1(values), first);
  t.end();
});

t.test('crowded, scattered and distant points give what the plain transform gives', { skip }, (t) => {
  const modes: Modes = [30, 30, 30];
  const made = nufftCase(78, 3000, modes);
  const crowd = made.points.map((axis) => axis.map((x) => 0.01 * x)) as typeof made.points;
  const far = made.points.map((axis, i) =>
    axis.map((x, j) => (j % 3 === i ? x + 1e11 : x)),
  ) as typeof made.points;
  const line = made.points.map((axis, i) => (i === 2 ? axis : axis.map(() => Math.PI))) as typeof made.points;
  for (const [name, points] of Object.entries({ crowd, far, line })) {
    const native = nufftPlan(points, modes, { eps: 1e-9, variant: 'native' });
    const plain = nufftPlan(points, modes, { eps: 1e-9, variant: 'plain' });
    const error1 = relativeError(native.type1(made.values), plain.type1(made.values));
    const error2 = relativeError(native.type2(made.coefficients), plain.type2(made.coefficients));
    // At 1e11 radians one unit in the last place is 1.5e-5 radians: the two divisions by 2 pi may differ by that.
    const allowed = name === 'far' ? 1e-3 : 1e-11;
    t.ok(error1 < allowed && error2 < allowed, `${name}: ${error1} ${error2}`);
  }
  t.end();
});

t.test('a closed plan says so', { skip }, (t) => {
  const { points, values, modes } = nufftCase(79, 10, [4, 4, 4]);
  const plan = nufftPlan(points, modes, { variant: 'native' });
  plan.close();
  t.throws(() => plan.type1(values), { message: /the plan is closed/ });
  t.end();
});
