// What `maniple profile` prints for people.
import { basename } from 'node:path';
import type { CriticalPath } from '../../runtime/observe/critical-path.js';
import type { LogSummary } from '../../runtime/observe/summary.js';
import type { Explanation } from '../../runtime/observe/why.js';
import { formatColumns } from '../command/format.js';
import { formatNanoseconds as time } from './duration.js';

const KINDS_SHOWN = 20;

const percent = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
const count = (n: number): string => n.toLocaleString('en');

/** The run, its tasks by the time they took, its lanes, and what the launching thread waited for. */
export function summaryText(summary: LogSummary): string {
  const { run, end, kinds, lanes, span, utilisation, launcherWaits } = summary;
  const records = kinds.reduce((sum, kind) => sum + kind.records, 0);
  const how = end.end === 'complete' ? '' : end.end === 'failed' ? ', ended with an error' : ', interrupted';
  const lines = [
    `${basename(summary.file)}: ${run.executor ?? 'a run'}, ${run.workers} workers, ${count(records)} records in ${time(span)}${how}`,
    `workers ran tasks for ${percent(utilisation, 1)} of the time`,
    '',
    formatColumns([
      ['task', 'records', 'total', 'mean', 'median', '95 %', 'longest', 'ready to start (median, 95 %)'],
      ...kinds
        .slice(0, KINDS_SHOWN)
        .map((kind) => [
          `${kind.name}${kind.kind === 'inner' ? ' (inner)' : ''}${kind.failed > 0 ? ` (${kind.failed} failed)` : ''}${kind.skipped > 0 ? ` (${kind.skipped} skipped)` : ''}`,
          count(kind.records),
          time(kind.total),
          time(kind.mean),
          time(kind.median),
          time(kind.p95),
          time(kind.max),
          `${time(kind.waitMedian)}, ${time(kind.waitP95)}`,
        ]),
    ]),
  ];
  if (kinds.length > KINDS_SHOWN) lines.push(`and ${kinds.length - KINDS_SHOWN} more kinds (--json has all)`);
  lines.push(
    '',
    formatColumns([
      ['lane', 'records', 'stolen', 'tasks', 'between', 'not launched', 'waiting', 'hand-over', 'at the end'],
      ...lanes.map((lane) => [
        lane.name,
        count(lane.records),
        count(lane.stolen),
        ...[lane.busy, lane.between, lane.notLaunched, lane.waiting, lane.handOver, lane.atEnd].map((part) =>
          percent(part, span),
        ),
      ]),
    ]),
  );
  const waits = Object.entries(launcherWaits).filter(([, waited]) => waited > 0);
  const words: Record<string, string> = {
    records: 'for room in the window',
    slots: 'for launches to end (slots)',
    memory: 'for memory',
    launch: 'for the end of launches',
    await: 'for what the program awaited',
  };
  if (waits.length > 0) {
    lines.push(
      '',
      `The launching thread waited: ${waits.map(([reason, waited]) => `${time(waited)} ${words[reason] ?? reason}`).join(', ')}.`,
    );
  }
  return lines.join('\n');
}

const STEPS_SHOWN = 12;

/** Where the time on the critical path went, and its end. */
export function pathText(path: CriticalPath): string {
  const { span, tasks, launching, handOver, bindings, byTask, steps, longestChain, work } = path;
  const lines = [
    `critical path: ${count(steps.length)} records, ${time(span)}`,
    `  in tasks ${percent(tasks, span)}, handing over ${percent(handOver, span)}, waiting for the launching thread ${percent(launching, span)}`,
    `  started when a predecessor had ended: ${count(bindings.dependence)}, when the worker came free: ${count(bindings.lane)}, when they were launched: ${count(bindings.launch)}`,
    ...byTask
      .slice(0, 8)
      .map(({ task, time: spent, records }) => `  ${task}: ${time(spent)} in ${count(records)}`),
    `longest chain of dependences ${time(longestChain)}, all tasks ${time(work)}: no number of workers is faster than ${(work / Math.max(1, longestChain)).toFixed(1)} times one`,
  ];
  const names = {
    dependence: 'after its predecessor',
    lane: 'after the task before it',
    launch: 'once launched',
  };
  const rows = steps
    .slice(-STEPS_SHOWN)
    .map((step) => [
      step.name,
      `lane ${step.lane}`,
      `at ${time(step.start)}`,
      `for ${time(step.end - step.start)}`,
      `${names[step.binding]}${step.gap > 0 ? ` and ${time(step.gap)}` : ''}`,
    ]);
  if (steps.length > STEPS_SHOWN) lines.push(`the last ${STEPS_SHOWN}:`);
  lines.push(formatColumns(rows, '  '));
  return lines.join('\n');
}

/** Why each of some executions started when it did. Times count from the first launch of the run. */
export function whyText(found: number, explanations: readonly Explanation[], launched: number): string {
  const at = (ns: number) => time(Math.max(0, ns - launched));
  const blocks = explanations.map((it) => {
    const lines = [
      `${it.name}, operation ${it.operation}${it.within === '' ? '' : `, of ${it.within}`}${it.site === '' ? '' : `, launched at ${it.site}`}`,
      `  launched      at ${at(it.created)}`,
    ];
    if (it.waitedFor.length === 0)
      lines.push('  waited for    nothing: whatever it uses was there when it was launched');
    for (const [i, pred] of it.waitedFor.slice(-4).entries()) {
      const last = i === Math.min(4, it.waitedFor.length) - 1;
      lines.push(
        `  waited for    ${pred.name} (operation ${pred.operation}), which ended at ${at(pred.end)}${last ? ': the last' : ''}`,
      );
    }
    if (it.waitedFor.length > 4)
      lines.push(`                and ${it.waitedFor.length - 4} that ended before`);
    lines.push(
      `  ready         at ${at(it.ready)}, then ${time(it.start - it.ready)} ${it.queue}`,
      `  ran           from ${at(it.start)} for ${time(it.end - it.start)} on lane ${it.lane}${it.shared ? ' (its share of a burst of short tasks)' : ''}${it.outcome === 'done' ? '' : `: ${it.outcome}`}`,
    );
    return lines.join('\n');
  });
  if (found > explanations.length) blocks.push(`and ${count(found - explanations.length)} more executions`);
  return blocks.join('\n\n');
}
