// Inner tasks in the log: what the checker demands of their operations, and what the readers make of their time.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Code, PRIVILEGE_NAMES, packUse } from '../../../runtime/events/log-format.js';
import { type Ctx, type RunOptions, run } from '../../../runtime/index.js';
import { type CheckReport, checkLog } from '../../../runtime/observe/check.js';
import { writeChromeTrace } from '../../../runtime/observe/chrome-trace.js';
import { criticalPath } from '../../../runtime/observe/critical-path.js';
import { LogReader } from '../../../runtime/observe/log-reader.js';
import { writePerfettoTrace } from '../../../runtime/observe/perfetto-trace.js';
import { summarise } from '../../../runtime/observe/summary.js';
import { explain } from '../../../runtime/observe/why.js';
import { scratchFolder } from '../../support/command.js';
import { folds, halves, scratch, step, sweep, Vec } from '../program/inner.tasks.js';
import { WrittenLog } from './written-log.js';

t.setTimeout(600_000);
const folder = scratchFolder();
const INNER = 8;
let files = 0;

interface ChildOptions {
  /** Partition that it uses: 1 the whole, 2 blocks, 3 halos; at the colour of its instance. */
  readonly partition?: number;
  readonly privilege?: string;
  readonly start?: number;
  readonly end?: number;
}

/** An inner launch that updates blocks of field a, and in the body of point 1 (from 100 to 200) one child. */
function oneChild({
  partition = 2,
  privilege = 'update',
  start = 120,
  end = 150,
}: ChildOptions): CheckReport {
  const file = join(folder, `inner${files++}.mprof`);
  const log = new WrittenLog(file);
  const { program } = log;
  const inner = log.launch(2, [[0, 'update']], INNER);
  log.records(inner, 4);
  program.event(Code.tree, 2, [2, 1, 1, 2, 3, 8, 8]);
  program.event(Code.lent, 0, [2, 1]);
  const child = inner + 1;
  program.event(Code.launch, 0, [child, 4, 0, 1, 0, 1]);
  program.event(Code.within, 0, [child, inner, 1]);
  program.event(Code.projection, 1, [1, partition === 1 ? 0 : 1]);
  const use = packUse({
    field: 0,
    privilege: PRIVILEGE_NAMES.indexOf(privilege as 'read'),
    coherence: 0,
    operator: -1,
    discardOutput: false,
  });
  program.event(Code.requirement, 1, [child, 2, partition, 1, use]);
  log.records(child, 1);
  log.ran({ record: 4, start, end });
  log.flushLane();
  program.retire(4);
  program.event(Code.frees, 0, [2]);
  for (const record of [0, 1, 2, 3]) log.ran({ record, start: 100, end: 200 });
  log.flushLane();
  for (const record of [0, 1, 2, 3]) program.retire(record);
  log.close();
  return checkLog(file);
}

t.test('operations of an inner task stay within what it holds, and within its time', (t) => {
  t.match(oneChild({}), { clean: true, outside: 0, missing: 0, needless: 0 });
  t.match(oneChild({ privilege: 'read' }), { clean: true, outside: 0 });
  const beyond = { clean: false, outside: 1, outsidePairs: [{ earlier: 'step@1', field: 'grid.a' }] };
  t.match(oneChild({ partition: 3 }), beyond, 'the halo is not held');
  t.same(oneChild({ partition: 3 }).outsidePairs[0]!.point, [3]);
  t.match(oneChild({ partition: 1 }), beyond);
  const times = { clean: false, outside: 1, outsidePairs: [{ earlier: 'step@1', later: 'step', field: '' }] };
  t.match(oneChild({ start: 90 }), times, 'it began before its instance');
  t.match(oneChild({ end: 210 }), times, 'it ended after its instance');
  t.end();
});

