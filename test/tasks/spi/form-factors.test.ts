import t from 'tap';
import { atomicNumber, atomicNumberScatterer, elementScatterer } from '../../../tasks/spi/form-factors.js';
import { molecule } from '../../../tasks/spi/particles/molecule.js';
import { formFactor } from '../../../tasks/spi/particles/particle.js';
import { WAASMAIER_KIRFEL } from '../../../tasks/spi/waasmaier-kirfel.js';
import { needs } from '../../support/needs.js';
import { referenceCase } from './reference.js';

t.test('forward scattering is the number of electrons, and f falls from there', (t) => {
  const wrong: string[] = [];
  for (const [label, Z] of WAASMAIER_KIRFEL) {
    const ion = /(\d*)([+-])$/.exec(label);
    const charge = ion ? Number(ion[1] || 1) * (ion[2] === '+' ? 1 : -1) : 0;
    const scatterer = elementScatterer(label.replace(/\d*[+-]$/, ''), charge)!;
    const named = scatterer.label === label || label === 'Siva' || label === 'Cval';
    if (label !== 'Siva' && label !== 'Cval' && Math.abs(formFactor(scatterer, 0) - (Z - charge)) > 0.04)
      wrong.push(label);
    for (let s = 0; s < 4; s += 0.1) {
      if (!(formFactor(scatterer, (s + 0.1) ** 2) < formFactor(scatterer, s * s)))
        wrong.push(`${label} at ${s}`);
    }
    if (!named) wrong.push(`${label} is called ${scatterer.label}`);
  }
  t.same(wrong, []);
  t.equal(WAASMAIER_KIRFEL.length, 211);
  for (let Z = 1; Z <= 98; Z++) if (!atomicNumberScatterer(Z)) wrong.push(`Z = ${Z}`);
  t.same(wrong, [], 'hydrogen to californium');
  t.end();
});

t.test('names: any case, deuterium, ions with and without a row, unknown ones', (t) => {
  t.equal(elementScatterer('FE')!.label, 'Fe');
  t.equal(elementScatterer('fe', 3)!.label, 'Fe3+');
  t.equal(elementScatterer('Fe', 7)!.label, 'Fe');
  t.equal(elementScatterer('D')!.label, 'H');
  t.equal(elementScatterer('Xx'), undefined);
  t.equal(atomicNumber('zn'), 30);
  t.end();
});

t.test('the coefficients are those of the reference', { skip: needs('shared-data') }, (t) => {
  const text = referenceCase('molecule').json['form_factor'] as string;
  const table = JSON.parse(text.slice(text.indexOf('{"'), text.lastIndexOf('}') + 1)) as Record<
    string,
    number[]
  >;
  for (const [Z, row] of Object.entries(table)) {
    const { label, a, b, c } = atomicNumberScatterer(Number(Z))!;
    t.same([...a, c, ...b], row, label);
  }
  t.end();
});

t.test('a molecule is centred as asked, and refuses what it does not know', (t) => {
  const atoms = {
    file: 'm.pdb',
    positions: new Float64Array([0, 0, 0, 7, 0, 0]),
    elements: ['H', 'C'],
    names: ['H1', 'C1'],
    lines: [3, 4],
  };
  const mass = molecule(atoms).positions;
  t.ok(Math.abs(mass[0]! + 6) < 1e-3 && Math.abs(mass[3]! - 1) < 1e-3, 'one electron at -6, six at 1');
  t.same([...molecule(atoms, { centre: 'box' }).positions], [-3.5, 0, 0, 3.5, 0, 0]);
  t.same([...molecule(atoms, { centre: 'none' }).positions], [...atoms.positions]);
  t.throws(
    () => molecule({ ...atoms, elements: ['H', 'Qq'] }),
    /m\.pdb, line 4: atom C1: no form factor.*"Qq"/,
  );
  t.throws(() => molecule({ ...atoms, elements: [], positions: new Float64Array(0) }), /there are no atoms/);
  t.end();
});
