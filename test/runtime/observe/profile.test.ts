// What is read from a log: numbers, the critical path, reasons, traces for other viewers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeChromeTrace } from '../../../runtime/observe/chrome-trace.js';
import { criticalPath } from '../../../runtime/observe/critical-path.js';
import { Histogram } from '../../../runtime/observe/histogram.js';
import { LogReader } from '../../../runtime/observe/log-reader.js';
import { writePerfettoTrace } from '../../../runtime/observe/perfetto-trace.js';
import { summarise } from '../../../runtime/observe/summary.js';
import { explain, parseTask } from '../../../runtime/observe/why.js';
import { generateProgram, runtimeExecutor } from '../../../runtime/testing/index.js';
import { maniple, scratchFolder } from '../../support/command.js';
import { WrittenLog } from './written-log.js';

t.setTimeout(600_000);
const folder = scratchFolder();

/**
 * Three tasks in a row on one lane, the third of which needs the first alone: 100 to 200, 250 to 300, 300 to 450; times in
 * nanoseconds. Record 1 was ready at 200, and started 50 later.
 */
const file = join(folder, 'written.mprof');
{
  const log = new WrittenLog(file);
  log.records(log.launch(1, [[0, 'update']]), 1);
  log.records(log.launch(1, [[0, 'update']]), 1, () => [0]);
  log.records(log.launch(1, [[1, 'update']]), 1);
  log.ran({ record: 0, start: 100, end: 200 });
  log.ran({ record: 1, start: 250, end: 300 });
  log.ran({ record: 2, start: 300, end: 450 });
  log.flushLane();
  for (let record = 0; record < 3; record++) log.program.retire(record);
  log.close();
}

function read<T>(path: string, how: (reader: LogReader) => T): T {
  const reader = new LogReader(path);
  try {
    return how(reader);
  } finally {
    reader.close();
  }
}

t.test('a histogram knows its percentiles to within a bucket', (t) => {
  const histogram = new Histogram();
  for (let i = 1; i <= 10_000; i++) histogram.add(i);
  t.equal(histogram.mean, 5000.5);
  for (const part of [0.1, 0.5, 0.95, 1]) {
    const ratio = histogram.quantile(part) / (10_000 * part);
    t.ok(ratio > 0.91 && ratio < 1.1, `${part}: ${ratio}`);
  }
  t.equal(new Histogram().quantile(0.5), 0);
  t.end();
});

t.test('the numbers of a run', (t) => {
  const summary = read(file, summarise);
  t.equal(summary.span, 350);
  t.match(summary.kinds, [{ name: 'step', records: 3, total: 300, mean: 100, max: 150 }]);
  t.match(summary.lanes, [{ lane: 0, name: 'worker 0', records: 3, busy: 300, between: 50, atEnd: 0 }]);
  t.equal(summary.utilisation, 300 / 350);
  t.end();
});

t.test('the critical path', (t) => {
  const path = read(file, criticalPath);
  t.same(
    path.steps.map(({ start, end, binding, gap }) => ({ start, end, binding, gap })),
    [
      { start: 100, end: 200, binding: 'launch', gap: 0 },
      { start: 250, end: 300, binding: 'dependence', gap: 50 },
      { start: 300, end: 450, binding: 'lane', gap: 0 },
    ],
  );
  t.match(path, { span: 350, tasks: 300, handOver: 50, launching: 0, work: 300, longestChain: 150 });
  t.end();
});

t.test('why a task started when it did', (t) => {
  const { found, explanations } = read(file, (reader) => explain(reader, { task: 'step', point: null }, 2));
  t.equal(found, 3);
  t.match(explanations, [
    { waitedFor: [], start: 100 },
    { waitedFor: [{ name: 'step', operation: 0, end: 200 }], ready: 200, start: 250, end: 300, lane: 0 },
  ]);
  t.same(parseTask('step@(1, 2)'), { task: 'step', point: [1, 2] });
  t.same(parseTask('a@b@3'), { task: 'a@b', point: [3] });
  t.same(parseTask('step'), { task: 'step', point: null });
  for (const wrong of ['', '@3', 'step@', 'step@x', 'step@1,', 'step@1.5'])
    t.equal(parseTask(wrong), null, wrong);
  t.end();
});

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
}

