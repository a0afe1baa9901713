// The values that a command runs with, and where each of them came from. Precedence: flag (and --set) >
// MANIPLE_SECTION_KEY > the file of --config > the user's own configuration > default.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../runtime/errors.js';
import { nearest } from './nearest.js';
import type { Section, Setting, Values } from './setting.js';
import { tomlLines } from './toml-lines.js';

/** One value that somebody gave, before it is judged. */
export interface Given {
  readonly section: string;
  readonly key: string;
  readonly value: unknown;
  /** How `config show --origin` names the giver: "flag --workers", "run.toml:12". */
  readonly origin: string;
}

/** One resolved setting. */
export interface Entry {
  readonly section: string;
  readonly key: string;
  readonly value: unknown;
  readonly origin: string;
  readonly setting: Setting<unknown>;
}

/** Resolved settings of all sections. */
export class Configuration {
  readonly entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
  }

  /** The values of one section, typed by its declaration. */
  of<X extends Section>(section: X): Values<X> {
    const mine = this.entries.filter((entry) => entry.section === section.name);
    // Each value passed its setting's `accept`, which is what Values<X> says; the compiler cannot follow that.
    return Object.fromEntries(mine.map((entry) => [entry.key, entry.value])) as Values<X>;
  }

  /** `{ section: { key: value } }` of the named sections, or of all, as run.json keeps it. */
  plain(sections?: readonly Section[]): Record<string, Record<string, unknown>> {
    const tables: Record<string, Record<string, unknown>> = {};
    for (const { section, key, value } of this.entries) {
      if (sections !== undefined && !sections.some((wanted) => wanted.name === section)) continue;
      (tables[section] ??= {})[key] = value;
    }
    return tables;
  }
}

/** The user's own configuration file: ~/.config/maniple/config.toml, or under XDG_CONFIG_HOME. */
export function userConfigPath(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'maniple', 'config.toml');
}

function allKeys(sections: readonly Section[]): string[] {
  return sections.flatMap((section) => Object.keys(section.settings).map((key) => `${section.name}.${key}`));
}

function find(sections: readonly Section[], section: string, key: string): Setting<unknown> | undefined {
  const settings = sections.find((candidate) => candidate.name === section)?.settings;
  return settings !== undefined && Object.hasOwn(settings, key) ? settings[key] : undefined;
}

/** The sentence for a key that does not exist: what, the nearest that does, and its type. */
function unknownKey(sections: readonly Section[], origin: string, section: string, key: string): UsageError {
  // A misspelt key of a known section is looked for there first; a known key in a wrong section, everywhere.
  const own = sections.filter((candidate) => candidate.name === section);
  const name = `${section}.${key}`;
  const best = nearest(name, allKeys(own.length > 0 ? own : sections));
  const kind = best === undefined ? undefined : find(sections, ...split(best));
  const hint = best === undefined ? '' : `; the nearest known key is ${best} (${kind?.kind.words})`;
  return new UsageError(`${origin}: unknown key ${name}${hint}`);
}

function split(name: string): [string, string] {
  const dot = name.indexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
}

function printable(value: unknown): string {
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
}

function judge(sections: readonly Section[], given: Given): Entry {
  const { section, key, value, origin } = given;
  const setting = find(sections, section, key);
  if (setting === undefined) throw unknownKey(sections, origin, section, key);
  const accepted = setting.kind.accept(value);
  if (accepted === undefined) {
    throw new UsageError(
      `${origin}: ${section}.${key} must be ${setting.kind.words}, not ${printable(value)}`,
    );
  }
  return { section, key, value: accepted, origin, setting };
}

/** The settings in a TOML file. A missing file is an error: the caller asks only for files that should be there. */
export async function readConfigFile(file: string): Promise<Given[]> {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read the configuration ${file}: ${(error as Error).message}`);
  }
  const { parse, TomlError } = await import('smol-toml');
  let tables: Record<string, unknown>;
  try {
    tables = parse(source, { integersAsBigInt: 'asNeeded' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const why = error.message.split('\n')[0]!.replace('Invalid TOML document: ', '');
    throw new UsageError(`${file}:${error.line}: column ${error.column}: not valid TOML: ${why}`);
  }
  const lines = tomlLines(source);
  const at = (name: string) => `${file}:${lines.get(name) ?? 1}`;
  const given: Given[] = [];
  for (const [section, table] of Object.entries(tables)) {
    if (typeof table !== 'object' || table === null || Array.isArray(table) || table instanceof Date) {
      const what = `${section} stands outside of a [section]; settings are written as section.key`;
      throw new UsageError(`${at(section)}: ${what}`);
    }
    for (const [key, value] of Object.entries(table)) {
      given.push({ section, key, value, origin: at(`${section}.${key}`) });
    }
    if (Object.keys(table).length === 0) given.push({ section, key: '', value: null, origin: at(section) });
  }
  return given;
}

/** The settings in the environment. MANIPLE_ names of no known section belong to others and are left alone. */
export function readEnvironment(sections: readonly Section[], environment: NodeJS.ProcessEnv): Given[] {
  const given: Given[] = [];
  for (const [name, raw] of Object.entries(environment)) {
    if (!name.startsWith('MANIPLE_') || raw === undefined) continue;
    const rest = name.slice('MANIPLE_'.length);
    const owner = sections.find((section) => rest.startsWith(`${section.name.toUpperCase()}_`));
    if (owner === undefined) continue;
    const wanted = rest.slice(owner.name.length + 1);
    const origin = `environment ${name}`;
    const key = Object.keys(owner.settings).find((candidate) => candidate.toUpperCase() === wanted);
    if (key === undefined) throw unknownKey(sections, origin, owner.name, wanted.toLowerCase());
    given.push({ section: owner.name, key, value: owner.settings[key]!.kind.fromText(raw), origin });
  }
  return given;
}

/** One `--set section.key=value`. */
export function readAssignment(sections: readonly Section[], assignment: string): Given {
  const parts = /^([^.=\s]+)\.([^=\s]+)=(.*)$/s.exec(assignment);
  if (parts === null) throw new UsageError(`--set ${assignment}: expected section.key=value`);
  const [, section, key, raw] = parts as unknown as [string, string, string, string]; // three groups, all matched
  const kind = find(sections, section, key)?.kind;
  const origin = `--set ${section}.${key}`;
  return { section, key, value: kind === undefined ? raw : kind.fromText(raw), origin };
}

/** What to resolve from. */
export interface Sources {
  readonly flags: readonly Given[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly configFile?: string | null;
}

/**
 * Resolves every setting of `sections`.
 * @throws UsageError naming file, line, key, expected type and nearest known key.
 */
export async function resolveConfiguration(
  sections: readonly Section[],
  sources: Sources,
): Promise<Configuration> {
  const environment = sources.environment ?? process.env;
  const resolved = new Map<string, Entry>();
  for (const { name, settings } of sections) {
    for (const [key, setting] of Object.entries(settings)) {
      resolved.set(`${name}.${key}`, {
        section: name,
        key,
        value: setting.default,
        origin: 'default',
        setting,
      });
    }
  }
  const user = userConfigPath(environment);
  const layers: Given[][] = [];
  if (existsSync(user)) layers.push(await readConfigFile(user));
  if (sources.configFile) layers.push(await readConfigFile(sources.configFile));
  layers.push(readEnvironment(sections, environment), [...sources.flags]);
  for (const given of layers.flat()) {
    const known = sections.some((section) => section.name === given.section);
    if (known && given.key === '') continue; // an empty table
    resolved.set(`${given.section}.${given.key}`, judge(sections, given));
  }
  return new Configuration([...resolved.values()]);
}
