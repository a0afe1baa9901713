// What a page says about the run that it came from.
import type { RunRecord } from './run-directory.js';

/** Command, versions, machine, commit, seed, start: names and values. */
export function factsOf(record: RunRecord): [name: string, value: string][] {
  const { command, versions, machine, commit, seed, started } = record;
  const engines = Object.entries(versions).map(([name, what]) => `${name} ${what}`);
  return [
    ['command', command.join(' ')],
    ['versions', engines.join(', ')],
    ['machine', `${machine['cores']} x ${machine['processor']}`],
    ['commit', commit ?? 'unknown'],
    ['seed', String(seed)],
    ['started', `${started.slice(0, 16).replace('T', ' ')} UTC`],
  ];
}
