// What the documentation names must be there: links, folders, scripts, decisions.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import t from 'tap';
import { steps } from './support/guide.js';
import { checkout } from './support/needs.js';

/** The pages of the checkout, generated ones apart, as paths from its root. */
function pages(folder = ''): string[] {
  const skipped = new Set(['node_modules', 'dist', '.git', 'run', 'docs/reference', '.tap']);
  return readdirSync(join(checkout, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (skipped.has(path)) return [];
      if (entry.isDirectory()) return pages(path);
      return entry.name.endsWith('.md') ? [path] : [];
    })
    .sort();
}

const texts = new Map(pages().map((page) => [page, readFileSync(join(checkout, page), 'utf8')]));

t.test('every relative link leads to a file', (t) => {
  const broken: string[] = [];
  for (const [page, text] of texts) {
    text.split('\n').forEach((line, i) => {
      for (const [, target = ''] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target) || target.startsWith('#')) continue;
        const path = resolve(checkout, dirname(page), target.replace(/#.*$/, ''));
        if (!existsSync(path)) broken.push(`${page}:${i + 1} -> ${target}`);
      }
    });
  }
  t.same(broken, []);
  t.end();
});

t.test('every room of the architecture page is a folder with files', (t) => {
  const rooms = [...(texts.get('docs/ARCHITECTURE.md') ?? '').matchAll(/^\| `([\w/]+)\/` \|/gm)].map(
    ([, room = '']) => room,
  );
  t.ok(rooms.length > 10, `${rooms.length} rooms found on the page`);
  const empty = rooms.filter((room) => {
    const path = join(checkout, room);
    return !existsSync(path) || readdirSync(path).length === 0;
  });
  t.same(empty, [], 'rooms that are named but not there');
  t.end();
});

t.test('every decision is on the list, and every measurement that it names is there', (t) => {
  const list = texts.get('docs/decisions/README.md') ?? '';
  const decisions = [...texts.keys()].filter((page) => /^docs\/decisions\/\d\d-/.test(page));
  t.same(
    decisions.filter((page) => !list.includes(`(${page.slice('docs/decisions/'.length)})`)),
    [],
  );
  const missing = decisions.flatMap((page) =>
    [...(texts.get(page) ?? '').matchAll(/`measure\/([\w-]+\.mjs)`/g)]
      .map(([, script = '']) => script)
      .filter((script) => !existsSync(join(checkout, 'docs/decisions/measure', script)))
      .map((script) => `${page} names measure/${script}`),
  );
  t.same(missing, []);
  t.end();
});

t.test('a program of docs/examples that the guide shows is the same text there', (t) => {
  const folder = join(checkout, 'docs/examples');
  const shown = [...texts]
    .filter(([page]) => page.startsWith('docs/guide/'))
    .flatMap(([page, text]) => steps(text).map((step) => ({ page, step })));
  const differing = shown.flatMap(({ page, step }) =>
    step.kind === 'file' &&
    existsSync(join(folder, step.name)) &&
    readFileSync(join(folder, step.name), 'utf8') !== step.text
      ? [`${page}:${step.line} differs from docs/examples/${step.name}`]
      : [],
  );
  t.same(differing, []);
  t.end();
});

t.test('npm scripts that the pages tell readers to run exist', (t) => {
  const manifest = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const unknown = [...texts].flatMap(([page, text]) =>
    [...text.matchAll(/npm run ([\w-]+)/g)]
      .map(([, script = '']) => script)
      .filter((script) => !(script in manifest.scripts))
      .map((script) => `${page}: npm run ${script}`),
  );
  t.same(unknown, []);
  t.end();
});
