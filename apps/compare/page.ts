// compare.html: the timelines of the modes on one axis, and where the time went, as a whole, by kind of task, by worker.
import type { Bar, Piece } from '../report/bars.js';
import { barRows, colorKeys, lengthOf } from '../report/bars.js';
import { hue } from '../report/color.js';
import { escapeHtml, figure, secondsText } from '../report/html.js';
import { factsTable, type Part, renderPage, section } from '../report/page.js';
import { themeButton } from '../report/page-script.js';
import { pageTasks, type TimelineGroup, timelineCard } from '../report/timeline.js';
import { showTimeline } from '../report/timeline-script.js';
import type { Spent } from './account.js';
import type { Comparison, VariantRuns } from './rounds.js';
import { agreementWords, lostIn, PARTS, percent, phaseNames, ratioWords, runCount } from './summary.js';

const COLORS: Readonly<Record<keyof Spent, string>> = {
  work: '#2fa37c',
  barrier: '#d06a55',
  idle: '#c9a548',
  launching: '#8d7bd0',
};
const WAIT = 'waiting at a barrier';

/** Kinds of task whose bars are shown. */
const PHASES_MAX = 14;

function piecesOf(spent: Spent): Piece[] {
  return PARTS.map(([key, name]) => ({ name, seconds: spent[key], color: COLORS[key] }));
}

const partKeys = colorKeys(PARTS.map(([key, name]) => [name, COLORS[key]]));

/** The lanes of one variant: its tasks, and its waits at barriers. */
function groupOf({ variant, typical, account }: VariantRuns): TimelineGroup {
  const { began, workers, timeline, seconds } = typical;
  const lanes = Array.from({ length: workers }, (_, worker) => `worker ${worker}`);
  // The I/O lane comes after the workers.
  const others = new Set(timeline.entries.map(({ lane }) => lane).filter((lane) => lane >= workers));
  const laneOf = new Map([...others].sort((a, b) => a - b).map((lane, i) => [lane, workers + i]));
  for (const lane of laneOf.keys()) lanes.push(lane === workers ? 'I/O lane' : `lane ${lane}`);
  const tasks = timeline.entries.map(({ lane, task, first, points, start, end }) => ({
    lane: laneOf.get(lane) ?? lane,
    start: (start - began) / 1000,
    end: (end - began) / 1000,
    name: timeline.taskNames[task]!,
    first,
    points,
  }));
  const waits = account.waits.map(({ worker, start, end }) => ({ lane: worker, start, end, name: WAIT }));
  return { name: variant.name, lanes, tasks: [...tasks, ...waits], end: seconds };
}

function timelines(groups: readonly TimelineGroup[], hueOf: (name: string) => string): Part {
  const lead =
    'All on one axis of time, each the run of its mode with the median time. A line is a worker that waits at a barrier.';
  return section('What every worker did', lead, timelineCard(groups, hueOf));
}

function wholeBars(runs: readonly VariantRuns[]): Part {
  const bars = runs.map(({ variant, account }) => ({
    label: variant.name,
    pieces: piecesOf(account.total),
    told: secondsText(account.seconds),
  }));
  const lead =
    'The wall-clock time of the run, divided up by what the workers did in it. Idle: others work, for this one nothing is ready, or it is just being woken. Launching: no worker works.';
  return section(
    'Where the time went',
    lead,
    `<div class="card"><div class="bars">${barRows(bars, Math.max(...bars.map(lengthOf)))}</div>${partKeys}</div>`,
  );
}

/** Rows under a heading each, all on one scale. */
function headed(blocks: readonly { readonly head: string; readonly bars: readonly Bar[] }[]): string {
  const longest = Math.max(0, ...blocks.flatMap(({ bars }) => bars.map(lengthOf)));
  const rows = blocks.map(
    ({ head, bars }) => `<div class="head">${escapeHtml(head)}</div>${barRows(bars, longest)}`,
  );
  return `<div class="card"><div class="bars">${rows.join('')}</div>${partKeys}</div>`;
}

function phaseBars(runs: readonly VariantRuns[]): Part {
  const names = phaseNames(runs.map(({ account }) => account));
  const blocks = names.slice(0, PHASES_MAX).map((name) => ({
    head: name,
    bars: runs.flatMap(({ variant, account }) => {
      const phase = account.phases.find((one) => one.name === name);
      if (phase === undefined) return [];
      const told = `${secondsText(phase.work)} + ${secondsText(lostIn(phase))}`;
      return [{ label: variant.name, pieces: piecesOf(phase), told }];
    }),
  }));
  const more = names.length - PHASES_MAX;
  const lead =
    'Work and what was lost, by kind of task: a wait is charged to the task that ended it, or to the launch whose barrier it was.';
  return section(
    'By kind of task',
    lead + (more > 0 ? ` ${more} more kinds are left out.` : ''),
    headed(blocks),
  );
}

