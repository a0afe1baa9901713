/**
 * A chaperonin-like double ring of 16 pseudo-atom subunits with the symmetry D8 (an eightfold axis along z, twofold
 * axes across it), open or closed: a particle with two conformations for trying reconstructions. Each subunit has the
 * four domains of a group-II chaperonin; in the closed state the apical domains fold inward about a hinge and the lids
 * meet over the opening.
 */
import { randomStream } from '../philox.js';
import { gaussianScatterer, type Particle } from './particle.js';

/** A domain of the subunit on the x axis, before it is tilted: x radial, y along the ring, z up. Angstrom. */
interface Domain {
  readonly atoms: number;
  readonly centre: readonly [number, number, number];
  readonly spread: readonly [number, number, number];
  /** Whether it moves between the states. */
  readonly hinged: boolean;
}

const DOMAINS: readonly Domain[] = [
  { atoms: 16, centre: [47, 1, 20.5], spread: [10, 10, 9.5], hinged: false }, // equatorial
  { atoms: 8, centre: [57.5, 5, 39.5], spread: [5, 5, 6], hinged: false }, // intermediate
  { atoms: 14, centre: [56, 6, 62], spread: [7.5, 9, 6.5], hinged: true }, // apical
  { atoms: 6, centre: [50.5, 8.5, 76.5], spread: [3.5, 4.5, 3], hinged: true }, // lid
];
const HINGE = { x: 52, z: 40 };
const LID = 3;
/** Outward tilt about the hinge, degrees. */
const TILT = { open: 24, closed: -30 };
/** What the lids do besides in the closed state: a twist about the axis of the ring, and a step towards it. */
const LID_TWIST = 18;
const LID_INWARD = 8;

const RADIANS = Math.PI / 180;

/**
 * The ring in one of its states: 704 pseudo-atoms of 100 electrons with B = 400 Angstrom^2. Both states are made of the
 * same subunit; the equatorial and intermediate domains stay where they are.
 */
export function ring(options: { readonly state: 'open' | 'closed' }): Particle {
  const subunit = subunitAtoms(options.state);
  const perSubunit = subunit.length / 3;
  const positions = new Float64Array(16 * subunit.length);
  for (let copy = 0; copy < 16; copy++) {
    const angle = (copy % 8) * 45 * RADIANS;
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    // The second ring is the first one turned by half a turn about x.
    const side = copy < 8 ? 1 : -1;
    for (let i = 0; i < perSubunit; i++) {
      const x = subunit[3 * i]!;
      const y = side * subunit[3 * i + 1]!;
      const at = 3 * (copy * perSubunit + i);
      positions[at] = cos * x - sin * y;
      positions[at + 1] = sin * x + cos * y;
      positions[at + 2] = side * subunit[3 * i + 2]!;
    }
  }
  return {
    name: `ring, ${options.state}`,
    positions,
    kinds: new Uint16Array(positions.length / 3),
    scatterers: [gaussianScatterer('blob', 100, 400)],
    symmetry: dihedral(8),
  };
}

/** The group D_n as quaternions: an n-fold axis along z, n twofold axes across it. */
function dihedral(n: number): Float64Array {
  const out = new Float64Array(8 * n);
  for (let i = 0; i < n; i++) {
    const half = (Math.PI * i) / n;
    out.set([Math.cos(half), 0, 0, Math.sin(half)], 4 * i);
    out.set([0, Math.cos(half), Math.sin(half), 0], 4 * (n + i));
  }
  return out;
}

function subunitAtoms(state: 'open' | 'closed'): Float64Array {
  const random = randomStream(20240611, 0);
  const atoms: number[] = [];
  DOMAINS.forEach((domain, index) => {
    for (let i = 0; i < domain.atoms; i++) {
      let [x, y, z] = domain.centre.map((c, axis) => c + domain.spread[axis]! * withinTwo(random.normal)) as [
        number,
        number,
        number,
      ];
      if (domain.hinged) {
        const tilt = TILT[state] * RADIANS;
        const across = x - HINGE.x;
        const up = z - HINGE.z;
        x = HINGE.x + across * Math.cos(tilt) + up * Math.sin(tilt);
        z = HINGE.z - across * Math.sin(tilt) + up * Math.cos(tilt);
      }
      if (index === LID && state === 'closed') {
        x -= LID_INWARD;
        const twist = LID_TWIST * RADIANS;
        [x, y] = [x * Math.cos(twist) - y * Math.sin(twist), x * Math.sin(twist) + y * Math.cos(twist)];
      }
      atoms.push(x, y, z);
    }
  });
  return Float64Array.from(atoms);
}

/** A normal number drawn again until it lies within two standard deviations, so that no atom strays. */
function withinTwo(normal: () => number): number {
  for (;;) {
    const value = normal();
    if (Math.abs(value) <= 2) return value;
  }
}
