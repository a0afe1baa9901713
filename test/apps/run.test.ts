// `maniple run`: a program of the user's, from a folder of the user's, on the runtime.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { resolveConfiguration } from '../../apps/command/configuration.js';
import { runSection } from '../../apps/command/run-settings.js';
import { runtimeOptions } from '../../apps/run/start-runtime.js';
import { cleanEnvironment, mainFile, maniple, scratchFolder } from '../support/command.js';
import { needs } from '../support/needs.js';

t.setTimeout(600_000); // many processes, perhaps on a busy machine

const saxpy = `import { f64, fieldSpace, reads, task, updates, type Context } from 'maniple';
import { scaled } from './lib/scaled.js';

const Vec = fieldSpace({ x: f64, y: f64 });

export const saxpy = task({
  module: import.meta.url,
  name: 'saxpy',
  regions: { v: reads(Vec, 'x').and(updates(Vec, 'y')) },
  run({ v }, { a, fail }: { a: number; fail: boolean }) {
    for (const i of v.points) v.y[i] = scaled(a, v.x[i]!, fail) + v.y[i]!;
  },
});
export const dot = task({
  module: import.meta.url,
  name: 'dot',
  regions: { v: reads(Vec, 'x', 'y') },
  run({ v }): number {
    let sum = 0;
    for (const i of v.points) sum += v.x[i]! * v.y[i]!;
    return sum;
  },
});

export default async function main(ctx: Context, args: readonly string[]) {
  console.log('printed by the program');
  const r = ctx.region([1000], Vec);
  ctx.fill(r, 'x', 2);
  ctx.fill(r, 'y', 1);
  const p = r.partition.equal([4]);
  if (args.includes('throw')) {
    throw new RangeError('not my day');
  }
  ctx.index([4], saxpy, { v: p.at() }, { a: 0.5, fail: args.includes('fail') });
  const total = await ctx.index([4], dot, { v: p.at() }, {}).reduce('sum');
  return { total, args };
}
`;

const scaled = `export function scaled(a: number, x: number, fail: boolean): number {
  if (fail) {
    throw new Error('no scale today');
  }
  return a * x;
}
`;

function programFolder(): string {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'mine', 'lib'), { recursive: true });
  writeFileSync(join(folder, 'mine', 'saxpy.ts'), saxpy);
  writeFileSync(join(folder, 'mine', 'lib', 'scaled.ts'), scaled);
  return folder;
}

t.test('a TypeScript program with an import, on two workers', (t) => {
  const folder = programFolder();
  const plain = maniple(['run', 'mine/saxpy.ts', '--workers', '2'], folder);
  t.same([plain.code, plain.stdout], [0, 'printed by the program\n'], plain.stderr);
  const json = maniple(
    ['run', 'mine/saxpy.ts', 'first', '--workers', '2', '--json', '--', '--seed', '3'],
    folder,
  );
  t.equal(json.code, 0, json.stderr);
  t.same(
    JSON.parse(json.stdout),
    { total: 4000, args: ['first', '--seed', '3'] },
    'one document, nothing else',
  );
  t.match(json.stderr, /printed by the program/);
  const inOrder = maniple(['run', 'mine/saxpy.ts', '--mode', 'inorder', '--json', '-v'], folder);
  t.same(JSON.parse(inOrder.stdout), { total: 4000, args: [] });
  t.match(inOrder.stderr, /found compiled: mine\/saxpy\.ts, mine\/lib\/scaled\.ts/);
  t.end();
});

t.test('failures name the task, the point, the launch site and the lines of the user', (t) => {
  const folder = programFolder();
  for (const mode of ['tasks', 'inorder']) {
    const { code, stderr } = maniple(
      ['run', 'mine/saxpy.ts', 'fail', '--workers', '2', '--mode', mode],
      folder,
    );
    t.equal(code, 5, stderr);
    t.match(stderr, /task saxpy, point 0, launched at \S*mine\/saxpy\.ts:34:\d+: no scale today/, mode);
    t.match(stderr, /at scaled \(mine\/lib\/scaled\.ts:3:11\)/, mode);
  }
  const { code, stderr } = maniple(['run', 'mine/saxpy.ts', 'throw'], folder);
  t.equal(code, 5);
  t.match(
    stderr,
    /^maniple: mine\/saxpy\.ts failed: RangeError: not my day\n {4}at \S*main \(mine\/saxpy\.ts:32:11\)\n/m,
  );
  const json = maniple(['run', 'mine/saxpy.ts', 'throw', '--json'], folder);
  t.match(JSON.parse(json.stdout), { error: { exitCode: 5, message: /not my day/ } });
  t.end();
});

