import t from 'tap';
import { type Particle, particleRadius } from '../../../tasks/spi/particles/particle.js';
import { ring } from '../../../tasks/spi/particles/ring.js';
import { rotationMatrix } from '../../../tasks/spi/quaternion.js';
import { structureFactors } from '../../../tasks/spi/structure-factor.js';

/** The largest distance of an image of an atom under `turn` from the nearest atom. */
function misfit(particle: Particle, turn: (x: number, y: number, z: number) => readonly number[]): number {
  let worst = 0;
  const p = particle.positions;
  for (let i = 0; i < p.length; i += 3) {
    const [x, y, z] = turn(p[i]!, p[i + 1]!, p[i + 2]!) as [number, number, number];
    let nearest = Number.POSITIVE_INFINITY;
    for (let j = 0; j < p.length; j += 3) {
      nearest = Math.min(nearest, Math.hypot(p[j]! - x, p[j + 1]! - y, p[j + 2]! - z));
    }
    worst = Math.max(worst, nearest);
  }
  return worst;
}

t.test('both states have the symmetry D8 and no mirror', (t) => {
  for (const state of ['open', 'closed'] as const) {
    const particle = ring({ state });
    const c = Math.SQRT1_2;
    t.equal(particle.kinds.length, 16 * 44);
    t.ok(misfit(particle, (x, y, z) => [c * (x - y), c * (x + y), z]) < 1e-9, `${state}: eightfold about z`);
    t.ok(misfit(particle, (x, y, z) => [x, -y, -z]) < 1e-9, `${state}: twofold about x`);
    t.ok(misfit(particle, (x, y, z) => [x, y, -z]) > 1, `${state}: no mirror`);
    const R = new Float64Array(9);
    const turns = Array.from({ length: particle.symmetry!.length / 4 }, (_, i) => {
      rotationMatrix(particle.symmetry!, 4 * i, R);
      const row = (r: number, x: number, y: number, z: number) => R[r]! * x + R[r + 1]! * y + R[r + 2]! * z;
      return misfit(particle, (x, y, z) => [row(0, x, y, z), row(3, x, y, z), row(6, x, y, z)]);
    });
    t.equal(turns.length, 16);
    t.ok(Math.max(...turns) < 1e-9, `${state}: the rotations that it names leave it as it is`);
    t.ok(
      particleRadius(particle) > 85 && particleRadius(particle) < 115,
      `${state}: ${particleRadius(particle)} A`,
    );
  }
  t.end();
});

t.test('the states differ in the apical domains and lids only, and enough to be told apart', (t) => {
  const open = ring({ state: 'open' });
  const closed = ring({ state: 'closed' });
  let fixed = 0;
  let nearestToAxis = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < 704; i++) {
    const at = 3 * i;
    const same = [0, 1, 2].every((c) => open.positions[at + c] === closed.positions[at + c]);
    if (same !== i % 44 < 24) fixed++;
    nearestToAxis = [open, closed].map((p, s) =>
      Math.abs(p.positions[at + 2]!) > 55
        ? Math.min(nearestToAxis[s]!, Math.hypot(p.positions[at]!, p.positions[at + 1]!))
        : nearestToAxis[s]!,
    );
  }
  t.equal(fixed, 0, 'equatorial and intermediate domains stay');
  t.ok(
    nearestToAxis[1]! < 25 && nearestToAxis[0]! > 40,
    `the closed state covers the opening: ${nearestToAxis.join()}`,
  );
  const s = Float64Array.from({ length: 300 }, (_, i) => 0.03 * Math.sin(i * 1.7));
  const a = structureFactors(open, s);
  const b = structureFactors(closed, s);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += a[i]! ** 2;
  }
  t.ok(difference > 0.05 * size, `relative difference ${Math.sqrt(difference / size)}`);
  t.end();
});
