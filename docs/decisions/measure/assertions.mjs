// One compiled test file of ours, run three ways: by node alone, under `node --test`, under tap's own runner; and the
// size of what tap brings along. `npm run build` first.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { heading, perCall, row } from './timing.mjs';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const file = join(root, 'dist/test/support/needs.test.js');
if (!existsSync(file)) throw new Error(`${file} is missing: npm run build`);

const timed = (command, args) =>
  perCall(
    () => {
      const done = spawnSync(command, args, { cwd: root, stdio: 'ignore' });
      if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.status}`);
    },
    1,
    5,
  );

heading('one test file');
row('`node FILE`', await timed(process.execPath, [file]));
row('`node --test FILE`', await timed(process.execPath, ['--test', file]));
row(
  '`tap --disable-coverage FILE`',
  await timed(process.execPath, [join(root, 'node_modules/.bin/tap'), '--disable-coverage', file]),
);
