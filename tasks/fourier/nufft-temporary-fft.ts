/** A stand-in until the fast transforms of this folder land; then it goes. Complex, in place, any size. */
export function fft3(
  data: Float64Array,
  shape: readonly [number, number, number],
  options: { sign: 1 | -1; out: Float64Array },
): void {
  const strides = [shape[1] * shape[2], shape[2], 1];
  for (let axis = 0; axis < 3; axis++) {
    const n = shape[axis]!;
    const twiddle = new Float64Array(2 * n);
    for (let i = 0; i < n; i++) {
      twiddle[2 * i] = Math.cos((2 * Math.PI * i) / n);
      twiddle[2 * i + 1] = options.sign * Math.sin((2 * Math.PI * i) / n);
    }
    const input = new Float64Array(2 * n);
    const output = new Float64Array(2 * n);
    const total = shape[0] * shape[1] * shape[2];
    const stride = strides[axis]!;
    for (let start = 0; start < total; start++) {
      if (Math.floor(start / stride) % n !== 0) continue;
      for (let i = 0; i < n; i++) {
        input[2 * i] = data[2 * (start + i * stride)]!;
        input[2 * i + 1] = data[2 * (start + i * stride) + 1]!;
      }
      recurse(input, 0, 1, output, 0, n, twiddle, n);
      for (let i = 0; i < n; i++) {
        options.out[2 * (start + i * stride)] = output[2 * i]!;
        options.out[2 * (start + i * stride) + 1] = output[2 * i + 1]!;
      }
    }
  }
}

function recurse(
  input: Float64Array,
  from: number,
  step: number,
  output: Float64Array,
  to: number,
  n: number,
  twiddle: Float64Array,
  size: number,
): void {
  if (n === 1) {
    output[2 * to] = input[2 * from]!;
    output[2 * to + 1] = input[2 * from + 1]!;
    return;
  }
  let p = 2;
  while (n % p !== 0) p++;
  const m = n / p;
  for (let r = 0; r < p; r++) recurse(input, from + r * step, step * p, output, to + r * m, m, twiddle, size);
  const re = new Float64Array(p);
  const im = new Float64Array(p);
  const unit = size / n;
  for (let k = 0; k < m; k++) {
    for (let q = 0; q < p; q++) {
      let a = 0;
      let b = 0;
      for (let r = 0; r < p; r++) {
        const t = (unit * r * (k + q * m)) % size;
        const x = output[2 * (to + r * m + k)]!;
        const y = output[2 * (to + r * m + k) + 1]!;
        a += x * twiddle[2 * t]! - y * twiddle[2 * t + 1]!;
        b += x * twiddle[2 * t + 1]! + y * twiddle[2 * t]!;
      }
      re[q] = a;
      im[q] = b;
    }
    for (let q = 0; q < p; q++) {
      output[2 * (to + q * m + k)] = re[q]!;
      output[2 * (to + q * m + k) + 1] = im[q]!;
    }
  }
}

/** The least even 2,3,5-smooth number that is not below n. */
export function goodSize(n: number, _even: 'even'): number {
  for (let m = n + (n & 1); ; m += 2) {
    let rest = m;
    for (const p of [2, 3, 5]) while (rest % p === 0) rest /= p;
    if (rest === 1) return m;
  }
}
