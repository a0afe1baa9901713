import t from 'tap';
import {
  align,
  alignShift,
  beamStopMask,
  estimateDiameter,
  fourierShellCorrelation,
  fromRotationVector,
  merge,
  orientationErrors,
  particleDensity,
  phase,
  planSchedule,
  randomQuaternions,
  reconstruct,
  resolutionAt,
  rotateVolume,
  selectPixels,
  simulate,
  squareReaching,
  threeLobe,
} from '../../../tasks/spi/index.js';
import { multiply } from '../../../tasks/spi/quaternion.js';

// A busy machine may take minutes for what needs ten seconds.
t.setTimeout(600_000);

const particle = threeLobe();
const detector = squareReaching(32, 4600, 20, 'corner');
const simulation = simulate({
  particles: [particle],
  images: 200,
  detector,
  beam: { photonEnergy: 4600 },
  photonsPerImage: 50000,
  fluenceJitter: { distribution: 'lognormal', sigma: 0.2 },
  seed: 7,
});
const s = simulation.pixelPositionReciprocal.map((v) => v * 1e-10);
const pixels = { s, correction: simulation.correction, mask: simulation.mask };

t.test('the size of the particle shows in the images', (t) => {
  const selection = selectPixels(pixels);
  const mean = new Float64Array(1024);
  simulation.intensities.forEach((v, i) => {
    mean[i % 1024]! += v / 200;
  });
  const diameter = estimateDiameter(mean, selection);
  t.ok(diameter > 115 && diameter < 155, `${diameter} Angstrom, true 131.5`);
  const mask = beamStopMask(detector, 2 * Math.sqrt(detector.pixelArea));
  const behind = selectPixels({ ...pixels, mask });
  t.ok(behind.index.length < selection.index.length, 'a beam stop hides pixels');
  const hidden = estimateDiameter(
    Float64Array.from(behind.index, (i) => mean[i]!),
    behind,
  );
  t.ok(hidden > 115 && hidden < 190, `${hidden} Angstrom behind a beam stop`);
  t.end();
});

t.test('images in true orientations give the particle', (t) => {
  const { volume } = merge(simulation.intensities, simulation.orientations, pixels, {
    diameter: 140,
    fluence: simulation.fluences,
  });
  const { density, rFactor } = phase(volume, { seed: 1, extent: 1, radius: 80 });
  const truth = particleDensity(particle, density.n, density.voxel);
  const { correlation } = alignShift(density, truth);
  t.ok(correlation > 0.9, `cc ${correlation}, R ${rFactor}`);
  t.end();
});

t.test('200 images of unknown orientation give the particle, from nothing', (t) => {
  const result = reconstruct(
    { images: simulation.intensities, count: 200, detector: pixels },
    { seed: 3, schedule: { density: 0.5, starts: 3, keep: 3, halfStarts: 1 } },
  );
  const errors = orientationErrors(result.orientations, simulation.orientations);
  t.ok(errors.within10 >= 0.85, `${errors.within10} within 10 degrees, median ${errors.median}`);
  const { density } = result.map;
  const truth = particleDensity(particle, density.n, density.voxel, errors.rotation);
  const { correlation, volume } = alignShift(density, truth);
  t.ok(correlation > 0.85, `cc ${correlation}`);
  const curve = fourierShellCorrelation(volume.data, truth.data, density.n, density.voxel);
  t.ok(resolutionAt(curve, 0.5) < 24, `FSC 0.5 at ${resolutionAt(curve, 0.5)} Angstrom`);
  t.ok(result.halves!.resolution < 24, `half sets ${result.halves!.resolution} Angstrom`);
  // The same without being told the frame.
  const blind = align(density, particleDensity(particle, density.n, density.voxel));
  t.ok(blind.correlation > correlation - 0.05, `blind alignment: ${blind.correlation}`);
  const ratios = Array.from(simulation.fluences, (f, i) => result.fluence[i]! / f).sort((a, b) => a - b);
  const spread = ratios[160]! / ratios[40]! - 1;
  t.ok(spread < 0.03, `most fluences agree to ${spread}`);
  t.end();
});

t.test('alignment finds rotation, hand and shift', (t) => {
  const n = 24;
  const reference = particleDensity(particle, n, 10);
  const turn = fromRotationVector(0.9, -0.4, 1.3);
  const turned = rotateVolume(reference, turn);
  const exact = particleDensity(particle, n, 10, turn);
  const inside = fourierShellCorrelation(turned.data, exact.data, n, 10).correlation;
  t.ok(Math.min(...inside.slice(0, 11)) > 0.999, 'turning a volume is turning the particle');
  // Another hand and place: the point reflection through the centre, rolled by (2, -1, 3).
  const moved = new Float32Array(n ** 3);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++) {
        const to = (((2 - i + 2 * n) % n) * n + ((-1 - j + 2 * n) % n)) * n + ((3 - k + 2 * n) % n);
        moved[to] = exact.data[(i * n + j) * n + k]!;
      }
  const found = align({ data: moved, n, voxel: 10 }, reference);
  t.ok(found.inverted, 'hand');
  t.ok(found.correlation > 0.9, `cc ${found.correlation}`);
  const low = fourierShellCorrelation(found.volume.data, reference.data, n, 10).correlation;
  t.ok(Math.min(...low.slice(0, 10)) > 0.98, `shells ${Array.from(low.slice(0, 10))}`);
  t.throws(() => align({ data: moved, n, voxel: 10 }, { ...reference, voxel: 9 }), /the volumes differ/);
  t.end();
});

t.test('orientation errors do not depend on the frame of the reconstruction', (t) => {
  const truth = randomQuaternions(60, 4);
  const frame = fromRotationVector(1, 2, 0.3);
  const found = new Float64Array(240);
  for (let i = 0; i < 60; i++) {
    const off = fromRotationVector(0, i < 50 ? 0.02 : 1.2, 0);
    multiply(off, 0, multiply(truth, 4 * i, frame, 0), 0, found, 4 * i);
  }
  const errors = orientationErrors(found, truth);
  t.ok(Math.abs(errors.median - (0.02 * 180) / Math.PI) < 0.2, `median ${errors.median}`);
  t.ok(errors.within10 >= 50 / 60 && errors.within10 < 0.9, `${errors.within10} within 10 degrees`);
  t.end();
});

t.test('the schedule is data: coarse to fine, never beyond the detector', (t) => {
  const { generations } = planSchedule(130, 0.1);
  const extents = generations.map((g) => g.extent);
  t.same(
    extents,
    [...extents].sort((a, b) => a - b),
    'detail grows',
  );
  t.equal(extents.at(-1), 0.1, 'to the edge');
  t.ok(
    planSchedule(130, 0.03).generations.every((g) => g.extent <= 0.03),
    'a small detector',
  );
  t.end();
});
