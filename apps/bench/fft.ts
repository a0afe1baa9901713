// `maniple bench fft`: the three-dimensional transforms and the matrix product of orientation scores, one thread. Peers:
// SciPy or NumPy in the same run where python3 has one, else FFTW as once recorded; and our own TypeScript.
import { spawnSync } from 'node:child_process';
import { addon } from '../../native/index.js';
import { fft3, irfft3, rfft3, type Shape3 } from '../../tasks/fourier/index.js';
import { fft3Twin, rfft3Twin } from '../../tasks/fourier/twin.js';
import { scoresWith } from '../../tasks/spi/scores.js';
import { scoresTwin } from '../../tasks/spi/scores-twin.js';
import type { BenchRow } from './index.js';
import { timed } from './timing/repeats.js';

export const summary = '3D Fourier transforms and orientation scores on one thread';

/** FFTW 3.3.10 (MEASURE, one thread) on an idle AMD EPYC of the Zen 5 family: milliseconds. */
const recorded: Record<string, number> = {
  'complex 64 f32': 0.57,
  'complex 128 f32': 6.9,
  'complex 128 f64': 13.0,
  'real 128 f32': 5.0,
  'real 128 f64': 9.3,
};
const recordedName = 'FFTW 3.3.10, recorded on a Zen 5 EPYC';

type Kind = typeof Float32Array | typeof Float64Array;

function wave(kind: Kind, length: number): Float32Array | Float64Array {
  return new kind(length).map((_, i) => Math.sin(0.7 * i));
}

function row(
  name: string,
  time: { best: number; spread: number },
  peer: number | null,
  peerName: string | null,
): BenchRow {
  return {
    case: name,
    ours: time.best,
    peer,
    peerName,
    unit: 'ms',
    ratio: peer === null ? null : peer / time.best,
    spread: time.spread,
  };
}

/** Processor time in ms of SciPy's or NumPy's transforms (pocketfft), best of half a second each; null without. */
function pythonTimes(sizes: number[]): { name: string; times: Record<string, number> } | null {
  const program = `
import json, sys, time
import numpy as np
try:
    import scipy, scipy.fft as fft
    peer = f'SciPy {scipy.__version__}'
except ImportError:
    fft, peer = np.fft, f'NumPy {np.__version__}'
times = {}
for n in json.loads(sys.argv[1]):
    for kind, letter in ((np.float32, 'f32'), (np.float64, 'f64')):
        real = np.sin(0.7 * np.arange(n ** 3)).astype(kind).reshape(n, n, n)
        whole = real.astype(np.result_type(kind, np.complex64))
        half = fft.rfftn(real)
        for name, run in (('complex', lambda: fft.fftn(whole)), ('real', lambda: fft.rfftn(real)),
                          ('back to real', lambda: fft.irfftn(half, real.shape, (0, 1, 2)))):
            best, end = 1e9, time.monotonic() + 0.5
            while best == 1e9 or time.monotonic() < end:
                start = time.thread_time()
                run()
                best = min(best, time.thread_time() - start)
            times[f'{name} {n} {letter}'] = best * 1e3
print(json.dumps({'name': f'{peer}, same run', 'times': times}))
`;
  const done = spawnSync('python3', ['-c', program, JSON.stringify(sizes)], { encoding: 'utf8' });
  return done.status === 0 ? JSON.parse(done.stdout) : null;
}

function transforms(): BenchRow[] {
  const rows: BenchRow[] = [];
  const sizes = [64, 81, 96, 128, 162];
  const python = pythonTimes(sizes);
  for (const n of sizes) {
    for (const kind of [Float32Array, Float64Array] as Kind[]) {
      const shape: Shape3 = [n, n, n];
      const letter = kind === Float32Array ? 'f32' : 'f64';
      const data = wave(kind, 2 * n ** 3);
      const out = new kind(2 * n ** 3);
      const real = data.subarray(0, n ** 3);
      const spectrum = new kind(2 * n * n * (Math.floor(n / 2) + 1));
      const back = new kind(n ** 3);
      const cases: [string, () => void, (() => void) | null][] = [
        ['complex', () => fft3(data, shape, { out }), () => fft3Twin(data, shape, -1, 1, out)],
        ['real', () => rfft3(real, shape, { out: spectrum }), () => rfft3Twin(real, shape, 1, spectrum)],
        ['back to real', () => irfft3(spectrum, shape, { out: back }), null],
      ];
      for (const [what, ours, twin] of cases) {
        const name = `${what} ${n} ${letter}`;
        const time = timed(ours);
        const known = recorded[name];
        if (python !== null) rows.push(row(name, time, python.times[name]!, python.name));
        else if (known !== undefined) rows.push(row(name, time, known, recordedName));
        else rows.push(row(name, time, null, null));
        // The twin is slow: one size says enough.
        if (n === 64 && twin) rows.push(row(name, time, timed(twin, { repeats: 3 }).best, 'our TypeScript'));
      }
    }
  }
  return rows;
}

function scores(): BenchRow[] {
  const [n, m, pixels] = [256, 1024, 4096];
  const images = wave(Float32Array, n * pixels).map((x) => Math.floor(3 + 3 * x)) as Float32Array;
  const references = wave(Float32Array, m * pixels).map((x) => 2 + x) as Float32Array;
  const options = { metric: 'poisson', pixels } as const;
  const time = timed(() => scoresWith(addon ?? scoresTwin, images, references, options), { repeats: 5 });
  // A sixteenth of the images, because the twin is slow; its time grows with their number.
  const few = images.subarray(0, (n / 16) * pixels);
  const twin = 16 * timed(() => scoresWith(scoresTwin, few, references, options), { repeats: 2 }).best;
  const rate = (ms: number) => (2 * n * m * pixels) / ms / 1e6;
  return [
    {
      case: `scores ${n} images x ${m} references x ${pixels} pixels`,
      ours: rate(time.best),
      peer: rate(twin),
      peerName: 'our TypeScript',
      unit: 'GFLOP/s',
      ratio: twin / time.best,
      spread: time.spread,
    },
  ];
}

export async function measure(): Promise<BenchRow[]> {
  return [...transforms(), ...scores()];
}
