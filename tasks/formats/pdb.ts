/**
 * Atoms from files in the PDB format (wwPDB, version 3.3): ATOM and HETATM records, alternate locations, models,
 * biological assemblies (REMARK 350).
 */
import { DataError } from '../../runtime/errors.js';
import { readBytes } from './files.js';

/** The atoms of a file, in its order. */
export interface PdbAtoms {
  readonly file: string;
  /** (n, 3), Angstrom. */
  readonly positions: Float64Array;
  /** (n): element symbols such as `C`, `Fe`; as written where the element is unknown. */
  readonly elements: string[];
  /** (n): charges where columns 79-80 state one, else 0. */
  readonly charges: Int8Array;
  /** (n). */
  readonly occupancies: Float64Array;
  /** (n), Angstrom^2. */
  readonly temperatureFactors: Float64Array;
  /** (n): `CA of ALA 12 A`. */
  readonly names: string[];
  /** (n): chain identifiers. */
  readonly chains: string[];
  /** (n): line numbers, from 1. */
  readonly lines: Int32Array;
}

export interface PdbOptions {
  /** Number of the model to read, from 1; default the first in the file. */
  readonly model?: number;
  /**
   * 'best' (default) keeps, of every group of alternate locations in a residue, the one with the highest occupancy,
   * and gives it the occupancy of the whole group; 'all' keeps all with their own occupancies.
   */
  readonly alternates?: 'best' | 'all';
  /** Build biological assembly number 1, 2, ... from the BIOMT operations of REMARK 350; default: as listed. */
  readonly assembly?: number;
  /** False leaves out HETATM records. Default true. */
  readonly heterogens?: boolean;
  /** False leaves out waters. Default true. */
  readonly waters?: boolean;
}

const WATERS = new Set(['HOH', 'DOD', 'WAT', 'H2O', 'TIP']);

/** Every symbol of one or two letters that names an element, in the capitals of the format. */
const ELEMENTS = new Set(
  (
    'H D HE LI BE B C N O F NE NA MG AL SI P S CL AR K CA SC TI V CR MN FE CO NI CU ZN GA GE AS SE BR KR RB SR Y ZR ' +
    'NB MO TC RU RH PD AG CD IN SN SB TE I XE CS BA LA CE PR ND PM SM EU GD TB DY HO ER TM YB LU HF TA W RE OS IR PT ' +
    'AU HG TL PB BI PO AT RN FR RA AC TH PA U NP PU AM CM BK CF ES FM MD NO LR'
  ).split(' '),
);

interface Atom {
  x: number;
  y: number;
  z: number;
  element: string;
  charge: number;
  occupancy: number;
  temperatureFactor: number;
  name: string;
  chain: string;
  line: number;
  /** Chain, residue and atom name: atoms of one site share it. */
  residue: string;
  alternate: string;
}

/** Reads a PDB file. @throws DataError naming the file and the line */
export function readPdb(path: string, options: PdbOptions = {}): PdbAtoms {
  return parsePdb(new TextDecoder('latin1').decode(readBytes(path)), path, options);
}

/**
 * Parses the text of a PDB file; `file` is for messages.
 * @throws DataError for text without atoms, an unreadable coordinate, a model or assembly that is not there
 */
export function parsePdb(text: string, file: string, options: PdbOptions = {}): PdbAtoms {
  const lines = text.split(/\r\n|\n|\r/);
  let atoms: Atom[] = [];
  let insideModel = true;
  let sawModel = false;
  let finished = false;
  for (let i = 0; i < lines.length && !finished; i++) {
    const line = lines[i]!;
    const record = line.slice(0, 6).trimEnd();
    if (record === 'MODEL') {
      const number = Number(line.slice(6, 14).trim());
      insideModel = options.model === undefined ? !sawModel : number === options.model;
      sawModel = true;
    } else if (record === 'ENDMDL') {
      finished = insideModel && sawModel;
      insideModel = false;
    } else if (record === 'ATOM' || record === 'HETATM') {
      if (!insideModel) continue;
      if (record === 'HETATM' && options.heterogens === false) continue;
      if (options.waters === false && WATERS.has(line.slice(17, 20).trim())) continue;
      atoms.push(parseAtom(line, i + 1, file));
    }
  }
  if (options.model !== undefined && options.model !== 1 && !sawModel) {
    throw new DataError(
      file,
      'MODEL',
      `model ${options.model} was asked for, but the file has no MODEL records`,
    );
  }
  if (atoms.length === 0) {
    const detail =
      options.model !== undefined && sawModel
        ? `model ${options.model} has no atoms`
        : 'no ATOM or HETATM records: this is not a PDB file with atoms';
    throw new DataError(file, `${lines.length} lines`, detail);
  }
  if (options.alternates !== 'all') atoms = bestAlternates(atoms);
  if (options.assembly !== undefined) atoms = assemble(atoms, lines, file, options.assembly);
  return pack(atoms, file);
}

