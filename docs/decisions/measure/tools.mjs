// The compiler and the linter over our own tree, with the version we pin and with the newest one, which is installed
// into a temporary folder; and whether the newest compiler still offers its functions to typedoc and tap.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { heading, perCall, row } from './timing.mjs';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const folder = mkdtempSync(join(tmpdir(), 'tools-'));
try {
  writeFileSync(join(folder, 'package.json'), '{ "name": "measured", "private": true }');
  for (const name of ['typescript@7', '@biomejs/biome@latest']) {
    const done = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', name], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (done.status !== 0) throw new Error(`npm install ${name}: ${done.stderr}`);
  }
  const version = (at, name) =>
    JSON.parse(readFileSync(join(at, 'node_modules', name, 'package.json'), 'utf8')).version;
  const timed = (at, bin, args) =>
    perCall(
      () => {
        const done = spawnSync(join(at, 'node_modules/.bin', bin), args, { cwd: root, encoding: 'utf8' });
        if (done.error || done.signal) throw done.error ?? new Error(`${bin}: ${done.signal}`);
      },
      1,
      5,
    );

  heading('over this tree');
  for (const at of [root, folder]) {
    const name = `tsc ${version(at, 'typescript')}`;
    row(
      `${name} \`--noEmit\``,
      await timed(at, 'tsc', ['-p', '.', '--noEmit', '--incremental', 'false', '--tsBuildInfoFile', 'null']),
    );
  }
  for (const at of [root, folder]) {
    row(`biome ${version(at, '@biomejs/biome')} \`check\``, await timed(at, 'biome', ['check', '.']));
  }
  console.log('\n| the compiler as a library | functions |\n| --- | --- |');
  for (const at of [root, folder]) {
    const ts = createRequire(join(at, 'package.json'))('typescript');
    const offered = ['createProgram', 'transpileModule', 'preProcessFile', 'sys'].filter(
      (name) => name in ts,
    );
    console.log(`| typescript ${version(at, 'typescript')} | ${offered.join(', ') || 'none'} |`);
  }
} finally {
  if (existsSync(folder)) rmSync(folder, { recursive: true });
}
