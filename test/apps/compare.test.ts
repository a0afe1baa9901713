// `maniple compare`: where the time went, whether results are the same, and the command on small programs.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { type Account, accountOf } from '../../apps/compare/account.js';
import { fingerprint } from '../../apps/compare/fingerprint.js';
import { agreementOf, defaultRepeats, median } from '../../apps/compare/rounds.js';
import { maniple, scratchFolder } from '../support/command.js';
import { checkout, needs } from '../support/needs.js';

t.setTimeout(600_000); // many processes, perhaps on a busy machine

/** A record of a timeline; times in milliseconds. */
const ran = (lane: number, task: number, operation: number, start: number, end: number) => ({
  lane,
  task,
  operation,
  first: 0,
  points: 1,
  start,
  end,
});
const timeline = (...entries: ReturnType<typeof ran>[]) => ({ entries, taskNames: ['a', 'b'], lost: 0 });

/** Everything in milliseconds that both workers spent. */
function spent({ total, phases, workers }: Account) {
  const ms = ({ work, barrier, idle, launching }: Account['total']) =>
    [work, barrier, idle, launching].map((part) => Math.round(part * 1000 * workers * 1e6) / 1e6);
  return { total: ms(total), ...Object.fromEntries(phases.map((phase) => [phase.name, ms(phase)])) };
}

t.test('bulk mode: work, barriers, late tasks, launching', (t) => {
  // Launch 0 (a): worker 0 is done early; launch 1 (b): worker 1 has no part in it; then the program goes on alone.
  const account = accountOf(
    timeline(ran(0, 0, 0, 100, 110), ran(1, 0, 0, 102, 112), ran(1, 0, 0, 113, 130), ran(0, 1, 1, 140, 150)),
    { workers: 2, bulk: true, began: 90, ended: 155 },
  );
  t.same(spent(account), {
    total: [47, 30, 3, 50],
    a: [37, 20, 3, 20],
    b: [10, 10, 0, 30],
  });
  t.equal(account.seconds, 0.065);
  t.same(
    account.loads.map((load) => load.toFixed(6)),
    ['0.020000', '0.027000'],
  );
  t.same(account.waits, [
    { worker: 0, start: 0.02, end: 0.04 },
    { worker: 1, start: 0.05, end: 0.06 },
  ]);
  t.end();
});

t.test('tasks mode: idle while others work, launching when nobody does', (t) => {
  const account = accountOf(
    timeline(ran(0, 0, 0, 10, 40), ran(1, 1, 1, 20, 30), ran(0, 1, 2, 50, 60), ran(2, 1, 3, 58, 70)),
    { workers: 2, bulk: false, began: 0, ended: 80 },
  );
  // Lane 2 is the I/O lane: its work is nobody's idleness, but while it works the others wait for it.
  t.same(spent(account), {
    total: [50, 0, 50, 60],
    a: [30, 0, 0, 10],
    b: [20, 0, 50, 50],
  });
  t.same(account.waits, []);
  t.end();
});

t.test('the parts always sum up to the time of the run', (t) => {
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const wrong: string[] = [];
  for (let i = 0; i < 400; i++) {
    const workers = 1 + (i % 4);
    const bulk = i % 2 === 0;
    const free = new Array<number>(workers).fill(0);
    const entries = [];
    for (let operation = 0; operation < 6; operation++) {
      if (bulk) free.fill(Math.max(...free) + random());
      for (let n = Math.floor(6 * random()); n > 0; n--) {
        const lane = Math.floor(random() * workers);
        const start = free[lane]! + random() * 0.1;
        free[lane] = start + random();
        entries.push(ran(lane, operation % 2, operation, start, free[lane]!));
      }
    }
    const account = accountOf(timeline(...entries), {
      workers,
      bulk,
      began: -0.3,
      ended: Math.max(...free) + 0.2,
    });
    const { work, barrier, idle, launching } = account.total;
    const sum = work + barrier + idle + launching;
    if (Math.abs(sum - account.seconds) > 1e-12 || Math.min(work, barrier, idle, launching) < 0)
      wrong.push(`case ${i}: ${sum} of ${account.seconds}`);
    if (!bulk && barrier > 0) wrong.push(`case ${i}: barriers in tasks mode`);
  }
  t.same(wrong, []);
  t.same(
    accountOf(timeline(), { workers: 2, bulk: true, began: 0, ended: 1000 }).total,
    { work: 0, barrier: 0, idle: 0, launching: 1 },
    'a program without tasks',
  );
  t.end();
});

