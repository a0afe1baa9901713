// The loader of the add-on: absent on request, capped on request, and built without a compiler.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { addon, addonAbsence } from '../../native/index.js';

const loader = new URL('../../native/index.js', import.meta.url).href;

function loadedWith(env: Record<string, string>): { level: string | null; absence: string | null } {
  const code = `const { addon, addonAbsence } = await import(${JSON.stringify(loader)});
    console.log(JSON.stringify({ level: addon?.simdLevel ?? null, absence: addonAbsence }));`;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return JSON.parse(done.stdout);
}

t.test('either an add-on or a reason', (t) => {
  t.equal(addon === null, addonAbsence !== null);
  t.end();
});

t.test('MANIPLE_NO_ADDON leaves it out', (t) => {
  t.same(loadedWith({ MANIPLE_NO_ADDON: '1' }), { level: null, absence: 'MANIPLE_NO_ADDON is set' });
  t.end();
});

t.test('MANIPLE_SIMD caps the vector level', { skip: addonAbsence ?? false }, (t) => {
  t.equal(loadedWith({ MANIPLE_NO_ADDON: '', MANIPLE_SIMD: 'generic' }).level, 'generic');
  const avx2 = loadedWith({ MANIPLE_NO_ADDON: '', MANIPLE_SIMD: 'avx2' }).level;
  t.ok(avx2 === 'avx2' || avx2 === 'generic', `level ${avx2}`);
  t.end();
});
