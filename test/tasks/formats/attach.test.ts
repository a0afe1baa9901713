// Regions attached to raw files, .npy, HDF5 datasets and arrays: random programs against plain arrays.
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { checkCase } from './attach-case.js';

t.setTimeout(600_000);

const folder = mkdtempSync(join(tmpdir(), 'maniple-attach-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

t.test('random programs on attached regions, against plain arrays', async (t) => {
  const given = Number(process.env['MANIPLE_TEST_SEED'] ?? Number.NaN);
  const cases = Number(process.env['MANIPLE_ATTACH_CASES'] ?? 150);
  const seed = Number.isInteger(given) ? given : randomInt(2 ** 30);
  for (let i = 0; i < cases; i++) {
    try {
      await checkCase(folder, seed + i);
    } catch (error) {
      t.fail(`MANIPLE_TEST_SEED=${seed + i}: ${(error as Error).message}\n${(error as Error).stack}`);
      return;
    }
  }
  t.pass(`${cases} programs, MANIPLE_TEST_SEED=${seed}`);
});
