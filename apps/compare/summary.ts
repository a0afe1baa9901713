// A comparison in words: the document of --json, and the tables on the terminal.
import { formatColumns } from '../command/format.js';
import { figure, secondsText } from '../report/html.js';
import type { Account, Phase } from './account.js';
import type { Agreement, Comparison } from './rounds.js';

/** Kinds of task that get a line of their own. */
const PHASES_MAX = 16;

/** The parts of a time, as people read them. */
export const PARTS = [
  ['work', 'work'],
  ['barrier', 'waiting at barriers'],
  ['idle', 'idle'],
  ['launching', 'launching'],
] as const;

/** Kinds of task in order of their work, over all variants. */
export function phaseNames(accounts: readonly Account[]): string[] {
  const work = new Map<string, number>();
  for (const { phases } of accounts)
    for (const { name, work: seconds } of phases) work.set(name, (work.get(name) ?? 0) + seconds);
  return [...work].sort(([, a], [, b]) => b - a).map(([name]) => name);
}

export function lostIn({ barrier, idle, launching }: Phase): number {
  return barrier + idle + launching;
}

export function percent(part: number): string {
  return `${figure(100 * part, 2)} %`;
}

/** What is said of the results. */
export function agreementWords(agreement: Agreement, runs: number): string {
  if (agreement.same === true) {
    return agreement.by === 'result'
      ? `the same bits in all ${runs} runs`
      : `all ${runs} runs printed the same; the program returns nothing`;
  }
  if (agreement.same === null) {
    return 'not compared: the program returns nothing and prints nothing; return a value from its main function';
  }
  const what = agreement.by === 'result' ? 'results' : 'printed lines';
  return agreement.within
    ? `the ${what} differ from run to run, also in one mode: a program that looks at a clock or at Math.random cannot be compared; any other shows a defect of ours`
    : `the ${what} differ between the modes: this is a defect of ours, unless the program looks at the mode that it runs in`;
}

/** How the ratio is told. */
export function ratioWords({ ratio, ratioSpread: [least, most], faster }: Comparison): string {
  return `${figure(ratio)} (${figure(least)} to ${figure(most)}) against ${faster.variant.name}`;
}

/** All runs, the recording one included. */
export function runCount({ runs }: Comparison): number {
  return 1 + runs.reduce((sum, { seconds }) => sum + seconds.length, 0);
}

/** The document of --json. */
export function comparisonJson(name: string, comparison: Comparison, report: string) {
  const { workers, runs, agreement, faster, ratio, ratioSpread } = comparison;
  return {
    application: name,
    workers,
    repeats: runs[0]!.seconds.length,
    same: agreement.same,
    ratio,
    ratioSpread,
    against: faster.variant.name,
    modes: runs.map(({ variant, seconds, median, spread, typical, account }) => ({
      name: variant.name,
      mode: variant.mode,
      placement: variant.placement,
      seconds: median,
      spread,
      runs: seconds,
      lost: typical.timeline.lost,
      where_s: account.total,
      phases: account.phases,
      loads_s: account.loads,
    })),
    report,
  };
}

/** What a person reads after a comparison. */
export function comparisonText(name: string, comparison: Comparison, report: string): string {
  const { workers, runs, agreement } = comparison;
  const repeats = runs[0]!.seconds.length;
  const accounts = runs.map(({ account }) => account);
  const names = phaseNames(accounts);
  const phase = (account: Account, of: string) => account.phases.find(({ name: own }) => own === of);
  const rows = [
    ['', ...runs.map(({ variant }) => variant.name)],
    ['time', ...runs.map(({ median }) => secondsText(median))],
    ...(repeats > 1 ? [['spread', ...runs.map(({ spread }) => percent(spread))]] : []),
    ...PARTS.map(([key, words]) => [
      `  ${words}`,
      ...accounts.map(({ total, seconds }) => percent(total[key] / seconds)),
    ]),
    ['', ''],
    ['work + lost, by task', ''],
    ...names.slice(0, PHASES_MAX).map((of) => [
      `  ${of}`,
      ...accounts.map((account) => {
        const found = phase(account, of);
        return found === undefined ? '-' : `${secondsText(found.work)} + ${secondsText(lostIn(found))}`;
      }),
    ]),
    ...(names.length > PHASES_MAX ? [[`  and ${names.length - PHASES_MAX} more`, '']] : []),
  ];
  return [
    `${name} on ${workers} worker${workers === 1 ? '' : 's'}, ${repeats} round${repeats === 1 ? '' : 's'}`,
    '',
    formatColumns(rows),
    '',
    `ratio    ${ratioWords(comparison)}; above 1, tasks mode is faster`,
    `results  ${agreementWords(agreement, runCount(comparison))}`,
    `page     ${report}`,
  ].join('\n');
}
