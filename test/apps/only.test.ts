// `maniple run --save-tasks` and `--only`: one task again, alone, with the inputs that it had.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cleanEnvironment, mainFile, maniple, scratchFolder } from '../support/command.js';

t.setTimeout(600_000);

const program = `import { type Ctx, f64, fieldSpace, reads, reduces, task, updates } from 'maniple';
import { limit } from './limit.js';

const Shot = fieldSpace({ gain: f64, intensity: f64, sum: f64 });
const module = import.meta.url;

export const fit = task({
  module,
  name: 'fit',
  regions: { shot: reads(Shot, 'gain').and(updates(Shot, 'intensity')) },
  run({ shot }, { add }: { add: number }, ctx) {
    for (const i of shot.points) shot.intensity[i]! += shot.gain[i]! + add;
    if (shot.intensity[0]! > limit) throw new RangeError('too bright at ' + ctx.random());
    const mine = [...shot.points].map((i) => shot.intensity[i]!);
    return { draw: ctx.random(), brightest: Math.max(...mine) };
  },
});

export const later = task({
  module,
  name: 'later',
  async: true,
  retry: 1,
  regions: { shot: updates(Shot, 'intensity') },
  async run({ shot }, _: object) {
    for (const i of shot.points) shot.intensity[i] = -1;
    await new Promise((resolve) => setTimeout(resolve, 1));
    throw new Error('not now');
  },
});

export const leaving = task({
  module,
  name: 'leaving',
  regions: { shot: updates(Shot, 'intensity') },
  run({ shot }, _: object) {
    shot.intensity[0] = -1;
    process.exit(3);
  },
});

export const total = task({
  module,
  name: 'total',
  regions: { shot: reads(Shot, 'intensity'), sum: reduces(Shot, 'sum', 'sum') },
  run({ shot, sum }, { scale }: { scale: number }, ctx) {
    let total = ctx.random() * 0;
    for (const i of shot.points) total += shot.intensity[i]!;
    for (const i of sum.points) sum.sum.fold(i, scale * total);
    return total;
  },
});

export default async function main(ctx: Ctx, [what]: readonly string[]) {
  const shots = ctx.region([3, 4], Shot, { name: 'shots' });
  shots.write('gain', Float64Array.from({ length: 12 }, (_, i) => i));
  ctx.fill(shots, 'intensity', 1);
  // Columns: not contiguous in memory.
  const parts = shots.partition.blocks([3, 1]);
  for (let round = 0; round < 3; round++) ctx.index([1, 4], fit, { shot: parts.at() }, { add: round });
  const totals = ctx.index([1, 4], total, { shot: parts.at(), sum: shots }, { scale: 2 });
  if (what === 'later') ctx.launch(later, { shot: parts.sub([0, 2]) });
  if (what === 'leave') ctx.launch(leaving, { shot: parts.sub([0, 1]) });
  return { totals: await totals, sum: [...(await shots.read('sum'))] };
}
`;

function folderOf(limit: number): string {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'mine'));
  writeFileSync(join(folder, 'mine', 'fit.ts'), program);
  writeFileSync(join(folder, 'mine', 'limit.ts'), `export const limit = ${limit};\n`);
  return folder;
}

const run = ['run', 'mine/fit.ts'];

for (const mode of ['tasks', 'inorder']) {
  t.test(`a task that failed is run again alone: ${mode}`, (t) => {
    const folder = folderOf(7);
    const failed = maniple(
      [...run, '--save-tasks', 'failed', '--workers', '2', '--mode', mode, '--seed', '4'],
      folder,
    );
    t.equal(failed.code, 5, failed.stderr);
    const [, said] = /too bright at (\S+)/.exec(failed.stderr) ?? [];
    t.match(
      failed.stderr,
      /tasks? (was|were) saved in fit\.saved; .*maniple run mine\/fit\.ts --only fit@0,\d/,
    );
    t.match(failed.stderr, /task fit, point \(0, 3\)/);
    const again = maniple([...run, '--only', 'fit@0,3'], folder);
    t.equal(again.code, 5, again.stderr);
    t.match(
      again.stderr,
      /^maniple: task fit, point \(0, 3\) \(operation \d+\) of mine\/fit\.ts, run alone, failed: RangeError: too bright/m,
    );
    t.match(again.stderr, new RegExp(`too bright at ${said!.replace('.', '\\.')}`), 'the same random number');
    t.match(again.stderr, /mine\/fit\.ts:13:/, 'the line of the user');

    // The program is mended: the new version runs on the old inputs, with a guard around its views.
    writeFileSync(join(folder, 'mine', 'limit.ts'), 'export const limit = 100;\n');
    const mended = maniple([...run, '--only', 'fit@0,3', '--json', '--check'], folder);
    t.equal(mended.code, 0, mended.stderr);
    const { value, outputs, point } = JSON.parse(mended.stdout);
    t.same(point, [0, 3]);
    // Rounds 0 and 1 add the gain (3, 7, 11) and the round; the second is the one that failed.
    t.match(outputs, {
      'shot.intensity': { elements: 3, notFinite: 0, min: 8, max: 24 },
    });
    t.same(outputs['shot.intensity'].first, [8, 16, 24]);
    t.equal(value.brightest, 24);
    t.end();
  });
}