t.test('fingerprints tell bits apart, and nothing else', (t) => {
  const same: [unknown, unknown][] = [
    [
      { a: 1, b: [2, 'x'] },
      { b: [2, 'x'], a: 1 },
    ],
    [new Float32Array([1, 2]), new Float32Array([1, 2, 3]).subarray(0, 2)],
    [Number.NaN, 0 / 0],
    [new Map([[1, { x: 1n }]]), new Map([[1, { x: 1n }]])],
  ];
  const different: [unknown, unknown][] = [
    [0, -0],
    [1, '1'],
    [1, 1n],
    [null, undefined],
    [[], {}],
    [['a', 'b'], ['ab']],
    [[[1], 2], [[1, 2]]],
    [new Float32Array([1]), new Float64Array([1])],
    [new Float64Array([1]), new Float64Array([1 + Number.EPSILON])],
    [0.1 + 0.2, 0.3],
    [{ a: 1 }, { a: 1, b: undefined }],
    [new Set([1, 2]), new Map([[1, 2]])],
  ];
  t.same(
    same.filter(([a, b]) => fingerprint(a) !== fingerprint(b)),
    [],
  );
  t.same(
    different.filter(([a, b]) => fingerprint(a) === fingerprint(b)),
    [],
  );
  const ring: unknown[] = [1];
  ring.push(ring);
  t.match(fingerprint(ring), /^[0-9a-f]{64}$/, 'what contains itself has one too');
  t.end();
});

t.test('agreement, medians, rounds', (t) => {
  const run = (variant: string, result: string | null, printed = '') => ({ variant, result, printed });
  t.same(agreementOf([run('a', 'x', '1'), run('b', 'x', '2')]), { same: true, by: 'result' });
  t.same(agreementOf([run('a', 'x'), run('b', 'y')]), { same: false, by: 'result', within: false });
  t.same(agreementOf([run('a', 'x'), run('a', 'y'), run('b', 'y')]), {
    same: false,
    by: 'result',
    within: true,
  });
  t.same(agreementOf([run('a', null, 'p'), run('b', null, 'p')]), { same: true, by: 'printed' });
  t.same(agreementOf([run('a', null, 'p'), run('b', 'x', 'p')]), {
    same: false,
    by: 'result',
    within: false,
  });
  t.same(agreementOf([run('a', null), run('b', null)]), { same: null });
  t.same([median([3, 1, 2]), median([4, 1, 2, 3])], [2, 2.5]);
  t.same([0.1, 40, 50, 1000].map(defaultRepeats), [3, 3, 2, 1]);
  t.end();
});

const program = `import { type Ctx, f64, fieldSpace, task, updates } from 'maniple';
const Cell = fieldSpace({ x: f64 });
export const grow = task({
  module: import.meta.url, name: 'grow', regions: { cell: updates(Cell, 'x') },
  run({ cell }, { bad }: { bad: number }, { point }) {
    if (point[0] === bad) throw new Error('a detector panel is missing');
    for (const end = performance.now() + 1 + point[0]!; performance.now() < end; );
    for (const i of cell.points) cell.x[i] = 2 * cell.x[i]! + point[0]!;
  },
});
export default async function main(ctx: Ctx, args: readonly string[]) {
  const cells = ctx.region([8], Cell);
  const parts = cells.partition.equal([4]);
  for (let n = 0; n < 5; n++) ctx.index([4], grow, { cell: parts.at() }, { bad: args.includes('--fail') && n === 2 ? 1 : -1 });
  const sum = (await cells.read('x')).reduce((a, b) => a + b);
  console.log('sum', args.includes('--clock') ? Math.random() : sum);
  if (args.includes('--clock')) return Math.random();
  return args.includes('--nothing') ? undefined : { sum };
}
`;

/** The parts of --json that the tests look at. */
interface Document {
  readonly application: string;
  readonly workers: number;
  readonly repeats: number;
  readonly same: boolean | null;
  readonly ratio: number;
  readonly ratioSpread: readonly [number, number];
  readonly against: string;
  readonly modes: readonly {
    readonly name: string;
    readonly mode: string;
    readonly placement: string;
    readonly seconds: number;
    readonly runs: readonly number[];
    readonly where_s: Account['total'];
    readonly phases: Account['phases'];
  }[];
  readonly report: string;
}

