import { writeFileSync } from 'node:fs';
import t from 'tap';
import { DataError } from '../../../runtime/errors.js';
import { parsePdb, readPdb } from '../../../tasks/formats/pdb.js';
import { molecule } from '../../../tasks/spi/particles/molecule.js';
import { needs, shared } from '../../support/needs.js';
import { damaged, outcomeOf, scratch } from './scratch.js';

/** One coordinate line, every field in its column. */
function atom(fields: {
  record?: string;
  name?: string;
  alternate?: string;
  residue?: string;
  chain?: string;
  number?: number;
  xyz?: [number, number, number];
  occupancy?: number;
  element?: string;
  charge?: string;
}): string {
  const f = {
    record: 'ATOM',
    name: ' CA ',
    alternate: ' ',
    residue: 'ALA',
    chain: 'A',
    number: 1,
    ...fields,
  };
  const [x, y, z] = (f.xyz ?? [1, 2, 3]).map((v) => v.toFixed(3).padStart(8)) as [string, string, string];
  return (
    `${f.record.padEnd(6)}    1 ${f.name}${f.alternate}${f.residue} ${f.chain}${String(f.number).padStart(4)}    ` +
    `${x}${y}${z}${(f.occupancy ?? 1).toFixed(2).padStart(6)} 20.00          ${(f.element ?? '').padStart(2)}${f.charge ?? ''}`
  );
}

t.test('elements come from columns 77-78, else from the atom name', (t) => {
  const cases: [name: string, element: string, expected: string][] = [
    [' CA ', 'C', 'C'],
    ['CA  ', 'CA', 'Ca'],
    [' CA ', '', 'C'],
    ['CA  ', '', 'Ca'],
    ['FE  ', '', 'Fe'],
    ['HG11', '', 'H'],
    ['HG  ', '', 'Hg'],
    ['1HB ', '', 'H'],
    [' OXT', '', 'O'],
    ['ZN  ', '', 'Zn'],
    [' N  ', 'n', 'N'],
    [' SG ', '', 'S'],
  ];
  const text = cases.map(([name, element]) => atom({ name, element })).join('\n');
  t.same(
    parsePdb(text, 'x.pdb').elements,
    cases.map(([, , expected]) => expected),
  );
  t.end();
});

t.test('numbers, charges and line ends', (t) => {
  const text = `HEADER\r\n${atom({ xyz: [-1.5, 22.125, 3], occupancy: 0.5, element: 'ZN', charge: '2+' })}\r\nEND\r\n`;
  const atoms = parsePdb(text, 'x.pdb');
  t.same([...atoms.positions], [-1.5, 22.125, 3]);
  t.same([...atoms.charges], [2]);
  t.same([...atoms.occupancies], [0.5]);
  t.same([...atoms.lines], [2]);
  t.equal(molecule(atoms).scatterers[0]!.label, 'Zn2+');
  t.end();
});

t.test('alternate locations: the likelier one stands for its site, or all are kept', (t) => {
  const text = [
    atom({ name: ' N  ', element: 'N' }),
    atom({ alternate: 'A', occupancy: 0.3, element: 'C', xyz: [1, 0, 0] }),
    atom({ alternate: 'B', occupancy: 0.7, element: 'C', xyz: [2, 0, 0] }),
  ].join('\n');
  const best = parsePdb(text, 'x.pdb');
  t.same([...best.positions].slice(3), [2, 0, 0]);
  t.same([...best.occupancies], [1, 1]);
  t.same([...parsePdb(text, 'x.pdb', { alternates: 'all' }).occupancies], [1, 0.3, 0.7]);
  t.end();
});

t.test('models, heterogens, waters', (t) => {
  const text = [
    'MODEL        1',
    atom({ element: 'C' }),
    'ENDMDL',
    'MODEL        2',
    atom({ element: 'N' }),
    atom({ record: 'HETATM', residue: 'HOH', name: ' O  ', element: 'O' }),
    atom({ record: 'HETATM', residue: ' ZN', name: 'ZN  ', element: 'ZN' }),
    'ENDMDL',
  ].join('\n');
  t.same(parsePdb(text, 'x.pdb').elements, ['C'], 'the first model is the default');
  t.same(parsePdb(text, 'x.pdb', { model: 2 }).elements, ['N', 'O', 'Zn']);
  t.same(parsePdb(text, 'x.pdb', { model: 2, waters: false }).elements, ['N', 'Zn']);
  t.same(parsePdb(text, 'x.pdb', { model: 2, heterogens: false }).elements, ['N']);
  t.throws(() => parsePdb(text, 'x.pdb', { model: 3 }), /model 3 has no atoms/);
  t.end();
});

