// `maniple profile`: what a recorded run did with its time, and why; and the run for other programs' viewers.
import { UsageError } from '../../runtime/errors.js';
import { writeChromeTrace } from '../../runtime/observe/chrome-trace.js';
import { criticalPath } from '../../runtime/observe/critical-path.js';
import { LogReader } from '../../runtime/observe/log-reader.js';
import { writePerfettoTrace } from '../../runtime/observe/perfetto-trace.js';
import { summarise } from '../../runtime/observe/summary.js';
import { explain, parseTask } from '../../runtime/observe/why.js';
import type { Command } from '../command/command.js';
import { pathText, summaryText, whyText } from './text.js';

/** Executions of one task that are explained. */
const EXPLAINED = 5;
/** Steps of the critical path that --json lists: the last ones. */
const STEPS_LISTED = 10_000;

function reading<T>(file: string, read: (reader: LogReader) => T): T {
  const reader = new LogReader(file);
  try {
    return read(reader);
  } finally {
    reader.close();
  }
}

export const profile: Command = {
  name: 'profile',
  summary: 'what a recorded run did with its time, and why',
  details:
    'FILE.mprof is what a run with --profile wrote. Lanes are the workers, the I/O lane and the launching thread; shares are of the time from the first task to the last.',
  positionals: [{ name: 'FILE.mprof', doc: 'the profile of a run', required: true }],
  options: [
    { name: 'critical-path', takes: [], doc: 'the chain of tasks that the run could not be shorter than' },
    {
      name: 'why',
      takes: ['TASK@POINT'],
      doc: 'why a task started when it did: "step@3", "step@(1, 2)", or all of "step"',
    },
    { name: 'chrome', takes: ['OUT.json'], doc: 'write a trace for chrome://tracing and ui.perfetto.dev' },
    {
      name: 'perfetto',
      takes: ['OUT.pftrace'],
      doc: "write a trace in Perfetto's own format, which is smaller",
    },
  ],
  sections: [],
  examples: [
    'maniple profile run.mprof',
    'maniple profile run.mprof --critical-path --json',
    'maniple profile run.mprof --why "step@3"',
    'maniple profile run.mprof --chrome run.json',
  ],
  async run({ positionals, options }) {
    const [file] = positionals as [string];
    const asked = options.get('why')?.at(-1);
    const query = asked === undefined ? undefined : parseTask(asked);
    if (query === null) {
      throw new UsageError(`--why ${asked}: expected TASK@POINT, such as step@3 or "step@(1, 2)"`);
    }
    const summary = reading(file, summarise);
    const texts: string[] = [];
    const json: Record<string, unknown> = { ...summary };
    if (query !== undefined) {
      const { found, explanations } = reading(file, (reader) => explain(reader, query, EXPLAINED));
      if (found === 0) {
        const names = summary.kinds.map(({ name }) => name).join(', ');
        throw new UsageError(`--why ${asked}: the run has no such task; it has ${names}`);
      }
      texts.push(whyText(found, explanations, summary.launched));
      json['why'] = { found, explanations };
    }
    if (options.has('critical-path')) {
      const path = reading(file, criticalPath);
      texts.push(pathText(path));
      json['criticalPath'] = { ...path, steps: path.steps.slice(-STEPS_LISTED) };
    }
    for (const [name, write] of [
      ['chrome', writeChromeTrace],
      ['perfetto', writePerfettoTrace],
    ] as const) {
      const out = options.get(name)?.at(-1);
      if (out === undefined) continue;
      const records = reading(file, (reader) => write(reader, out));
      texts.push(`wrote ${records.toLocaleString('en')} records to ${out}`);
      json[name] = { file: out, records };
    }
    if (texts.length === 0) texts.push(summaryText(summary));
    return { json, text: texts.join('\n\n') };
  },
};