t.test('a program in all modes', (t) => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'grow.ts'), program);
  const done = maniple(
    ['compare', 'grow.ts', '--workers', '2', '--repeats', '2', '--out', 'c', '--json'],
    folder,
  );
  t.equal(done.code, 0, done.stderr);
  const found = JSON.parse(done.stdout) as Document;
  t.match(found, { application: 'grow.ts', workers: 2, repeats: 2, same: true });
  t.same(
    found.modes.map(({ name, mode, placement }) => [name, mode, placement]),
    [
      ['tasks', 'tasks', 'block'],
      ['bulk, blocks', 'bulk', 'block'],
      ['bulk, longest first', 'bulk', 'lpt'],
    ],
  );
  const [tasks, blocks, longest] = found.modes.map((mode) => mode.seconds) as [number, number, number];
  t.equal(found.ratio, Math.min(blocks, longest) / tasks);
  t.equal(found.against, blocks <= longest ? 'bulk, blocks' : 'bulk, longest first');
  t.ok(found.ratioSpread[0] <= found.ratioSpread[1]);
  for (const { name, runs, where_s, phases } of found.modes) {
    const { work, barrier, idle, launching } = where_s;
    t.ok(
      runs.some((run) => Math.abs(work + barrier + idle + launching - run) < 1e-9),
      `${name}: the parts sum up to one of the runs`,
    );
    t.match(phases, [{ name: 'grow', tasks: 20 }]);
    t.equal(barrier > 0, name !== 'tasks', `${name}: barriers`);
  }
  const html = readFileSync(join(folder, 'c', 'compare.html'), 'utf8');
  t.same(
    [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map((match) => match[1]),
    [
      'What every worker did',
      'Where the time went',
      'By kind of task',
      'Load of every worker',
      'How it was measured',
    ],
  );
  const markup = html.replace(/<script[\s\S]*?<\/script>/g, '');
  t.same(markup.match(/https?:|\/\/|@import|url\(|<link|<iframe|src=|href=|NaN|undefined/g), null);
  const count = (pattern: RegExp) => markup.match(pattern)?.length ?? 0;
  for (const name of ['div', 'section', 'table', 'tr', 'td', 'ul', 'li', 'p', 'dl', 'span'])
    t.equal(count(new RegExp(`<${name}[ >]`, 'g')), count(new RegExp(`</${name}>`, 'g')), name);
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/.exec(html)?.[1] ?? '{}';
  const { tasks: page } = JSON.parse(data) as {
    tasks: { count: number; groups: { name: string; lanes: string[] }[]; names: string[] };
  };
  t.match(page, {
    groups: found.modes.map(({ name }) => ({ name, lanes: ['worker 0', 'worker 1'] })),
    names: ['grow', 'waiting at a barrier'],
  });
  t.ok(page.count > 60, `60 tasks, and waits: ${page.count}`);
  const record = JSON.parse(readFileSync(join(folder, 'c', 'run.json'), 'utf8')) as {
    status: string;
    files: string[];
  };
  t.match(record, { status: 'done', files: ['compare.html'] });

  const text = maniple(['compare', 'run', 'grow.ts', '--nothing', '--repeats', '1', '--out', 'c'], folder);
  t.equal(text.code, 0, text.stderr);
  t.match(text.stdout, /^grow\.ts on \d+ workers?, 1 round\n/);
  t.match(text.stdout, /\nresults {2}all 4 runs printed the same; the program returns nothing\n/);
  t.match(text.stdout, /\npage {5}.*c\/compare\.html\n$/);
  t.notMatch(text.stdout, /^sum/m, 'what the program prints is kept apart');
  t.end();
});

t.test('failing programs, differing results, wrong usage', (t) => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'grow.ts'), program);
  const failed = maniple(['compare', 'grow.ts', '--fail', '--json', '--out', 'f'], folder);
  t.equal(failed.code, 5, failed.stderr);
  t.match(JSON.parse(failed.stdout), {
    error: { exitCode: 5, message: /task grow, point 1, launched at .*a detector panel is missing/ },
  });
  t.match(JSON.parse(readFileSync(join(folder, 'f', 'run.json'), 'utf8')), { status: 'failed' });
  const clock = maniple(['compare', 'grow.ts', '--clock', '--repeats', '1', '--json', '--out', 'd'], folder);
  t.equal(clock.code, 1, clock.stderr);
  t.match(JSON.parse(clock.stdout), { same: false });
  t.ok(existsSync(join(folder, 'd', 'compare.html')), 'the page is written all the same');
  const wrong: [args: string[], message: RegExp][] = [
    [['grow'], /maniple compare grow: there are demo, spi reconstruct DATA, and run PROGRAM/],
    [['gone.ts'], /gone\.ts/],
    [['run'], /PROGRAM is missing/],
    [['spi', 'simulate'], /only reconstruct can be compared, not simulate/],
    [['spi', 'reconstruct'], /DATA is missing/],
    [['demo', '--photns', '3'], /unknown option --photns/],
    [['demo', 'twice'], /"twice" is one argument too many/],
    [['grow.ts', '--repeats', 'many'], /--repeats must be an integer from 1 to 1000, not many/],
    [['grow.ts', '--mode', 'bulk'], /runs in all modes: leave out --mode/],
    [[], /APP is missing/],
  ];
  for (const [args, message] of wrong) {
    const { code, stderr } = maniple(['compare', ...args], folder);
    t.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    t.match(stderr, message);
  }
  const missing = maniple(['compare', 'spi', 'reconstruct', 'gone.h5', '--out', 'm'], folder);
  t.equal(missing.code, 3, missing.stderr);
  const dry = maniple(['compare', 'grow.ts', '--dry-run', '--out', 'f'], folder);
  t.equal(dry.stdout, 'would replace in f: run.json\n');
  t.end();
});

