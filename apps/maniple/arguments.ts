// Splits a command line into positionals, options of the command and values of settings.
import { UsageError } from '../../runtime/errors.js';
import type { Command } from '../command/command.js';
import { type Given, readAssignment } from '../command/configuration.js';
import { nearest } from '../command/nearest.js';
import { runSection } from '../command/run-settings.js';
import type { Section, Setting } from '../command/setting.js';

/** The switches and options that every command has and that are no settings. */
export const commonOptions = [
  { name: 'config', takes: ['FILE.toml'], doc: 'read settings from a file' },
  { name: 'set', takes: ['section.key=value'], doc: 'set one setting; may be repeated' },
  { name: 'json', takes: [], doc: 'print the result as one JSON document' },
  { name: 'quiet', takes: [], doc: 'no progress and no notes' },
  { name: 'verbose', takes: [], doc: 'say more (also -v)' },
  { name: 'dry-run', takes: [], doc: 'say what would be written, and write nothing' },
  { name: 'help', takes: [], doc: 'this text (also -h)' },
] as const;

/** The parsed command line. */
export interface Parsed {
  readonly positionals: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly flags: readonly Given[];
}

/** A setting with its flag, as the command line knows it. */
export interface FlagSetting {
  readonly section: string;
  readonly key: string;
  readonly setting: Setting<unknown>;
}

/** The settings of some sections that have an option, by the option's name. */
export function flagSettings(sections: readonly Section[]): Map<string, FlagSetting> {
  const flags = new Map<string, FlagSetting>();
  for (const { name, settings } of sections) {
    for (const [key, setting] of Object.entries(settings)) {
      if (setting.flag !== null) flags.set(setting.flag.name, { section: name, key, setting });
    }
  }
  return flags;
}

/**
 * Parses what follows the command's name.
 * @throws UsageError for an unknown option, a missing value, too many or too few positionals.
 */
export function parseArguments(
  command: Command,
  sections: readonly Section[],
  args: readonly string[],
): Parsed {
  const own = new Map<string, readonly string[]>();
  for (const option of commonOptions) own.set(option.name, option.takes);
  for (const option of command.options) own.set(option.name, option.takes);
  const flags = flagSettings([runSection, ...command.sections]);
  const positionals: string[] = [];
  const options = new Map<string, string[]>();
  const given: Given[] = [];
  const where = `maniple ${command.name}`;

  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!;
    if (argument === '--') {
      positionals.push(...args.slice(i + 1));
      break;
    }
    if (!/^-[^\d.]/.test(argument)) {
      positionals.push(argument);
      continue;
    }
    if (command.singleDash === true && /^-[^-]/.test(argument) && argument !== '-h') {
      positionals.push(argument);
      continue;
    }
    const full = argument === '-v' ? '--verbose' : argument === '-h' ? '--help' : argument;
    const equals = full.indexOf('=');
    const name = (equals < 0 ? full : full.slice(0, equals)).replace(/^--?/, '');
    const flag = flags.get(name);
    const takes =
      own.get(name) ?? (flag && ('sets' in flag.setting.flag! ? [] : [flag.setting.kind.placeholder]));
    if (takes === undefined || !full.startsWith('--')) {
      if (command.passesOptions && positionals.length > 0) {
        positionals.push(argument);
        continue;
      }
      const known = [...own.keys(), ...flags.keys()].map((word) => `--${word}`);
      throw new UsageError(`${where}: unknown option ${argument}; the nearest is ${nearest(full, known)}`);
    }
    const values: string[] = equals < 0 ? [] : [full.slice(equals + 1)];
    if (values.length > takes.length) throw new UsageError(`${where}: --${name} takes no value`);
    while (values.length < takes.length) {
      const value = args[++i];
      if (value === undefined || (value.startsWith('--') && value.length > 2)) {
        throw new UsageError(`${where}: --${name} needs ${takes.join(' ')}`);
      }
      values.push(value);
    }
    if (flag !== undefined && !own.has(name)) {
      const { section, key, setting } = flag;
      const value = takes.length === 0 ? setting.flag!.sets : setting.kind.fromText(values[0]!);
      given.push({ section, key, value, origin: `--${name}` });
    } else if (name === 'set') {
      given.push(readAssignment(sections, values[0]!));
    } else {
      options.set(name, [...(options.get(name) ?? []), ...values]);
    }
  }
  // Help is an answer to any command line, complete or not.
  if (!options.has('help')) checkPositionals(command, positionals);
  return { positionals, options, flags: given };
}

function checkPositionals(command: Command, positionals: readonly string[]): void {
  const missing = command.positionals.filter((positional) => positional.required)[positionals.length];
  if (missing !== undefined) {
    throw new UsageError(
      `maniple ${command.name}: ${missing.name} is missing (${missing.doc}); see maniple ${command.name} --help`,
    );
  }
  const limit = command.positionals.some((positional) => positional.rest)
    ? Infinity
    : command.positionals.length;
  if (positionals.length > limit) {
    throw new UsageError(
      `maniple ${command.name}: ${JSON.stringify(positionals[limit])} is one argument too many`,
    );
  }
}
