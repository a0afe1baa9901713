// From a command line to an exit code: finds the command, gives it its settings, prints what it returns or why it
// failed. stdout carries the result alone; everything else goes to stderr.
import { UsageError } from '../../runtime/errors.js';
import type { Command, Outcome } from '../command/command.js';
import { resolveConfiguration } from '../command/configuration.js';
import { toJson } from '../command/json.js';
import { nearest } from '../command/nearest.js';
import { version } from '../command/package.js';
import { type Progress, progressOn, wantsColor } from '../command/progress.js';
import { type Area, areas } from './areas.js';
import { type Parsed, parseArguments } from './arguments.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { onInterrupt } from './interrupt.js';

const HELP = new Set(['--help', '-h', 'help']);

/** Finds the command of a command line; or the help text that was asked for instead. */
async function findCommand(
  args: readonly string[],
): Promise<{ command: Command; rest: readonly string[] } | string> {
  const [word, verbWord] = args;
  if (word === undefined || HELP.has(word)) {
    const { helpTop } = await import('./help.js');
    if (word === undefined) throw new UsageError(`no command given\n\n${helpTop(areas, version())}`);
    return helpTop(areas, version());
  }
  if (word === '--version' || word === '-V') return `${version()}\n`;
  const area: Area | undefined = areas.find((candidate) => candidate.name === word);
  if (area === undefined) {
    const near = nearest(
      word,
      areas.map((candidate) => candidate.name),
    );
    throw new UsageError(
      `maniple has no ${JSON.stringify(word)}; the nearest is ${near}. maniple --help lists all`,
    );
  }
  if (area.load !== undefined) return { command: await area.load(), rest: args.slice(1) };
  const verbs = area.verbs ?? [];
  const names = verbs.map((verb) => verb.name);
  if (verbWord !== undefined && HELP.has(verbWord)) return (await import('./help.js')).helpArea(area);
  if (verbWord === undefined) throw new UsageError(`maniple ${area.name} needs a verb: ${names.join(', ')}`);
  const verb = verbs.find((candidate) => candidate.name === verbWord);
  if (verb === undefined) {
    const near = nearest(verbWord, names);
    throw new UsageError(
      `maniple ${area.name} has no verb ${JSON.stringify(verbWord)}; the nearest is ${near}`,
    );
  }
  return { command: await verb.load(), rest: args.slice(2) };
}

async function runCommand(
  command: Command,
  parsed: Parsed,
  args: readonly string[],
  progress: Progress,
): Promise<Outcome> {
  const { allSections } = await import('./sections.js');
  const { positionals, options, flags } = parsed;
  const configFile = options.get('config')?.at(-1) ?? null;
  const configuration = await resolveConfiguration(allSections, { flags, configFile });
  const dryRun = options.has('dry-run');
  if (dryRun && command.dryRun !== true) {
    throw new UsageError(`maniple ${command.name} overwrites nothing, so it has no --dry-run`);
  }
  const interrupt = onInterrupt(progress);
  try {
    return await command.run({
      positionals,
      options,
      configuration,
      progress,
      json: options.has('json'),
      dryRun,
      verbose: options.has('verbose'),
      signal: interrupt.signal,
      commandLine: ['maniple', ...args],
    });
  } catch (error) {
    // Whatever an interrupted command threw, the reason is the interruption.
    if (interrupt.signal.aborted) throw interrupt.signal.reason;
    throw error;
  } finally {
    interrupt.stop();
  }
}

/**
 * Runs a command line (without interpreter and script) and returns its exit code. Never throws.
 * With --json exactly one document is printed, also when the command fails: `{ "error": { message, exitCode } }`.
 */
export async function dispatch(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const quiet = args.includes('--quiet');
  const verbose = args.includes('--verbose') || args.includes('-v');
  const progress = progressOn({ stream: process.stderr, quiet, verbose, color: wantsColor(process.stderr) });
  // With --json, stdout holds one document: what programs print on it by themselves goes to stderr.
  const printResult = process.stdout.write.bind(process.stdout);
  if (json) process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
  try {
    const found = await findCommand(args);
    if (typeof found === 'string') {
      printResult(found);
      return EXIT.done;
    }
    const { command, rest } = found;
    const { allSections } = await import('./sections.js');
    const parsed = parseArguments(command, allSections, rest);
    if (parsed.options.has('help')) {
      printResult((await import('./help.js')).helpCommand(command));
      return EXIT.done;
    }
    const outcome = await runCommand(command, parsed, args, progress);
    progress.end();
    const text = json ? `${toJson(outcome.json)}\n` : outcome.text;
    if (text !== '') printResult(text.endsWith('\n') ? text : `${text}\n`);
    return outcome.exitCode ?? EXIT.done;
  } catch (error) {
    progress.end();
    const exitCode = exitCodeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    if (exitCode === EXIT.defect) {
      progress.warn((await import('./defect-report.js')).defectReport(error, args));
    } else {
      progress.warn(`maniple: ${message}`);
      if (verbose && error instanceof Error && error.stack !== undefined) progress.warn(error.stack);
    }
    if (json) printResult(`${toJson({ error: { message, exitCode } })}\n`);
    return exitCode;
  } finally {
    process.stdout.write = printResult;
  }
}
