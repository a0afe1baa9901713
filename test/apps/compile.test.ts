// `maniple run` compiles programs: imports are followed and rewritten, errors show the user's lines, nothing is
// compiled twice, and worker threads load the same modules.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { compileProgram } from '../../apps/run/compile.js';
import { maniple, scratchFolder } from '../support/command.js';

t.setTimeout(600_000); // many processes, perhaps on a busy machine

/** Writes the files of a program into a new folder; returns the folder. */
function program(files: Record<string, string>): string {
  const folder = scratchFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function newCache(): string {
  const cache = scratchFolder();
  mkdirSync(join(cache, 'programs'));
  mkdirSync(join(cache, 'entries'));
  return cache;
}

const parts = {
  'main.ts': `import { twice } from './lib/twice.js'; // a .ts file under its .js name
import type { Shape } from './lib/shape';
import { half } from './lib/half.mjs';
import numbers from './lib/numbers.json';
import same from './lib/numbers.json' with { type: 'json' };
import { join } from 'path';
import { nufft1 } from 'maniple/fourier';
import { cube } from 'cube';
export const shape: Shape = { side: 2 };
export default async function main(_ctx: unknown, args: readonly string[]) {
  const { late } = await import('./lib/late');
  if (args[0] === 'fail') twice(undefined as unknown as number);
  return [twice(shape.side), half(8), numbers[1], same[0], late(), join('a', 'b'), typeof nufft1, cube(3), import.meta.dirname];
}
`,
  'lib/twice.ts': `import { zero } from '../zero';

export function twice(x: number): number {
  if (x === undefined) {
    throw new RangeError('nothing to double');
  }
  return 2 * x + zero;
}
`,
  'lib/shape.ts': 'export interface Shape { readonly side: number }\n',
  'lib/half.mjs': 'export const half = (x) => x / 2;\n',
  'lib/numbers.json': '[5, 6]\n',
  'lib/late.ts':
    "import { twice } from './twice.js';\nexport function late(): number { return twice(10); }\n",
  'zero.ts': "import './lib/twice.js'; // a cycle is legal\nexport const zero: number = 0;\n",
  'node_modules/cube/package.json':
    '{ "name": "cube", "type": "module", "exports": { "import": "./cube.js" } }',
  'node_modules/cube/cube.js': 'export const cube = (x) => x ** 3;\n',
};

t.test('imports are followed, and nothing is compiled twice', async (t) => {
  const folder = program(parts);
  const cache = newCache();
  const first = await compileProgram(join(folder, 'main.ts'), cache);
  const module = (await import(first.url)) as { default: (ctx: unknown, args: string[]) => Promise<unknown> };
  t.same(await module.default({}, []), [4, 4, 6, 5, 20, 'a/b', 'function', 27, folder]);
  t.equal(first.cached, false);
  t.same(
    first.files.map((file) => file.slice(folder.length + 1)).sort(),
    ['lib/half.mjs', 'lib/late.ts', 'lib/numbers.json', 'lib/twice.ts', 'main.ts', 'zero.ts'],
    'types and installed packages are not compiled',
  );

  const second = await compileProgram(join(folder, 'main.ts'), cache);
  t.same(second, { ...first, cached: true, files: second.files });
  const inode = statSync(fileURLToPath(first.url)).ino;
  t.equal(statSync(fileURLToPath(second.url)).ino, inode);

  // A change of an imported file makes another program; going back finds the first one again.
  writeFileSync(join(folder, 'zero.ts'), 'export const zero = 1;\n');
  const changed = await compileProgram(join(folder, 'main.ts'), cache);
  t.notOk(changed.cached);
  t.not(changed.url, first.url);
  writeFileSync(join(folder, 'zero.ts'), parts['zero.ts']);
  t.equal((await compileProgram(join(folder, 'main.ts'), cache)).url, first.url);
  t.equal(statSync(fileURLToPath(first.url)).ino, inode, 'its folder was not written again');
  t.same(
    readdirSync(join(cache, 'programs')).filter((name) => name.startsWith('building')),
    [],
  );
});

t.test('a worker loads the same modules and finds the exports', async (t) => {
  const folder = program(parts);
  const { url } = await compileProgram(join(folder, 'main.ts'), newCache());
  const source = `const { parentPort } = require('node:worker_threads');
    process.setSourceMapsEnabled(true);
    import(${JSON.stringify(url)}).then(async (m) => {
      const stack = await m.default({}, ['fail']).catch((error) => error.stack);
      parentPort.postMessage([m.shape.side, stack]);
    });`;
  const worker = new Worker(source, { eval: true });
  const [side, stack] = await new Promise<[number, string]>((resolve) => worker.once('message', resolve));
  t.equal(side, 2);
  t.match(stack, /lib\/twice\.ts:5:11/);
  await worker.terminate();
});

t.test('what does not compile is told with file and line', async (t) => {
  const folder = program({
    'syntax.ts': 'export default function main() {\n  const x = ;\n}\n',
    'gone.ts': "// a comment\nimport './nothing.js';\n",
    'deep.ts': "import './syntax.js';\n",
    'own.ts': "import { x } from 'maniple/fuorier';\nexport default x;\n",
    'notes.txt': 'x',
  });
  const cache = newCache();
  const failure = (name: string) =>
    compileProgram(join(folder, name), cache).then(
      () => 'compiled',
      (error: Error & { exitCode: number }) => `${error.exitCode} ${error.message.replaceAll(folder, '')}`,
    );
  t.match(await failure('syntax.ts'), /^2 \/syntax\.ts:2:13: Unexpected ";"\n {4}const x = ;/);
  t.match(await failure('gone.ts'), /^2 \/gone\.ts:2:8: Could not resolve "\.\/nothing\.js"/);
  t.match(await failure('deep.ts'), /^2 \/syntax\.ts:2:13/);
  t.match(await failure('own.ts'), /^2 \/own\.ts imports maniple\/fuorier.* the nearest is maniple\/fourier/);
  t.match(await failure('notes.txt'), /^2 .*is no program/);
  t.match(await failure('absent.ts'), /^2 there is no program/);
  t.same(readdirSync(join(cache, 'entries')), [], 'nothing of it is kept');
});

t.test('the command says what is wrong with a program', (t) => {
  const folder = program({
    'syntax.ts': 'export default function main() {\n  const x = ;\n}\n',
    'mainless.ts': 'export const main = 1;\n',
    'missing.ts': "import { nothing } from './mainless.js';\nexport default () => nothing;\n",
    'thrower.ts': "\n\nthrow new Error('at load');\nexport default () => 1;\n",
  });
  const ended = (name: string) => {
    const { code, stdout, stderr } = maniple(['run', name], folder);
    return `${code} ${stdout}${stderr}`;
  };
  t.match(ended('syntax.ts'), /^2 maniple: .*syntax\.ts:2:13: Unexpected/);
  t.match(
    ended('mainless.ts'),
    /^2 .*mainless\.ts has no main function; expected: export default async function main/,
  );
  t.match(ended('missing.ts'), /^2 .*missing\.ts:1: .*does not provide an export named 'nothing'/);
  t.match(ended('thrower.ts'), /^5 .*thrower\.ts failed: Error: at load\n.*thrower\.ts:3:7/);
  t.equal(readFileSync(join(folder, 'mainless.ts'), 'utf8'), 'export const main = 1;\n');
  t.end();
});