function loadBars(runs: readonly VariantRuns[]): Part {
  const blocks = runs.map(({ variant, account }) => ({
    head: variant.name,
    bars: account.loads.map((work, worker) => ({
      label: `worker ${worker}`,
      pieces: [
        { name: 'work', seconds: work, color: COLORS.work },
        { name: 'without work', seconds: Math.max(0, account.seconds - work), color: 'var(--lane)' },
      ],
      told: percent(work / account.seconds),
    })),
  }));
  const longest = Math.max(0, ...blocks.flatMap(({ bars }) => bars.map(lengthOf)));
  const rows = blocks.map(
    ({ head, bars }) => `<div class="head">${escapeHtml(head)}</div>${barRows(bars, longest)}`,
  );
  return section(
    'Load of every worker',
    'The part of the run in which each worker was inside of a task.',
    `<div class="card"><div class="bars">${rows.join('')}</div></div>`,
  );
}

function everyRun({ runs, workers }: Comparison, facts: readonly (readonly [string, string])[]): Part {
  const rounds = runs[0]!.seconds.map((_, round) => {
    const cells = runs.map(({ seconds }) => `<td>${secondsText(seconds[round]!)}</td>`);
    return `<tr><td class="key soft">round ${round + 1}</td>${cells.join('')}</tr>`;
  });
  const last = runs.map(({ median, spread }) => `<td>${secondsText(median)}, spread ${percent(spread)}</td>`);
  const heads = runs.map(({ variant }) => `<th>${escapeHtml(variant.name)}</th>`);
  const lost = runs.reduce((sum, { typical }) => sum + typical.timeline.lost, 0);
  const warning =
    lost > 0
      ? ` ${lost.toLocaleString('en')} records of the timelines were overwritten before they were read.`
      : '';
  const lead = `Every run in a process of its own, on ${workers} worker${workers === 1 ? '' : 's'}, the modes in turn; a first run, not counted, recorded what each point costs, by which longest first deals the points. The time is that from the program's first line to the end of its last task.${warning}`;
  return section(
    'How it was measured',
    lead,
    `<div class="card"><div class="scroll"><table><thead><tr><th></th>${heads.join('')}</tr></thead><tbody>${rounds.join('')}<tr><td class="key soft">median</td>${last.join('')}</tr></tbody></table></div></div><div class="card">${factsTable(facts)}</div>`,
  );
}

/** The page as one HTML document. A pure function. */
export function comparePage(
  name: string,
  comparison: Comparison,
  facts: readonly (readonly [string, string])[],
): string {
  const { runs, agreement, ratio, ratioSpread, faster } = comparison;
  const groups = runs.map(groupOf);
  const names = phaseNames(runs.map(({ account }) => account));
  const hues = new Map(names.map((one, i) => [one, hue(i)]));
  const hueOf = (one: string) => (one === WAIT ? COLORS.barrier : (hues.get(one) ?? hue(0)));
  const tasks = runs[0]!;
  const saved = faster.median - tasks.median;
  const said =
    saved >= 0
      ? `Without barriers the program takes ${secondsText(tasks.median)} instead of ${secondsText(faster.median)} in the faster bulk-synchronous mode.`
      : `The faster bulk-synchronous mode takes ${secondsText(faster.median)}, tasks mode ${secondsText(tasks.median)}.`;
  return renderPage({
    title: `${name}: tasks against bulk-synchronous mode`,
    summary: `${said} Results: ${agreementWords(agreement, runCount(comparison))}.`,
    headlines: [
      {
        label: 'Ratio to the faster bulk mode',
        value: figure(ratio),
        note: `${figure(ratioSpread[0])} to ${figure(ratioSpread[1])}; above 1, tasks mode is faster`,
      },
      ...runs.map(({ variant, median, account }) => ({
        label: variant.name,
        value: figure(median),
        unit: 's',
        note: `workers busy ${percent(account.total.work / account.seconds)} of the time`,
      })),
    ],
    withoutScripts: 'Without scripts, the timelines are left out; everything else is here.',
    parts: [
      timelines(groups, hueOf),
      wholeBars(runs),
      phaseBars(runs),
      loadBars(runs),
      everyRun(comparison, [['ratio', ratioWords(comparison)], ...facts]),
    ],
    data: { tasks: pageTasks(groups, hueOf, [WAIT]) },
    scripts: [
      { run: themeButton, argument: '' },
      { run: showTimeline, argument: 'data.tasks' },
    ],
  });
}