t.test('Ctrl-C ends a program with 130', async (t) => {
  const folder = scratchFolder();
  writeFileSync(
    join(folder, 'wait.mjs'),
    "export default () => { console.log('started'); setInterval(() => {}, 1000); return new Promise(() => {}); };\n",
  );
  const child = spawn(process.execPath, [mainFile, 'run', 'wait.mjs'], {
    cwd: folder,
    env: cleanEnvironment(folder),
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  t.equal(code, 130, stderr);
  t.match(stderr, /interrupted/);
});

t.test('mistakes are told in the files of the user, with a way out', (t) => {
  const folder = scratchFolder();
  const head =
    "import { type Ctx, f64, fieldSpace, overwrites, task } from 'maniple';\nconst V = fieldSpace({ x: f64 });\n";
  const declared = (run: string) =>
    `task({ module: import.meta.url, name: 't', regions: { v: overwrites(V, 'x') }, ${run} })`;
  const main = (launch: string) =>
    `export default async function main(ctx: Ctx) {\n  const v = ctx.region([8], V);\n  ${launch}\n  await v.read('x');\n}\n`;
  const points = 'ctx.index([4], t, { v: v.partition.equal([4]).at() }, {});';
  const cases: [name: string, text: string, code: number, told: RegExp][] = [
    [
      'throws.ts',
      `${head}export const t = ${declared("run(_, __, ctx) { if (ctx.point[0] === 2) throw new Error('upside down'); }")};\n${main(points)}`,
      5,
      /^maniple: task t, point 2, launched at \S*throws\.ts:6:7: upside down\n {4}at \S*run \(throws\.ts:3:\d+\)\n$/,
    ],
    [
      'promise.ts',
      `${head}export const t = ${declared('run() { return Promise.resolve() as never; }')};\n${main(points)}`,
      5,
      /^maniple: task t, point 0, launched at \S*promise\.ts:6:7: it returned a promise/,
    ],
    [
      'inner.ts',
      `${head}${main(`const t = ${declared('run() {}')};\n  ctx.launch(t, { v }, {});`)}`,
      5,
      /: inner\.ts exports no task called t: export it/,
    ],
    [
      'function.ts',
      `${head}export const t = ${declared('run() {}')};\n${main('ctx.launch(t, { v }, { f: () => 1 });')}`,
      5,
      /argument f is a function, .*\n {4}at main \(function\.ts:6:7\)/,
    ],
    [
      'outside.ts',
      `${head}export const t = ${declared('run() {}')};\n${main(points.replace('index([4]', 'index([5]'))}`,
      5,
      /point 4 of the launch is projected to colour 4, .*\[0\.\.3\]\.\n {4}at main \(outside\.ts:6:7\)/,
    ],
    [
      'misspelt.ts',
      "import { fieldSpcae } from 'maniple';\nexport default () => fieldSpcae;\n",
      2,
      /misspelt\.ts:1: maniple exports no fieldSpcae; the nearest is fieldSpace\n$/,
    ],
    [
      'lacking.ts',
      "import { b } from './lib.ts';\nexport default () => b;\n",
      2,
      /lacking\.ts:1: .*'\.\/lib-\w+\.mjs' does not provide an export named 'b'/,
    ],
    ['empty.ts', 'export const x = 1;\n', 2, /empty\.ts has no main function; expected: export default/],
    ['syntax.ts', 'export default function (\n  const = 3;\n', 2, /syntax\.ts:2:\d+: .*\n {4}const = 3;\n$/],
  ];
  writeFileSync(join(folder, 'lib.ts'), 'export const a = 1;\n');
  for (const [name, text, code, told] of cases) {
    writeFileSync(join(folder, name), text);
    const ended = maniple(['run', name, '--workers', '2'], folder);
    t.equal(ended.code, code, `${name}: ${ended.stderr}`);
    t.match(ended.stderr, told, name);
    t.equal(ended.stdout, '', name);
  }
  t.end();
});

t.test('Ctrl-C ends what never comes back to its event loop', { skip: needs('addon') }, async (t) => {
  const folder = scratchFolder();
  const endless = `import { f64, fieldSpace, overwrites, task } from 'maniple';
const V = fieldSpace({ x: f64 });
export const t = task({
  module: import.meta.url, name: 't', regions: { v: overwrites(V, 'x') },
  run({ v }) { process.stdout.write('begun'); for (;;) v.x[0] = 1; },
});
export default async function main(ctx) {
  const v = ctx.region([3], V);
  ctx.launch(t, { v }, {});
  console.log('launched');
  await v.read('x');
}
`;
  writeFileSync(join(folder, 'endless.mjs'), endless);
  for (const mode of ['tasks', 'inorder']) {
    const child = spawn(process.execPath, [mainFile, 'run', 'endless.mjs', '--mode', mode], {
      cwd: folder,
      env: cleanEnvironment(folder),
    });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    const ended = once(child, 'exit');
    // What is deaf to the first one ends at the second.
    const again = setInterval(() => child.kill('SIGINT'), 1000);
    const [code] = await ended;
    clearInterval(again);
    t.equal(code, 130, mode);
  }
});

t.test('settings become options of the runtime', async (t) => {
  const options = async (...given: [string, unknown][]) => {
    const flags = given.map(([key, value]) => ({ section: 'run', key, value, origin: 'test' }));
    const configuration = await resolveConfiguration([runSection], {
      flags,
      environment: { XDG_CONFIG_HOME: '/nonexistent' },
    });
    return runtimeOptions(configuration.of(runSection));
  };
  const mapper = 'default';
  const watchdog_s = 60;
  t.same(await options(), { executor: 'threads', seed: 1, check: false, steal: true, mapper, watchdog_s });
  t.same(await options(['mode', 'inorder'], ['workers', 3], ['memory', '2G'], ['steal', false]), {
    executor: 'inOrder',
    seed: 1,
    check: false,
    steal: false,
    mapper,
    watchdog_s,
    workers: 3,
    memory: 2 ** 31,
  });
  t.match(await options(['mapper', 'random'], ['spill', '/tmp']), { mapper: 'random', spill: '/tmp' });
  t.match(await options(['mode', 'bulk'], ['placement', 'lpt']), { executor: 'bulk', placement: 'lpt' });
  t.match(await options(['profile', 'x.mprof']), { profile: 'x.mprof' });
});