t.test('biological assemblies', (t) => {
  const text = [
    'REMARK 350 BIOMOLECULE: 1',
    'REMARK 350 APPLY THE FOLLOWING TO CHAINS: A',
    'REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000',
    'REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000',
    'REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000',
    'REMARK 350   BIOMT1   2 -1.000000  0.000000  0.000000       10.00000',
    'REMARK 350   BIOMT2   2  0.000000 -1.000000  0.000000        0.00000',
    'REMARK 350   BIOMT3   2  0.000000  0.000000  1.000000        0.50000',
    atom({ element: 'C', xyz: [1, 2, 3] }),
    atom({ element: 'N', chain: 'B' }),
  ].join('\n');
  const assembled = parsePdb(text, 'x.pdb', { assembly: 1 });
  t.same([...assembled.positions], [1, 2, 3, 9, -2, 3.5]);
  t.same(assembled.elements, ['C', 'C'], 'chain B is not of it');
  t.throws(() => parsePdb(text, 'x.pdb', { assembly: 2 }), /assembly 2 was asked for/);
  t.throws(
    () => parsePdb(text.replace('BIOMT2   2', 'BIOMT3   2'), 'x.pdb', { assembly: 1 }),
    /line 7: this BIOMT row is damaged/,
  );
  t.end();
});

t.test('bad files end in a DataError that says where', (t) => {
  const refuse = (text: string, pattern: RegExp) => {
    try {
      molecule(parsePdb(text, 'bad.pdb'));
      t.fail(`not refused: ${pattern}`);
    } catch (error) {
      t.ok(error instanceof DataError && error.exitCode === 3 && pattern.test(error.message), `${error}`);
    }
  };
  refuse('', /bad\.pdb.*no ATOM or HETATM records/);
  refuse('HEADER    EMPTY\nEND\n', /bad\.pdb.*no ATOM or HETATM records/);
  refuse(
    atom({ element: 'XQ' }),
    /bad\.pdb, line 1: atom CA of ALA 1 A: no form factor is known for the element "Xq"/,
  );
  refuse(
    `REMARK\n${atom({ element: 'C' }).slice(0, 30)}   oops ${atom({}).slice(38)}`,
    /bad\.pdb, line 2, columns 31-38: the x coordinate "oops"/,
  );
  refuse(atom({ element: 'C' }).slice(0, 50), /line 1: the line ends at column 50/);
  const empty = scratch('empty.pdb');
  writeFileSync(empty, '');
  t.throws(() => readPdb(empty), /empty\.pdb/);
  t.throws(() => readPdb(scratch('missing.pdb')), /missing\.pdb: the file does not exist/);
  t.end();
});

t.test('damaged text is read or refused, never worse', (t) => {
  const text = [
    'MODEL        1',
    'REMARK 350 BIOMOLECULE: 1',
    'REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000',
    'REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000',
    'REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000',
    atom({ alternate: 'A', element: 'C' }),
    atom({ alternate: 'B', element: 'C' }),
    'ENDMDL',
  ].join('\n');
  const defects: string[] = [];
  for (const bytes of damaged(new TextEncoder().encode(text), 600, 20240611)) {
    const outcome = outcomeOf(() =>
      molecule(parsePdb(new TextDecoder('latin1').decode(bytes), 'fuzz.pdb', { assembly: 1 })),
    );
    if (typeof outcome === 'object') defects.push(outcome.defect);
  }
  t.same(defects, [], 'seed 20240611');
  t.end();
});

t.test('two entries of the archive', { skip: needs('shared-data') }, (t) => {
  const coat = readPdb(shared('data', 'pdb', '1EI7.pdb'));
  t.equal(coat.elements.length, 2804);
  t.equal(readPdb(shared('data', 'pdb', '1EI7.pdb'), { assembly: 1 }).elements.length, 34 * 2804);
  const siap = molecule(readPdb(shared('data', 'pdb', '2cex.pdb')));
  t.same(siap.scatterers.map((s) => s.label).sort(), ['C', 'N', 'O', 'S', 'Zn']);
  t.equal(siap.kinds.length, 2452);
  t.end();
});
