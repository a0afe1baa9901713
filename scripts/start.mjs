// npm start: from a fresh checkout to a reconstructed particle, in one command.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { root } from './install.mjs';

build();
const done = spawnSync(
  process.execPath,
  [join(root, 'dist/apps/maniple/main.js'), 'demo', ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(done.status ?? 1);
