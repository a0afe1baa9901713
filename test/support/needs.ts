// What a test may need and a machine may lack. `t.test(name, { skip: needs('h5dump') }, ...)` skips by name;
// under MANIPLE_REQUIRE_ALL=1 scripts/test.mjs turns every skip into a failure, so nothing hides here.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { packageRoot } from '../../apps/command/package.js';
import { addon, addonAbsence } from '../../native/index.js';

/** Everything that a test can ask for. A new engine gets its line here and its package in `.ci/run`. */
export type Need =
  | 'shared-data'
  | 'addon'
  | 'g++'
  | 'h5dump'
  | 'gemmi'
  | 'chromium'
  | 'numpy'
  | 'mpirun'
  | 'two-cores';

/** The root of the checkout. */
export const checkout: string = packageRoot();

/** A path in the reference data beside the checkout, e.g. `shared('data', 'spi', 'three_lobe.json')`. */
export function shared(...parts: string[]): string {
  return join(dirname(checkout), 'shared', ...parts);
}

/** The full path of an executable on PATH, or null. */
export function findProgram(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

function program(name: string, debianPackage: string): string | false {
  return findProgram(name) !== null ? false : `${name} is not on PATH (Debian: ${debianPackage})`;
}

const lookups: Record<Need, () => string | false> = {
  'shared-data': () => (existsSync(shared('data')) ? false : `no reference data at ${shared('data')}`),
  addon: () => (addon === null ? `no native add-on: ${addonAbsence}` : false),
  'g++': () => program('g++', 'g++'),
  h5dump: () => program('h5dump', 'hdf5-tools'),
  gemmi: () => program('gemmi', 'gemmi'),
  chromium: () => program('chromium', 'chromium'),
  numpy: () => {
    if (findProgram('python3') === null) return 'python3 is not on PATH (Debian: python3)';
    try {
      execFileSync('python3', ['-c', 'import numpy'], { stdio: 'ignore', timeout: 30_000 });
      return false;
    } catch {
      return 'python3 cannot import numpy (Debian: python3-numpy)';
    }
  },
  mpirun: () => program('mpirun', 'openmpi-bin'),
  'two-cores': () => {
    const cores = Number(execFileSync('nproc', { encoding: 'utf8' }));
    return cores >= 2 ? false : `this machine offers ${cores} core`;
  },
};

const found = new Map<Need, string | false>();

/**
 * Why this machine cannot run a test that needs `name`, or false when it can: the value of tap's `skip` option.
 * The look-up really looks, once per process.
 */
export function needs(...names: Need[]): string | false {
  for (const name of names) {
    let reason = found.get(name);
    if (reason === undefined) found.set(name, (reason = lookups[name]()));
    if (reason !== false) return reason;
  }
  return false;
}
