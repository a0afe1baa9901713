// Timelines: what ran on every worker, drawn by the page from columns; one run, or several one above the other on the same
// axis of time.
import { escapeHtml, figure, secondsText } from './html.js';
import type { PageTasks } from './timeline-script.js';

/** Tasks beyond this number are merged into coarser blocks, so that the page stays a few megabytes. */
const TASKS_MAX = 60_000;

/** Names that get a key below the timeline. */
const KEYS_MAX = 12;

/** One box of a timeline. Times in seconds since the start of its run. */
export interface TimelineTask {
  /** Position in the lanes of its group. */
  readonly lane: number;
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** First point (its position in the launch domain) and number of points, where known. */
  readonly first?: number;
  readonly points?: number;
}

/** The lanes of one run. */
export interface TimelineGroup {
  /** Empty where there is one run alone. */
  readonly name: string;
  readonly lanes: readonly string[];
  readonly tasks: readonly TimelineTask[];
  /** When the run ended; by default with its last task. */
  readonly end?: number;
}

/** Neighbouring tasks of one lane and one name become one block, until there are few enough. */
function thinned(tasks: readonly TimelineTask[], most: number): TimelineTask[] {
  let sorted = [...tasks].sort((a, b) => a.lane - b.lane || a.start - b.start);
  for (let gap_s = 1e-5; sorted.length > most; gap_s *= 2) {
    const merged: TimelineTask[] = [];
    for (const task of sorted) {
      const before = merged.at(-1);
      if (
        before !== undefined &&
        before.lane === task.lane &&
        before.name === task.name &&
        task.start - before.end < gap_s
      ) {
        const { lane, name, start } = before;
        merged[merged.length - 1] = { lane, name, start, end: Math.max(before.end, task.end) };
      } else merged.push(task);
    }
    sorted = merged;
    if (gap_s > 10) break;
  }
  return sorted;
}

function column(array: Uint16Array | Int32Array | Float32Array | Float64Array): string {
  return Buffer.from(array.buffer).toString('base64');
}

/** Names of all tasks, the busiest first, with the seconds of each. */
function busyByName(groups: readonly TimelineGroup[]): [name: string, seconds: number][] {
  const busy = new Map<string, number>();
  for (const { tasks } of groups)
    for (const { name, start, end } of tasks) busy.set(name, (busy.get(name) ?? 0) + (end - start));
  return [...busy].sort(([, a], [, b]) => b - a);
}

/** What the script of the page draws. @param waits names that are no work, drawn as lines */
export function pageTasks(
  groups: readonly TimelineGroup[],
  hueOf: (name: string) => string,
  waits: readonly string[] = [],
): PageTasks {
  const names = busyByName(groups).map(([name]) => name);
  const numberOf = new Map(names.map((name, i) => [name, i]));
  let lanes = 0;
  const tasks = groups.flatMap((group) => {
    const before = lanes;
    lanes += group.lanes.length;
    const few = thinned(group.tasks, TASKS_MAX / groups.length);
    return few.map((task) => ({ ...task, lane: task.lane + before }));
  });
  return {
    names,
    colors: names.map(hueOf),
    waits,
    groups: groups.map(({ name, lanes: labels, tasks: all, end }) => ({
      name,
      lanes: labels,
      end: end ?? all.reduce((last, task) => Math.max(last, task.end), 0),
    })),
    count: tasks.length,
    lane: column(Uint16Array.from(tasks, (task) => task.lane)),
    name: column(Uint16Array.from(tasks, (task) => numberOf.get(task.name)!)),
    start: column(Float64Array.from(tasks, (task) => task.start)),
    duration: column(Float32Array.from(tasks, (task) => task.end - task.start)),
    first: column(Int32Array.from(tasks, (task) => task.first ?? -1)),
    points: column(Int32Array.from(tasks, (task) => task.points ?? 1)),
  };
}

const TOOLS = `<div class="tools"><button id="timeline-in">zoom in</button><button id="timeline-out">zoom out</button><button id="timeline-all">show all</button><span class="soft small">click, then use the wheel; drag to move; arrow keys, + and - work too</span></div>`;

/** The timeline with its buttons and keys, as HTML: what the script fills. */
export function timelineCard(groups: readonly TimelineGroup[], hueOf: (name: string) => string): string {
  const busy = busyByName(groups);
  const total = busy.reduce((sum, [, seconds]) => sum + seconds, 0);
  const keys = busy.slice(0, KEYS_MAX).map(([name, seconds]) => {
    // Of several runs the sums mean nothing.
    const told =
      groups.length > 1 ? '' : ` ${secondsText(seconds)}, ${figure((100 * seconds) / (total || 1), 2)} %`;
    return `<li><i style="background:${hueOf(name)}"></i><b>${escapeHtml(name)}</b>${told}</li>`;
  });
  const more = busy.length > KEYS_MAX ? `<li>and ${busy.length - KEYS_MAX} more</li>` : '';
  return `<div class="card">${TOOLS}<canvas class="timeline" tabindex="0" role="img" aria-label="Timeline of the workers"></canvas><p class="values" id="timeline-tip"></p><ul class="keys">${keys.join('')}${more}</ul></div>`;
}