t.test('the example of the documentation, and a reconstruction', (t) => {
  const folder = scratchFolder();
  const example = join(checkout, 'docs/examples/imbalance.ts');
  const done = maniple(
    ['compare', example, '--steps', '6', '--length', '2000', '--workers', '2', '--repeats', '1', '--json'],
    folder,
  );
  t.equal(done.code, 0, done.stderr);
  t.match(JSON.parse(done.stdout), { application: 'imbalance.ts', same: true });
  t.ok(existsSync(join(folder, 'run/compare/compare.html')));
  const settings = ['--images', '24', '--pixels', '16', '--edge', '34', '--set', 'reconstruct.phasings=1'];
  const demo = maniple(
    ['compare', 'demo', ...settings, '--set', 'reconstruct.half_phasings=0', '--repeats', '1', '--json'],
    folder,
  );
  t.equal(demo.code, 0, demo.stderr);
  const found = JSON.parse(demo.stdout) as Document;
  t.match(found, { application: 'demo', same: true });
  t.ok(
    found.modes.every(({ phases }) => phases.some(({ name }) => name === 'match')),
    'kinds of task have their names',
  );
  t.ok(existsSync(join(folder, 'run/compare/images.h5')));
  t.end();
});

t.test('in a real browser', { skip: needs('chromium') }, (t) => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'grow.ts'), program);
  const done = maniple(
    ['compare', 'grow.ts', '--workers', '2', '--repeats', '1', '--out', 'c', '--quiet'],
    folder,
  );
  t.equal(done.code, 0, done.stderr);
  const probe = `<script>
    const canvas = document.querySelector('canvas.timeline');
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let painted = 0;
    for (let i = 3; i < pixels.length; i += 4) painted += pixels[i] > 0;
    const box = canvas.getBoundingClientRect();
    const tip = document.querySelector('#timeline-tip');
    const tips = new Set();
    for (let y = 2; y < box.height; y += 6) for (let x = 74; x < box.width; x += 3) {
      canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + x, clientY: box.top + y }));
      if (tip.textContent !== '') tips.add(tip.textContent);
    }
    const overflow = document.documentElement.scrollWidth > window.innerWidth;
    document.body.innerHTML = '<pre id=probe>' + JSON.stringify({ painted: painted / (canvas.width * canvas.height), tips: [...tips], overflow }) + '</pre>';
  </script></body>`;
  const failing = `<script>window.onerror = (message) => { document.title = 'FAILED ' + message; };</script></head>`;
  const file = join(folder, 'probed.html');
  const html = readFileSync(join(folder, 'c', 'compare.html'), 'utf8');
  writeFileSync(
    file,
    html.replace('</body>', () => probe).replace('</head>', () => failing),
  );
  for (const width of [1400, 500]) {
    const dom = execFileSync(
      'chromium',
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        `--user-data-dir=${join(folder, `profile${width}`)}`,
        `--window-size=${width},2000`,
        '--dump-dom',
        pathToFileURL(file).href,
      ],
      { encoding: 'utf8', timeout: 120_000, stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 },
    );
    t.notMatch(dom, /<title>FAILED/);
    const found = JSON.parse(/<pre id="probe">(.*?)<\/pre>/.exec(dom)?.[1] ?? '{}') as {
      painted: number;
      tips: string[];
      overflow: boolean;
    };
    t.ok(found.painted > 0.1, `${found.painted} of the timeline is painted`);
    t.equal(found.overflow, false, `nothing is wider than a page of ${width} pixels`);
    t.ok(
      found.tips.some((tip) => /^grow, point 3, on worker [01]: [\d.]+ m?s, from /.test(tip)),
      found.tips.slice(0, 9).join('; '),
    );
    t.ok(found.tips.some((tip) => /^waiting at a barrier on worker [01]: /.test(tip)));
  }
  t.end();
});
