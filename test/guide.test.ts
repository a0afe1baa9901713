// Works through the README and every chapter of the guide: writes its files, types its commands, compares what they print, and
// checks the types of every program (so that each `@ts-expect-error` in it is a real error).
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t from 'tap';
import { checkText } from '../apps/check/check.js';
import { checkLog } from '../runtime/observe/check.js';
import { agrees, steps } from './support/guide.js';
import { checkout } from './support/needs.js';
import { complaints } from './support/program-types.js';

// Every command of every chapter runs: on a machine that is busy that takes a while.
t.setTimeout(600_000);

const chapters = [
  'README.md',
  ...readdirSync(join(checkout, 'docs/guide'))
    .filter((name) => /^\d\d-.*\.md$/.test(name))
    .sort()
    .map((name) => join('docs/guide', name)),
];
const limit_ms = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'maniple-guide-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
/** Every run of the guide is recorded here, and its log checked. */
const profile = join(folder, 'guide.mprof');
let runsChecked = 0;

/** Runs one command line in a chapter's folder, with `npx maniple` meaning the command of this checkout. */
function type(command: string, cwd: string): { printed: string; failure: string | null } {
  const main = join(checkout, 'dist/apps/maniple/main.js');
  const npx = `npx() { [ "$1" = maniple ] || { echo "the guide may only npx maniple" >&2; return 1; }; shift; '${process.execPath}' '${main}' "$@"; }`;
  const done = spawnSync('bash', ['-c', `${npx}; { ${command}\n} 2>&1`], {
    cwd,
    encoding: 'utf8',
    timeout: limit_ms,
    env: {
      ...process.env,
      NO_COLOR: '1',
      XDG_CACHE_HOME: join(folder, 'cache'),
      MANIPLE_RUN_PROFILE: profile,
    },
  });
  const failure = done.error?.message ?? (done.signal === null ? null : `ended by ${done.signal}`);
  return { printed: done.stdout, failure };
}

t.test('the reader of chapters reads them', (t) => {
  const found = steps(
    'a\n```ts one.ts\nlet a;\n```\n```console\n$ run one.ts\n1\n...\n$ again\n```\n```text\nx\n```\n',
  );
  t.strictSame(found, [
    { kind: 'file', name: 'one.ts', text: 'let a;\n', line: 2 },
    { kind: 'command', command: 'run one.ts', prints: ['1', '...'], line: 6 },
    { kind: 'command', command: 'again', prints: [], line: 9 },
  ]);
  t.throws(() => steps('```ts\nlet a;\n```\n'), /line 1: a ts block needs a file name/);
  t.throws(() => steps('```sh\nls\n```\n'), /line 1/);
  t.throws(() => steps('```text\n'), /line 1: this block has no end/);
  t.ok(agrees(['a', '...', 'd'], 'a\nb\nc\nd\n'));
  t.ok(agrees(['took ... s', '(x)'], 'took 1.5 s\n(x)\n'));
  t.notOk(agrees(['took ... s'], 'took 1.5 s\nmore\n'));
  t.notOk(agrees(['a'], ''));
  t.ok(agrees([], ''));
  t.end();
});

const programs: string[] = [];
for (const chapter of chapters) {
  t.test(chapter, (t) => {
    const cwd = join(folder, basename(chapter, '.md'));
    mkdirSync(cwd);
    const written = new Set<string>();
    for (const step of steps(readFileSync(join(checkout, chapter), 'utf8'))) {
      if (step.kind === 'file') {
        writeFileSync(join(cwd, step.name), step.text);
        if (step.name.endsWith('.ts')) written.add(join(cwd, step.name));
        continue;
      }
      const { printed, failure } = type(step.command, cwd);
      const at = `${chapter}:${step.line} $ ${step.command}`;
      if (existsSync(profile)) {
        const report = checkLog(profile);
        rmSync(profile);
        runsChecked++;
        const { clean, needless } = report;
        if (!clean || needless > 0) t.fail(`${at}: ${checkText(report)}`);
      }
      t.equal(failure, null, `${at} ends by itself`);
      if (agrees(step.prints, printed)) t.pass(at);
      else t.equal(printed, `${step.prints.join('\n')}\n`, at);
    }
    programs.push(...written);
    t.end();
  });
}

t.test('the order of every run of the guide was checked', (t) => {
  t.ok(runsChecked > chapters.length / 2, `${runsChecked} runs`);
  t.end();
});

t.test('the programs of the guide have no type errors but the expected ones', (t) => {
  t.same(complaints(programs, folder), []);
  t.end();
});