/** The fields of one Protocol Buffers message: numbers, and bytes for everything with a length. */
function fieldsOf(bytes: Uint8Array): { field: number; value: number | Uint8Array }[] {
  const fields: { field: number; value: number | Uint8Array }[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key & 7;
    let value: number | Uint8Array = 0;
    if (wire === 0) value = varint();
    else if (wire === 1) {
      value = Number(new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, true));
      at += 8;
    } else if (wire === 2) {
      const length = varint();
      value = bytes.subarray(at, at + length);
      at += length;
    } else throw new Error(`wire type ${wire} at ${at}`);
    fields.push({ field: key >> 3, value });
  }
  if (at !== bytes.length) throw new Error('a message is cut off');
  return fields;
}

t.test('traces of a real run hold every record, and are well formed', async (t) => {
  const profile = join(folder, 'real.mprof');
  const { program } = generateProgram(11, { operations: 80 });
  await runtimeExecutor({ executor: 'threads', workers: 2, seed: 11, profile, memory: 2 ** 26 })(program);
  const { kinds } = read(profile, summarise);
  const records = kinds.reduce((sum, kind) => sum + kind.records, 0);
  const json = join(folder, 'trace.json');
  t.equal(
    read(profile, (reader) => writeChromeTrace(reader, json)),
    records,
  );
  const { traceEvents } = JSON.parse(readFileSync(json, 'utf8')) as { traceEvents: TraceEvent[] };
  // Row 4 shows the waits of the launching thread; those after it are of inner tasks.
  const slices = traceEvents.filter(({ ph, tid }) => ph === 'X' && tid !== 4);
  t.equal(slices.length, records);
  t.ok(slices.every(({ ts, dur, name }) => ts! > 0 && dur! >= 0 && name.length > 0));
  const [starts, ends] = ['s', 'f'].map((phase) =>
    traceEvents.filter(({ ph }) => ph === phase).map(({ id }) => id),
  );
  t.same(starts, ends, 'every arrow has two ends');

  const proto = join(folder, 'trace.pftrace');
  t.equal(
    read(profile, (reader) => writePerfettoTrace(reader, proto)),
    records,
  );
  const packets = fieldsOf(readFileSync(proto)).map(({ field, value }) => {
    t.equal(field, 1);
    return new Map(fieldsOf(value as Uint8Array).map((it) => [it.field, it.value]));
  });
  const tracks = new Set<number>();
  const depth = new Map<number, number>();
  let begun = 0;
  for (const packet of packets) {
    const descriptor = packet.get(60);
    if (descriptor !== undefined) {
      tracks.add(fieldsOf(descriptor as Uint8Array).find(({ field }) => field === 1)!.value as number);
      continue;
    }
    const event = new Map(fieldsOf(packet.get(11) as Uint8Array).map((it) => [it.field, it.value]));
    const track = event.get(11) as number;
    if (!tracks.has(track)) t.fail(`track ${track} was not described`);
    const step = event.get(9) === 1 ? 1 : -1;
    if (step === 1 && event.has(47)) begun++;
    depth.set(track, (depth.get(track) ?? 0) + step);
  }
  t.equal(begun, records);
  t.ok(
    [...depth.values()].every((open) => open === 0),
    'every slice that begins ends',
  );
});

t.test('the command', (t) => {
  const run = (...args: string[]) => maniple(['profile', file, ...args], folder);
  const text = run();
  t.equal(text.code, 0, text.stderr);
  t.match(text.stdout, /3 records in 350 ns/);
  t.match(run('--why', 'step').stdout, /ready +at .*, then 50 ns/);
  t.match(run('--critical-path').stdout, /critical path: 3 records, 350 ns/);
  const json = JSON.parse(run('--json', '--critical-path', '--why', 'step').stdout) as Record<
    string,
    unknown
  >;
  t.match(json, { span: 350, why: { found: 3 }, criticalPath: { span: 350 } });
  t.equal(run('--chrome', 'out.json').code, 0);
  t.type(JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')), 'object');
  t.match(run('--why', 'other@1'), { code: 2, stderr: /no such task; it has step/ });
  t.match(run('--why', 'step@x'), { code: 2, stderr: /expected TASK@POINT/ });
  t.match(run('--chrome', 'no/such/folder/x.json'), { code: 2 });
  t.match(maniple(['profile', join(folder, 'absent')], folder), { code: 3 });
  t.end();
});