t.test('any task can be saved, with what it reduces', (t) => {
  const folder = folderOf(1000);
  const saved = maniple(
    [...run, '--save-tasks', 'total@0,3', '--out', 'kept', '--workers', '2', '--json'],
    folder,
  );
  t.equal(saved.code, 0, saved.stderr);
  t.match(saved.stderr, /1 task was saved in kept; .*--out kept --only total@0,3/);
  t.same(readdirSync(join(folder, 'kept')).length, 1);
  const { totals } = JSON.parse(saved.stdout);
  const again = maniple([...run, '--only', 'total@0,3', '--out', 'kept', '--json'], folder);
  t.equal(again.code, 0, again.stderr);
  const { value, outputs } = JSON.parse(again.stdout);
  t.equal(value, totals[3]);
  t.match(outputs, { 'sum.sum': { elements: 12, min: 2 * totals[3], max: 2 * totals[3] } });
  const text = maniple([...run, '--only', 'total@0,3', '--out', 'kept'], folder);
  t.match(
    text.stdout,
    /^task total, point \(0, 3\) \(operation \d+\), run alone, ended well\n {2}returned \d+\n {2}sum\.sum: 12 numbers, min /,
  );
  t.end();
});

t.test('tasks that are asynchronous, or take their thread with them, are saved as they were found', (t) => {
  const folder = folderOf(1000);
  for (const [what, only, expected] of [
    ['later', 'later@0', /run alone, failed: Error: not now/],
    ['leave', 'leaving@0', /worker thread that ran it is gone/],
  ] as const) {
    const failed = maniple([...run, '--save-tasks', 'failed', '--workers', '2', '--', what], folder);
    t.equal(failed.code, 5, failed.stderr);
    t.match(failed.stderr, `--only ${only}`);
    if (what === 'later') t.match(maniple([...run, '--only', only], folder).stderr, expected);
    else {
      t.match(failed.stderr, expected);
      const alone = maniple([...run, '--only', only], folder);
      t.equal(alone.code, 3, 'it ends its process now');
    }
  }
  t.end();
});

t.test('bad input', (t) => {
  const folder = folderOf(7);
  const nothing = maniple([...run, '--only', 'fit@0,2'], folder);
  t.equal(nothing.code, 2);
  t.match(
    nothing.stderr,
    /--only fit@0,2: there are no saved inputs of it in fit\.saved \(nothing is saved there\): run the program with --save-tasks failed/,
  );
  t.match(maniple([...run, '--only', 'fit'], folder), {
    code: 2,
    stderr: /fit names no point of a task: expected NAME@POINT/,
  });
  t.match(maniple([...run, '--inspect'], folder), { code: 2, stderr: /--inspect goes with --only/ });
  t.match(maniple([...run, '--save-tasks', 'some'], folder), {
    code: 2,
    stderr: /some names no point of a task/,
  });
  maniple([...run, '--save-tasks', 'failed'], folder);
  t.match(maniple([...run, '--only', 'fit@0,9'], folder), { code: 2, stderr: /saved there: fit@0,[23]/ });
  const name = readdirSync(join(folder, 'fit.saved')).find((file) => file.startsWith('fit@0,2'))!;
  const path = join(folder, 'fit.saved', name);
  const bytes = readFileSync(path);
  truncateSync(path, bytes.length - 5);
  t.match(maniple([...run, '--only', 'fit@0,2'], folder), {
    code: 3,
    stderr: /fit@0,2\.\d+\.task, byte \d+: the file ends within field shot\.intensity/,
  });
  writeFileSync(path, 'something else that is long enough');
  t.match(maniple([...run, '--only', 'fit@0,2'], folder), {
    code: 3,
    stderr: /byte 0: this is no saved task/,
  });
  writeFileSync(path, bytes);
  writeFileSync(
    join(folder, 'mine', 'fit.ts'),
    program.replace("reads(Shot, 'gain').and", "reads(Shot, 'sum').and"),
  );
  t.match(maniple([...run, '--only', 'fit@0,2'], folder), {
    code: 2,
    stderr:
      /fit asked for shot \{gain, intensity\} when it was saved, and now asks for shot \{sum, intensity\}/,
  });
  writeFileSync(join(folder, 'mine', 'fit.ts'), program.replace("name: 'fit'", "name: 'adjust'"));
  t.match(maniple([...run, '--only', 'fit@0,2'], folder), { code: 2, stderr: /exports no task called fit/ });
  t.end();
});

t.test('--inspect waits for a debugger, and stops right before the task', async (t) => {
  const folder = folderOf(1000);
  maniple([...run, '--save-tasks', 'total@0,1'], folder);
  const env = cleanEnvironment(folder);
  const child = spawn(process.execPath, [mainFile, ...run, '--only', 'total@0,1', '--inspect'], {
    cwd: folder,
    env,
  });
  let out = '';
  const told = new Promise<void>((resolve) => {
    child.stdout.on('data', (text) => {
      out += text;
      if (/ended well/.test(out)) resolve();
    });
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  t.teardown(() => child.kill('SIGKILL'));
  const address = await new Promise<string>((resolve) => {
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
      const found = /ws:\/\/(127\.0\.0\.1:\d+)\//.exec(said);
      if (found) resolve(found[1]!);
    });
  });
  t.equal(out, '', 'nothing has run yet');
  const debug = spawn(process.execPath, ['inspect', address], { cwd: folder, env });
  t.teardown(() => debug.kill('SIGKILL'));
  let shown = '';
  const sent = new Set<string>();
  const when = (pattern: RegExp, command: string) => {
    if (!pattern.test(shown) || sent.has(command)) return;
    sent.add(command);
    debug.stdin.write(`${command}\n`);
  };
  debug.stdout.on('data', (text) => {
    shown += text;
    when(/break in [^\n]*run-saved\.js/, 'exec leaf.name');
    when(/'total'/, 'cont');
  });
  await told;
  // It waits for the debugger to leave.
  debug.kill();
  t.equal(await ended, 0);
  t.match(shown, /'total'/, 'it stopped where the task is at hand');
  t.match(out, /task total, point \(0, 1\).*ended well/);
});
