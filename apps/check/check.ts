// `maniple check`: re-derives from a profile which tasks had to be ordered, and compares that with the order they had.
import { type CheckReport, checkLog, type Pair } from '../../runtime/observe/check.js';
import type { Command } from '../command/command.js';
import { EXIT } from '../maniple/exit-codes.js';

const SHOWN = 5;

function pairLines(pairs: readonly Pair[], total: number): string[] {
  const lines = pairs.slice(0, SHOWN).map(({ earlier, later, operations, sites, field, uses, point }) => {
    const first = `${earlier} (operation ${operations[0]}${uses[0] === '' ? '' : `, ${uses[0]}`})`;
    const second = `${later} (operation ${operations[1]}${uses[1] === '' ? '' : `, ${uses[1]}`})`;
    const what = field === '' ? '' : `: both hold point ${point.join(', ')} of ${field}`;
    const where = [...new Set(sites.filter((site) => site !== ''))].join(' and ');
    return `  ${first} and ${second}${what}${where === '' ? '' : `, launched at ${where}`}`;
  });
  return total > SHOWN ? [...lines, `  and ${total - SHOWN} more`] : lines;
}

/** The report for people. */
export function checkText(report: CheckReport): string {
  const { records, edges, joined, conflicts, end, untimed } = report;
  const count = (n: number, one: string, many = `${one}s`) =>
    `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
  const lines = [
    `${count(records, 'record')}, ${count(end.launches, 'launch', 'launches')}, ${count(edges, 'edge')} (${joined.toLocaleString('en')} to or from joins), ${count(conflicts, 'conflict')} between tasks alive at the same time`,
  ];
  if (end.end === 'failed') lines.push('The program ended with an error; what it launched was checked.');
  if (end.end === 'interrupted')
    lines.push('The run was interrupted; what it had launched until then was checked.');
  const section = (n: number, title: string, pairs: readonly Pair[]) => {
    if (n > 0) lines.push(`${title}: ${n.toLocaleString('en')}`, ...pairLines(pairs, n));
  };
  section(report.missing, 'Order missing between tasks that conflict', report.missingPairs);
  section(report.early, 'Tasks that began before what they wait for had ended', report.earlyPairs);
  section(report.together, 'Atomic uses that overlapped in time', report.togetherPairs);
  section(report.within, 'Points of one launch that conflict', report.withinPairs);
  if (report.partial > 0) {
    lines.push(
      `New memory for fields that were not overwritten as a whole: ${report.partial}`,
      ...report.partialNames.slice(0, SHOWN).map((name) => `  ${name}`),
    );
  }
  section(
    report.outside,
    'Operations of inner tasks that used what their instance does not hold, or ran outside its time',
    report.outsidePairs,
  );
  if (report.freed > 0) lines.push(`Uses of freed regions: ${report.freed}`);
  if (untimed > 0) lines.push(`Records without times: ${untimed}`);
  section(report.needless, 'Orders that no conflict asks for (slower, not wrong)', report.needlessPairs);
  lines.push(
    report.clean
      ? `Every conflict is ordered${report.needless === 0 ? ', and nothing else is' : ''}.`
      : 'This is a defect of maniple, and not your mistake: please send this report and the profile to the authors.',
  );
  return lines.join('\n');
}

export const check: Command = {
  name: 'check',
  summary: 're-derive every dependence of a recorded run, and compare',
  details:
    'FILE.mprof is what a run with --profile wrote. Exit code 1: an order is missing, which is a defect of maniple. Orders that no conflict asks for are listed, and are no failure.',
  positionals: [{ name: 'FILE.mprof', doc: 'the profile of a run', required: true }],
  options: [],
  sections: [],
  examples: ['maniple check run.mprof', 'maniple check run.mprof --json'],
  async run({ positionals }) {
    const [file] = positionals as [string];
    const report = checkLog(file);
    return {
      json: report,
      text: checkText(report),
      exitCode: report.clean ? EXIT.done : EXIT.defect,
    };
  },
};
