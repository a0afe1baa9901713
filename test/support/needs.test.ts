import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { checkout, findProgram, needs, shared } from './needs.js';

t.test('a program that exists is found, one that does not is named in the reason', (t) => {
  t.equal(needs('g++') === false, findProgram('g++') !== null);
  const path = process.env['PATH'];
  process.env['PATH'] = join(checkout, 'no-such-folder');
  t.teardown(() => {
    process.env['PATH'] = path;
  });
  t.match(needs('gemmi') || '', /gemmi is not on PATH \(Debian: gemmi\)/);
  t.end();
});

t.test('only executable files count as programs', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'needs-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = process.env['PATH'];
  process.env['PATH'] = folder;
  t.teardown(() => {
    process.env['PATH'] = path;
  });
  writeFileSync(join(folder, 'plain'), '', { mode: 0o644 });
  writeFileSync(join(folder, 'program'), '#!/bin/sh\n', { mode: 0o755 });
  t.equal(findProgram('plain'), null);
  t.equal(findProgram('program'), join(folder, 'program'));
  t.end();
});

t.test('the reference data lies beside the checkout', (t) => {
  t.equal(shared('data'), join(checkout, '..', 'shared', 'data'));
  t.end();
});
