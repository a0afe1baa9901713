import t from 'tap';
import { align } from '../../../tasks/spi/align.js';
import { fourierShellCorrelation, meshShellCorrelation, resolutionAt } from '../../../tasks/spi/fsc.js';
import { phase } from '../../../tasks/spi/phase.js';
import { needs } from '../../support/needs.js';
import { referenceCase, relativeError } from './reference.js';

t.setTimeout(600_000);

t.test('shell correlations agree with the reference', { skip: needs('shared-data') }, (t) => {
  const reference = referenceCase('fsc');
  const a = Float64Array.from(reference.array('vol1'));
  const b = Float64Array.from(reference.array('vol2'));
  const curve = fourierShellCorrelation(a, b, 41, 6);
  t.ok(relativeError(curve.correlation, reference.array('fsc')) <= 1e-6, 'integer shells');
  t.ok(Math.abs(resolutionAt(curve, 0.5) - (reference.json['resolution_A_0p5'] as number)) < 1e-5, '0.5');
  t.ok(
    Math.abs(resolutionAt(curve, 0.143) - (reference.json['resolution_A_0p143'] as number)) < 1e-5,
    '0.143',
  );
  const mesh = reference.json['spinifel'] as {
    fsc: number[];
    rshell_per_A: number[];
    dist_recip_max_per_m: number;
  };
  const shells = meshShellCorrelation(a, b, 41, mesh.dist_recip_max_per_m);
  const count = mesh.fsc.length;
  t.ok(relativeError(shells.radius.slice(0, count), mesh.rshell_per_A) <= 1e-9, 'radii of the mesh shells');
  t.ok(relativeError(shells.correlation.slice(0, count), mesh.fsc) <= 1e-6, 'mesh shells');
  t.end();
});

t.test('a noise-free autocorrelation is phased to the edge', { skip: needs('shared-data') }, (t) => {
  const reference = referenceCase('phasing');
  const truth = Float32Array.from(reference.array('rho'));
  const autocorrelation = { data: Float32Array.from(reference.array('ac')), n: 41, voxel: 6 };
  const found = phase(autocorrelation, { seed: 1 });
  const aligned = align(found.density, { data: truth, n: 41, voxel: 6 }, { rotation: false });
  const curve = fourierShellCorrelation(aligned.volume.data, truth, 41, 6);
  const shells = curve.correlation.findIndex((c, k) => k > 0 && c < 0.5);
  t.ok(aligned.correlation >= 0.99, `cc ${aligned.correlation}, R ${found.rFactor}`);
  t.equal(shells, -1, 'FSC above 0.5 to the last shell');
  t.end();
});
