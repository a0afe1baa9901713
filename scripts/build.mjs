// Compiles the TypeScript into dist/ and the native add-on into dist/native/. Without a C++ compiler the
// add-on is left out, with one line that says so: everything works, slower.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { install, must, root } from './install.mjs';

export function build() {
  install();
  must(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], {
    stdio: ['ignore', 2, 2],
  });
  const main = join(root, 'dist/apps/maniple/main.js');
  if (existsSync(main)) chmodSync(main, 0o755);
  // The add-on is optional: a failed build is reported by the script itself, and is not an error here.
  spawnSync(process.execPath, [join(root, 'scripts/build-native.mjs')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) build();
