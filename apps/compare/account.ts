// Where the time of a run went: every moment of every worker is work, waiting at a barrier, idle, or launching.
import type { Timeline } from '../../runtime/index.js';

/** Shares of the workers' time, in seconds of wall-clock time: what one worker spends is divided by their number. */
export interface Spent {
  /** Inside of tasks. */
  readonly work: number;
  /** Bulk mode: the worker is done with its part of a launch, another is not. */
  readonly barrier: number;
  /** Without a task while others have one: nothing is ready, or a ready task is on its way. */
  readonly idle: number;
  /** No worker has a task: the program launches, or waits for what no worker does. */
  readonly launching: number;
}

/** What was spent for one kind of task. */
export interface Phase extends Spent {
  readonly name: string;
  /** Records that ran: points, or blocks of points where the launch reduces. */
  readonly tasks: number;
}

/** A whole run. */
export interface Account {
  /** Wall-clock seconds; the parts of `total` sum up to them. */
  readonly seconds: number;
  readonly workers: number;
  readonly total: Spent;
  /** By kind of task, in order of first appearance. */
  readonly phases: readonly Phase[];
  /** Seconds of work of each worker. */
  readonly loads: readonly number[];
  /** Waits at barriers, for the timeline; seconds from the start. */
  readonly waits: readonly { readonly worker: number; readonly start: number; readonly end: number }[];
}

/** A time in which somebody works: bulk mode's launches, which do not overlap, or whatever tasks mode has. */
interface Span {
  start: number;
  end: number;
  /** Task kind that a wait for it is charged to. */
  readonly task: number;
  readonly operation: number;
}

interface Tally {
  work: number;
  barrier: number;
  idle: number;
  launching: number;
  tasks: number;
}

type Entry = Timeline['entries'][number];

/** The time from the first to the last task of every operation, in order. Two that overlap after all are joined. */
function launchesOf(entries: readonly Entry[]): Span[] {
  const byOperation = new Map<number, Span>();
  for (const { operation, task, start, end } of entries) {
    const span = byOperation.get(operation);
    if (span === undefined) byOperation.set(operation, { operation, task, start, end });
    else {
      span.start = Math.min(span.start, start);
      span.end = Math.max(span.end, end);
    }
  }
  return joined([...byOperation.values()]);
}

function joined(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const before = out.at(-1);
    if (before !== undefined && span.start < before.end) before.end = Math.max(before.end, span.end);
    else out.push({ ...span });
  }
  return out;
}

/**
 * Divides the time from `began` to `ended` (milliseconds, the clock of the timeline) up. A gap before a task is charged to
 * that task's kind, one at the end of the run to the kind that ended last.
 * @param bulk whether a worker without work waits at a barrier, or for work
 */
export function accountOf(
  { entries, taskNames }: Timeline,
  { workers, bulk, began, ended }: { workers: number; bulk: boolean; began: number; ended: number },
): Account {
  const spans = bulk ? launchesOf(entries) : joined(entries);
  const tallies = new Map<string, Tally>();
  const tallyOf = (task: number): Tally => {
    const name = taskNames[task]!;
    let tally = tallies.get(name);
    if (tally === undefined)
      tallies.set(name, (tally = { work: 0, barrier: 0, idle: 0, launching: 0, tasks: 0 }));
    return tally;
  };
  const byStart = [...entries].sort((a, b) => a.start - b.start);
  for (const { task } of byStart) tallyOf(task).tasks++;
  const last = byStart.reduce<Entry | undefined>(
    (late, entry) => (late === undefined || entry.end > late.end ? entry : late),
    undefined,
  );
  const loads = new Array<number>(workers).fill(0);
  const waits: { worker: number; start: number; end: number }[] = [];

  for (let worker = 0; worker < workers; worker++) {
    const own = byStart.filter(({ lane }) => lane === worker);
    let span = 0;
    /** Divides one gap up; `next` is the task that ends it. */
    const gap = (from: number, to: number, next: Entry | undefined): void => {
      const charged = next ?? last;
      if (charged === undefined || to <= from) return;
      let at = from;
      while (at < to) {
        while (span < spans.length && spans[span]!.end <= at) span++;
        const current = spans[span];
        if (current === undefined || current.start >= to) {
          tallyOf((current !== undefined && bulk ? current : charged).task).launching += to - at;
          return;
        }
        if (current.start > at) tallyOf((bulk ? current : charged).task).launching += current.start - at;
        const inside = Math.max(at, current.start);
        const until = Math.min(to, current.end);
        // In a launch that still has a task for this worker the task is only late: that is no barrier.
        if (bulk && next?.operation !== current.operation) {
          tallyOf(current.task).barrier += until - inside;
          waits.push({ worker, start: (inside - began) / 1000, end: (until - began) / 1000 });
        } else tallyOf(charged.task).idle += until - inside;
        at = until;
      }
    };
    let at = began;
    for (const entry of own) {
      gap(at, Math.min(entry.start, ended), entry);
      tallyOf(entry.task).work += entry.end - entry.start;
      loads[worker]! += (entry.end - entry.start) / 1000;
      at = Math.max(at, entry.end);
    }
    gap(at, ended, undefined);
  }

  const share = 1000 * workers;
  const phases = [...tallies].map(([name, { tasks, ...spent }]) => ({
    name,
    tasks,
    work: spent.work / share,
    barrier: spent.barrier / share,
    idle: spent.idle / share,
    launching: spent.launching / share,
  }));
  const seconds = (ended - began) / 1000;
  if (entries.length === 0) {
    return {
      seconds,
      workers,
      total: { work: 0, barrier: 0, idle: 0, launching: seconds },
      phases,
      loads,
      waits,
    };
  }
  const sum = (part: keyof Spent) => phases.reduce((total, phase) => total + phase[part], 0);
  const total = {
    work: sum('work'),
    barrier: sum('barrier'),
    idle: sum('idle'),
    launching: sum('launching'),
  };
  return { seconds, workers, total, phases, loads, waits };
}
