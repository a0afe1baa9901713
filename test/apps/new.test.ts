// maniple new: what it makes is an analysis that works, passes its own test and the type checker.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { maniple, scratchFolder } from '../support/command.js';
import { checkout } from '../support/needs.js';

t.test('a new analysis passes its own test, runs, and type-checks', (t) => {
  const folder = scratchFolder();
  const made = maniple(['new', 'hit-finder', '--json'], folder);
  t.equal(made.code, 0, made.stderr);
  const { files } = JSON.parse(made.stdout) as { files: string[] };
  const analysis = join(folder, 'hit-finder');
  t.strictSame(readdirSync(analysis).sort(), [...files].sort());
  t.match(files, ['tasks.ts', 'program.ts', 'test.ts', 'README.md']);

  const tested = maniple(['run', 'test.ts'], analysis);
  t.equal(tested.code, 0, tested.stderr);
  t.match(tested.stdout, /hit-finder: all tests passed/);

  const ran = maniple(['run', 'program.ts', '--json', '--', '31'], analysis);
  t.equal(ran.code, 0, ran.stderr);
  t.match(ran.stderr + ran.stdout, /11 of 31 frames hold a hit/);

  mkdirSync(join(analysis, 'node_modules'));
  symlinkSync(checkout, join(analysis, 'node_modules', 'maniple'));
  const tsc = join(checkout, 'node_modules/typescript/bin/tsc');
  symlinkSync(join(checkout, 'node_modules/@types'), join(analysis, 'node_modules', '@types'));
  const checked = spawnSync(process.execPath, [tsc, '-p', analysis], {
    encoding: 'utf8',
  });
  t.equal(checked.status, 0, checked.stdout);
  t.end();
});

t.test('its test notices a wrong task', (t) => {
  const folder = scratchFolder();
  t.equal(maniple(['new', 'wrong'], folder).code, 0);
  const tasks = join(folder, 'wrong', 'tasks.ts');
  const text = readFileSync(tasks, 'utf8');
  writeFileSync(tasks, text.replace('hits++', 'hits += 2'));
  const tested = maniple(['run', 'test.ts'], join(folder, 'wrong'));
  t.not(tested.code, 0, 'hits counted twice');
  t.end();
});

t.test('bad names and folders in use are refused', (t) => {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'used'));
  writeFileSync(join(folder, 'used', 'notes.txt'), 'mine');
  for (const [args, message] of [
    [['new'], /NAME is missing/],
    [['new', 'Hit Finder'], /for instance hit-finder/],
    [['new', '../up'], /small letters/],
    [['new', 'used'], /used exists and is not empty/],
    [['new', 'x', '--out', 'used/notes.txt'], /notes\.txt is no folder/],
  ] as const) {
    const ended = maniple(args, folder);
    t.equal(ended.code, 2, args.join(' '));
    t.match(ended.stderr, message);
  }
  const planned = maniple(['new', 'planned', '--dry-run'], folder);
  t.match(planned.stdout, /would write .*planned/);
  t.notOk(existsSync(join(folder, 'planned')));
  t.strictSame(
    readdirSync(folder).filter((name) => name.startsWith('.')),
    [],
    'nothing is left behind',
  );
  t.end();
});
