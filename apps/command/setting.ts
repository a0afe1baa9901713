// What a setting is: its type, default, unit and meaning, declared once. Parsing, validation, help, `config show`
// and the documentation all come from these declarations.

/** A type of value that a setting may have. */
export interface Kind<T> {
  /** The type in words, as messages and help print it: "an integer >= 1". */
  readonly words: string;
  /** How help names a value on the command line: "N", "FILE". */
  readonly placeholder: string;
  /** The value, checked, from TOML's own types; undefined when it is not of this type. */
  accept(value: unknown): T | undefined;
  /** What `accept` should judge, from the text of a flag or of an environment variable. */
  fromText(text: string): unknown;
  /** The value as it would be written in TOML. */
  show(value: T): string;
}

/** The command-line option that sets a setting. With `sets` it takes no argument. */
export interface SettingFlag {
  readonly name: string;
  readonly sets?: unknown;
  /** What the option does, where that is not what the setting says. */
  readonly doc?: string;
}

/** One setting: `section.key` in TOML, `MANIPLE_SECTION_KEY` in the environment, perhaps a flag. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  readonly default: T;
  readonly unit: string | null;
  readonly doc: string;
  readonly flag: SettingFlag | null;
}

/** A TOML table of settings. */
export interface Section<
  S extends Readonly<Record<string, Setting<unknown>>> = Readonly<Record<string, Setting<unknown>>>,
> {
  readonly name: string;
  readonly doc: string;
  readonly settings: S;
}

/** The resolved values of a section, by key. */
export type Values<X extends Section> = {
  readonly [K in keyof X['settings']]: X['settings'][K] extends Setting<infer T> ? T : never;
};

/** Declares a section; the types of its values follow from its settings. */
export function section<const S extends Readonly<Record<string, Setting<unknown>>>>(
  name: string,
  doc: string,
  settings: S,
): Section<S> {
  return { name, doc, settings };
}

/** Declares a setting. `flag: 'name'` gives it the option `--name VALUE`. */
export function setting<T>(
  kind: Kind<T>,
  initial: NoInfer<T>,
  doc: string,
  extra: { readonly unit?: string; readonly flag?: string | SettingFlag } = {},
): Setting<T> {
  const flag = typeof extra.flag === 'string' ? { name: extra.flag } : (extra.flag ?? null);
  return { kind, default: initial, unit: extra.unit ?? null, doc, flag };
}

interface Range {
  readonly min?: number;
  readonly max?: number;
}

function rangeWords({ min, max }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` >= ${min}`;
  return max === undefined ? '' : ` <= ${max}`;
}

function inRange(value: number, { min, max }: Range): boolean {
  return value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);
}

function numberFromText(text: string): unknown {
  return /^[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text.replaceAll('_', '')) : text;
}

/** A whole number. */
export function integer(range: Range = {}): Kind<number> {
  return {
    words: `an integer${rangeWords(range)}`,
    placeholder: 'N',
    accept: (value) => {
      const number = typeof value === 'bigint' ? Number(value) : value;
      return typeof number === 'number' && Number.isSafeInteger(number) && inRange(number, range)
        ? number
        : undefined;
    },
    fromText: numberFromText,
    show: String,
  };
}

/** A finite real number. */
export function real(range: Range = {}): Kind<number> {
  return {
    words: `a number${rangeWords(range)}`,
    placeholder: 'X',
    accept: (value) => {
      const number = typeof value === 'bigint' ? Number(value) : value;
      return typeof number === 'number' && Number.isFinite(number) && inRange(number, range)
        ? number
        : undefined;
    },
    fromText: numberFromText,
    show: String,
  };
}

/** true or false. */
export function boolean(): Kind<boolean> {
  return {
    words: 'true or false',
    placeholder: 'true|false',
    accept: (value) => (typeof value === 'boolean' ? value : undefined),
    fromText: (text) =>
      text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text,
    show: String,
  };
}

/** Any text that is not empty. */
export function text(placeholder = 'TEXT'): Kind<string> {
  return {
    words: 'a text in quotes',
    placeholder,
    accept: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
    fromText: (raw) => raw,
    show: (value) => JSON.stringify(value),
  };
}

/** The path of a file or folder; relative paths count from where the command is started. */
export function path(placeholder = 'FILE'): Kind<string> {
  return { ...text(placeholder), words: 'a path in quotes' };
}

/** One of a few words. */
export function choice<const T extends string>(...names: readonly T[]): Kind<T> {
  return {
    words: `one of ${names.map((name) => JSON.stringify(name)).join(', ')}`,
    placeholder: names.join('|'),
    accept: (value) => names.find((name) => name === value),
    fromText: (raw) => raw,
    show: (value) => JSON.stringify(value),
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** An amount of memory in bytes: a number, or a text such as "4G", "1.5 GiB", "500 MB" (K, M, G, T are powers of 1024). */
export function size(): Kind<number> {
  return {
    words: 'a size such as "4G" or "512 MiB"',
    placeholder: 'SIZE',
    accept: (value) => {
      if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? value : undefined;
      const parts =
        typeof value === 'string' ? /^(\d+(?:\.\d+)?) *([KMGT]?)(?:i?B)?$/i.exec(value.trim()) : null;
      if (parts === null) return undefined;
      const bytes = Math.floor(Number(parts[1]) * UNITS[parts[2]!.toUpperCase()]!);
      return bytes > 0 ? bytes : undefined;
    },
    fromText: (raw) => raw,
    show: String,
  };
}

/** The same kind, or nothing, written `none`. */
export function optional<T>(kind: Kind<T>): Kind<T | null> {
  return {
    words: kind.words,
    placeholder: kind.placeholder,
    accept: (value) => (value === null || value === 'none' ? null : kind.accept(value)),
    fromText: (raw) => (raw === 'none' ? null : kind.fromText(raw)),
    show: (value) => (value === null ? '"none"' : kind.show(value)),
  };
}
