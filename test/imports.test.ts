// The house order, enforced: imports run downwards, no cycles, no rooms without a purpose.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { checkout } from './support/needs.js';
import { emptyNames, importsOf, offences } from './support/rooms.js';

/** Paths of the files below the given folders, from the root of the checkout, in order. */
function filesBelow(folders: string[], ending: RegExp): string[] {
  return folders
    .filter((folder) => existsSync(join(checkout, folder)))
    .flatMap((folder) =>
      readdirSync(join(checkout, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && ending.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name).slice(checkout.length + 1)),
    )
    .sort();
}

function tree(files: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(files));
}

t.test('the rules see what they must see', (t) => {
  const base = { 'runtime/errors.ts': 'export class E extends Error {}' };
  const judged = (files: Record<string, string>) => offences(tree({ ...base, ...files }));

  t.same(judged({ 'runtime/memory/arena.ts': "import { E } from '../errors.js';\nexport { E };" }), []);
  t.match(
    judged({
      'runtime/memory/arena.ts': "\nimport type { x } from '../analysis/x.js';",
      'runtime/analysis/x.ts': 'export type x = 1;',
    }),
    [/^runtime\/memory\/arena\.ts:2 imports upwards: runtime\/memory must not know runtime\/analysis/],
  );
  t.match(
    judged({
      'runtime/analysis/x.ts': "export * from '../execution/y.js';",
      'runtime/execution/y.ts': '',
    }),
    [/^runtime\/analysis\/x\.ts:1 imports sideways/],
  );
  t.match(
    judged({
      'apps/a.ts': "import './b.js';",
      'apps/b.ts': "import './c.js';",
      'apps/c.ts': "await import('./a.js');",
    }),
    [/^apps\/c\.ts:1 closes a cycle: apps\/a\.ts -> apps\/b\.ts -> apps\/c\.ts -> apps\/a\.ts/],
  );
  t.match(judged({ 'runtime/cellar/x.ts': '' }), [/^runtime\/cellar\/x\.ts:1 lies in no room/]);
  t.match(judged({ 'runtime/spaces/x.ts': "import 'node:worker_threads';" }), [/:1 .* mathematics/]);
  t.match(judged({ 'tasks/spi/x.ts': "import 'node:fs/promises';" }), [/:1 .* pure functions/]);
  t.same(judged({ 'tasks/formats/x.ts': "import 'node:fs';" }), []);
  t.match(
    judged({
      'runtime/testing/interpreter.ts': "import '../graph/record.js';",
      'runtime/graph/record.ts': '',
    }),
    [/:1 .* the oracle shares no code/],
  );
  t.match(judged({ 'apps/a.ts': "import './gone.js';" }), [/:1 imports apps\/gone\.ts, which is not a/]);
  t.same(
    ['a/utils.ts', 'a/helpers/x.ts', 'misc.ts', 'a/common.test.ts'].filter((name) => !emptyNames.test(name)),
    [],
  );
  t.same(
    ['a/utilisation.ts', 'runtime/commons/x.ts', 'glib.ts'].filter((name) => emptyNames.test(name)),
    [],
  );
  t.end();
});

t.test('imports run downwards, without cycles', (t) => {
  const files = new Map(
    filesBelow(['apps', 'tasks', 'runtime', 'native'], /\.ts$/).map((file) => [
      file,
      readFileSync(join(checkout, file), 'utf8'),
    ]),
  );
  t.same(offences(files), [], 'every import keeps the order of docs/ARCHITECTURE.md');
  t.end();
});

t.test('nothing outside test/ imports a test', (t) => {
  const found = filesBelow(['apps', 'tasks', 'runtime', 'native'], /\.ts$/)
    .flatMap((file) => importsOf(file, readFileSync(join(checkout, file), 'utf8')))
    .filter((it) => it.local && it.target.startsWith('test/'))
    .map((it) => `${it.file}:${it.line} imports ${it.target}`);
  t.same(found, []);
  t.end();
});

t.test('every folder that holds code says what belongs there', (t) => {
  const code = filesBelow(['apps', 'tasks', 'runtime', 'native', 'test', 'scripts'], /\.(ts|mjs|cc|h)$/);
  t.same(
    code.filter((file) => emptyNames.test(file)),
    [],
    'no file or folder is called utils, helpers, misc, common',
  );
  const page = existsSync(join(checkout, 'docs/ARCHITECTURE.md'))
    ? readFileSync(join(checkout, 'docs/ARCHITECTURE.md'), 'utf8')
    : '';
  // The folders of test/ mirror those of the code, test/support/ apart.
  const folders = [...new Set(code.map((file) => dirname(file)))].filter(
    (f) => !/^test(?!\/support)/.test(f),
  );
  const nameless = folders.filter(
    (folder) => !page.includes(`\`${folder}/\``) && !existsSync(join(checkout, folder, 'README.md')),
  );
  t.same(nameless, [], 'docs/ARCHITECTURE.md names each folder, or the folder has a README.md');
  t.end();
});