t.test('inner launches that reduce the same are ordered, and logged so', async (t) => {
  const profile = join(folder, 'folds.mprof');
  await run(
    async (ctx) => {
      const v = ctx.region([9], Vec);
      for (let i = 0; i < 3; i++) ctx.launch(folds, { v }, { by: i });
      await v.read('y');
    },
    { executor: 'threads', workers: 2, profile },
  );
  const report = checkLog(profile);
  t.match(report, { clean: true, missing: 0, needless: 0, outside: 0 });
  t.ok(report.conflicts >= 2, 'the three conflict');
  t.end();
});

async function everything(ctx: Ctx): Promise<void> {
  const v = ctx.region([16], Vec);
  const w = ctx.region([16], Vec);
  ctx.fill(v, 'x', 1);
  ctx.launch(halves, { v }, { depth: 2 });
  const parts = v.partition.equal([4]);
  ctx.index([4], sweep, { v: parts.at() }, { by: 2 });
  ctx.index([4], scratch, { v: w.partition.equal([4]).at() }, {});
  ctx.launch(step, { v: w }, { by: 1 });
  ctx.launch(folds, { v: w }, { by: 1 });
  await v.read('x');
}

const machines: RunOptions[] = [
  { executor: 'inOrder' },
  { executor: 'virtual', seed: 3 },
  { executor: 'virtual', seed: 4, window: { records: 64, launches: 32 } },
  { executor: 'threads', workers: 1, window: { records: 64, launches: 32 } },
  { executor: 'threads', workers: 3 },
  { executor: 'bulk', workers: 2 },
];

for (const [i, options] of machines.entries()) {
  t.test(`a run with inner tasks: ${JSON.stringify(options)}`, async (t) => {
    const profile = join(folder, `run${i}.mprof`);
    await run(everything, { seed: 1, ...options, profile });
    const report = checkLog(profile);
    t.match(report, { clean: true, needless: 0, untimed: 0 }, JSON.stringify(report));
    const reading = <T>(how: (reader: LogReader) => T): T => {
      const reader = new LogReader(profile);
      try {
        return how(reader);
      } finally {
        reader.close();
      }
    };
    const summary = reading(summarise);
    const kinds = new Map(summary.kinds.map((kind) => [kind.name, kind]));
    t.match(kinds.get('sweep'), { kind: 'inner', records: 4, failed: 0, skipped: 0 });
    t.match(kinds.get('halves'), { kind: 'inner', records: 7 });
    t.ok(summary.utilisation <= 1, 'what instances wait for is not counted twice');
    t.ok(kinds.get('sweep')!.total > 0);
    const path = reading(criticalPath);
    t.ok(path.longestChain <= path.span, `${path.longestChain} of ${path.span}`);
    t.ok(path.tasks + path.handOver + path.launching <= 1.001 * path.span);
    t.ok(
      path.steps.every(({ task }) => task !== 'halves' && task !== 'sweep'),
      'the way leads through what they launched',
    );
    const { explanations } = reading((reader) => explain(reader, { task: 'total', point: null }, 20));
    t.ok(
      explanations.every(({ within }) => within.startsWith('sweep@')),
      explanations[0]!.within,
    );

    const json = join(folder, `trace${i}.json`);
    reading((reader) => writeChromeTrace(reader, json));
    reading((reader) => writePerfettoTrace(reader, join(folder, `trace${i}.pftrace`)));
    const { traceEvents } = JSON.parse(readFileSync(json, 'utf8')) as {
      traceEvents: { ph: string; tid: number; ts: number; dur: number; cat: string; id: number }[];
    };
    const rows = new Map<number, [number, number][]>();
    for (const { ph, tid, ts, dur, cat } of traceEvents) {
      if (ph !== 'X' || cat !== 'inner') continue;
      const row = rows.get(tid) ?? [];
      rows.set(tid, [...row, [ts, ts + dur]]);
    }
    t.equal([...rows.values()].flat().length, 7 + 4 + 4 + 1);
    for (const row of rows.values()) {
      row.sort(([a], [b]) => a - b);
      t.ok(
        row.every(([start], k) => k === 0 || row[k - 1]![1] <= start + 1e-6),
        'slices of a row follow each other',
      );
    }
  });
}