function parseAtom(line: string, number: number, file: string): Atom {
  const coordinate = (from: number, to: number, axis: string): number => {
    const field = line.slice(from, to).trim();
    const value = Number(field);
    if (field === '' || !Number.isFinite(value)) {
      throw new DataError(
        file,
        `line ${number}, columns ${from + 1}-${to}`,
        `the ${axis} coordinate "${field}" is not a number`,
      );
    }
    return value;
  };
  const optional = (from: number, to: number, otherwise: number, what: string): number => {
    const field = line.slice(from, to).trim();
    if (field === '') return otherwise;
    const value = Number(field);
    if (!Number.isFinite(value)) {
      throw new DataError(
        file,
        `line ${number}, columns ${from + 1}-${to}`,
        `the ${what} "${field}" is not a number`,
      );
    }
    return value;
  };
  if (line.length < 54) {
    throw new DataError(
      file,
      `line ${number}`,
      `the line ends at column ${line.length}, before its coordinates do`,
    );
  }
  const rawName = line.slice(12, 16);
  const residueName = line.slice(17, 20).trim();
  const chain = line.slice(21, 22);
  const residueNumber = line.slice(22, 27).trim();
  return {
    x: coordinate(30, 38, 'x'),
    y: coordinate(38, 46, 'y'),
    z: coordinate(46, 54, 'z'),
    occupancy: optional(54, 60, 1, 'occupancy'),
    temperatureFactor: optional(60, 66, 0, 'temperature factor'),
    element: elementOf(line, rawName),
    charge: chargeOf(line.slice(78, 80)),
    name: `${rawName.trim()} of ${residueName} ${residueNumber}${chain.trim() === '' ? '' : ` ${chain}`}`,
    chain,
    line: number,
    residue: `${chain}|${residueNumber}|${line.slice(72, 76)}`,
    alternate: line.slice(16, 17).trim(),
  };
}

/** Columns 77-78; where they are blank (files before 1996), the atom name, whose element is right-justified in 13-14. */
function elementOf(line: string, rawName: string): string {
  const stated = line.slice(76, 78).trim();
  if (stated !== '') return capitalised(stated);
  const symbol = rawName
    .slice(0, 2)
    .replace(/[^A-Za-z]/g, '')
    .toUpperCase();
  // Hydrogens with four-letter names (HG11, HD21) start in column 13 without being mercury or others.
  const longHydrogen = /^H[A-Z]?\d?\d?$/i.test(rawName) && rawName.trim().length === 4;
  if (longHydrogen) return 'H';
  if (ELEMENTS.has(symbol)) return capitalised(symbol);
  const first = /[A-Za-z]/.exec(rawName)?.[0]?.toUpperCase() ?? '';
  return ELEMENTS.has(first) ? first : rawName.trim();
}

function capitalised(symbol: string): string {
  return symbol.slice(0, 1).toUpperCase() + symbol.slice(1).toLowerCase();
}

/** `2+`, `1-`, and the `+2` that some programs write. */
function chargeOf(field: string): number {
  const match = /^(\d)([+-])$|^([+-])(\d)$/.exec(field.trim());
  if (!match) return 0;
  const size = Number(match[1] ?? match[4]);
  return (match[2] ?? match[3]) === '-' ? -size : size;
}

