// A profile as Chrome's trace events (JSON), for chrome://tracing, ui.perfetto.dev and speedscope: a row for every lane,
// a slice for every record (those of inner tasks on rows of their own), an arrow from the record that made another ready,
// the memory in use.
import { InnerRows } from './inner-rows.js';
import { nameOf } from './log-model.js';
import type { LogReader } from './log-reader.js';
import { PieceFile } from './piece-file.js';
import { followRecords } from './record-events.js';
import { laneName } from './summary.js';

/** Rows of the trace: lanes as they are numbered, then the waits of the launching thread, then instances of inner tasks. */
const PROCESS = 1;

/** Writes the trace; returns how many records it shows. @throws DataError for a damaged profile */
export function writeChromeTrace(reader: LogReader, path: string): number {
  const file = new PieceFile(path);
  try {
    const { workers } = reader.run;
    let first = true;
    const put = (event: Record<string, unknown>): void => {
      file.put(`${first ? '' : ',\n'}${JSON.stringify(event)}`);
      first = false;
    };
    const row = (tid: number, name: string): void => {
      put({ ph: 'M', name: 'thread_name', pid: PROCESS, tid, args: { name } });
      put({ ph: 'M', name: 'thread_sort_index', pid: PROCESS, tid, args: { sort_index: tid } });
    };
    file.put('{"displayTimeUnit":"ns","traceEvents":[\n');
    const title = `maniple, ${workers} workers`;
    put({ ph: 'M', name: 'process_name', pid: PROCESS, tid: 0, args: { name: title } });
    for (let lane = 0; lane < workers + 2; lane++) row(lane, laneName(lane, workers));
    row(workers + 2, 'launching thread: waits');
    const inner = new InnerRows(workers + 3, row);
    let records = 0;
    let arrows = 0;
    followRecords(reader, {
      ran({ record, launch, lane, start, end, ready, cause, source, victim, failed, skipped, shared }) {
        records++;
        const ts = start / 1000;
        const tid = launch.kind === 'inner' ? inner.place(record, start, end) : lane;
        put({
          ph: 'X',
          name: launch.name,
          cat: launch.kind,
          pid: PROCESS,
          tid,
          ts,
          dur: Math.max(0, (end - start) / 1000),
          args: {
            record: nameOf(record),
            operation: launch.operation,
            launchedAt: launch.site,
            created_us: record.created / 1000,
            ready_us: ready / 1000,
            ...(cause !== null && { madeReadyBy: nameOf(cause) }),
            ...(launch.within !== null && { within: nameOf(launch.within) }),
            found: source === 'stolen' ? `stolen from worker ${victim}` : source,
            ...(failed && { failed }),
            ...(skipped && { skipped }),
            ...(shared && { time: 'shared evenly with its neighbours' }),
          },
        });
        // An arrow within a lane would say nothing that the order of the slices does not.
        if (cause === null || cause.lane < 0) return;
        const causeTid = inner.of(cause) ?? cause.lane;
        if (causeTid === tid) return;
        const id = ++arrows;
        const from = Math.max(cause.start, cause.end - 1) / 1000;
        put({ ph: 's', name: 'ready', cat: 'ready', id, pid: PROCESS, tid: causeTid, ts: from });
        put({ ph: 'f', name: 'ready', cat: 'ready', id, bp: 'e', pid: PROCESS, tid, ts });
      },
      waited(reason, operation, from, to) {
        put({
          ph: 'X',
          name:
            reason === 'await' || reason === 'launch'
              ? `waits for operation ${operation}`
              : `waits for ${reason}`,
          cat: 'wait',
          pid: PROCESS,
          tid: workers + 2,
          ts: from / 1000,
          dur: Math.max(0, (to - from) / 1000),
          args: { reason, operation },
        });
      },
      memory(time, bytes) {
        put({ ph: 'C', name: 'memory', pid: PROCESS, tid: 0, ts: time / 1000, args: { bytes } });
      },
    });
    file.put('\n]}\n');
    file.close();
    return records;
  } catch (error) {
    file.abandon();
    throw error;
  }
}
