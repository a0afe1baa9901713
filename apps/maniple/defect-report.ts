// What we ask for when something went wrong that nobody foresaw.
import { arch, cpus, platform, release } from 'node:os';
import { inspect } from 'node:util';
import { version } from '../command/package.js';

/** The report of an unexpected error: versions, machine, command line, stack. It holds no environment variables. */
export function defectReport(error: unknown, args: readonly string[]): string {
  const stack = error instanceof Error ? inspect(error, { depth: 4 }) : `thrown: ${inspect(error)}`;
  return [
    'maniple: this is a defect of ours, and not your mistake. Please send this report to the authors:',
    '---',
    `maniple ${version()}, node ${process.version}, ${platform()} ${release()} ${arch()}, ${cpus().length} cores`,
    `command: maniple ${args.map((word) => (/^[\w./=:@+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')}`,
    `folder:  ${process.cwd()}`,
    stack,
    '---',
  ].join('\n');
}