/** Keeps one alternate location per residue: the letter with the largest summed occupancy, the first of equals. */
function bestAlternates(atoms: Atom[]): Atom[] {
  const byResidue = new Map<string, Map<string, number>>();
  for (const atom of atoms) {
    if (atom.alternate === '') continue;
    const sums = byResidue.get(atom.residue) ?? new Map<string, number>();
    sums.set(atom.alternate, (sums.get(atom.alternate) ?? 0) + atom.occupancy);
    byResidue.set(atom.residue, sums);
  }
  if (byResidue.size === 0) return atoms;
  const best = new Map<string, string>();
  for (const [residue, sums] of byResidue) {
    let letter = '';
    let highest = Number.NEGATIVE_INFINITY;
    for (const [candidate, sum] of sums) {
      if (sum > highest) {
        letter = candidate;
        highest = sum;
      }
    }
    best.set(residue, letter);
  }
  const siteOccupancy = new Map<string, number>();
  const site = (atom: Atom) => `${atom.residue}|${atom.name}`;
  for (const atom of atoms) {
    if (atom.alternate !== '')
      siteOccupancy.set(site(atom), (siteOccupancy.get(site(atom)) ?? 0) + atom.occupancy);
  }
  return atoms
    .filter((atom) => atom.alternate === '' || best.get(atom.residue) === atom.alternate)
    .map((atom) =>
      atom.alternate === '' ? atom : { ...atom, occupancy: Math.min(1, siteOccupancy.get(site(atom))!) },
    );
}

/** Applies the BIOMT operations of one biomolecule to the chains that each of them names. */
function assemble(atoms: Atom[], lines: readonly string[], file: string, number: number): Atom[] {
  const out: Atom[] = [];
  let biomolecule = 1;
  let chains: Set<string> | undefined;
  let operation: number[] = [];
  let found = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (!line.startsWith('REMARK 350')) continue;
    const body = line.slice(11);
    const head = /BIOMOLECULE:\s*(\d+)/.exec(body);
    if (head) {
      biomolecule = Number(head[1]);
      chains = undefined;
    }
    if (biomolecule !== number) continue;
    const list = /(?:APPLY THE FOLLOWING TO|AND) CHAINS:\s*(.*)$/.exec(body);
    if (list) {
      const named = list[1]!.split(',').map((chain) => chain.trim());
      const goesOn = body.includes('AND CHAINS') && chains !== undefined;
      chains = new Set([...(goesOn ? chains! : []), ...named.filter((chain) => chain !== '')]);
    }
    const row = /^\s*BIOMT([123])\s+\d+\s+(.*)$/.exec(body);
    if (!row) continue;
    const values = row[2]!.trim().split(/\s+/).map(Number);
    if (
      values.length !== 4 ||
      values.some((v) => !Number.isFinite(v)) ||
      operation.length !== 4 * (Number(row[1]) - 1)
    ) {
      throw new DataError(file, `line ${i + 1}`, 'this BIOMT row is damaged or out of order');
    }
    operation.push(...values);
    if (operation.length < 12) continue;
    found = true;
    for (const atom of atoms) {
      if (!chains || chains.has(atom.chain.trim())) out.push(moved(atom, operation));
    }
    operation = [];
  }
  if (!found) {
    throw new DataError(
      file,
      'REMARK 350',
      `biological assembly ${number} was asked for, but no BIOMT operations describe it`,
    );
  }
  if (out.length === 0)
    throw new DataError(file, 'REMARK 350', `assembly ${number} names no chain that has atoms`);
  return out;
}

function moved(atom: Atom, m: readonly number[]): Atom {
  const { x, y, z } = atom;
  return {
    ...atom,
    x: m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
    y: m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
    z: m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
  };
}

function pack(atoms: readonly Atom[], file: string): PdbAtoms {
  const positions = new Float64Array(3 * atoms.length);
  atoms.forEach((atom, i) => {
    positions[3 * i] = atom.x;
    positions[3 * i + 1] = atom.y;
    positions[3 * i + 2] = atom.z;
  });
  return {
    file,
    positions,
    elements: atoms.map((atom) => atom.element),
    charges: Int8Array.from(atoms, (atom) => atom.charge),
    occupancies: Float64Array.from(atoms, (atom) => atom.occupancy),
    temperatureFactors: Float64Array.from(atoms, (atom) => atom.temperatureFactor),
    names: atoms.map((atom) => atom.name),
    chains: atoms.map((atom) => atom.chain.trim()),
    lines: Int32Array.from(atoms, (atom) => atom.line),
  };
}
