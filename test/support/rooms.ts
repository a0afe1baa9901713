// The order of the rooms, and the rules that an import must keep. Pure: texts in, offences out, so that the rules
// themselves are tested on made-up trees (imports.test.ts) before they judge ours.
import { posix } from 'node:path';
import ts from 'typescript';

/**
 * Top to bottom. A file may import from its own room and from rooms on later lines; rooms of one line do not
 * import each other. The longest room that is a prefix of a file's path is the file's room.
 */
export const order: readonly (readonly string[])[] = [
  ['apps'],
  ['tasks/spi', 'tasks/sfx'],
  ['tasks/fourier', 'tasks/formats'],
  ['runtime/index.ts', 'runtime/testing'],
  ['runtime/program'],
  ['runtime/executors'],
  ['runtime/recover', 'runtime/nodes', 'runtime/devices', 'runtime/observe'],
  ['runtime/analysis', 'runtime/mapping', 'runtime/execution'],
  ['runtime/memory'],
  ['runtime/regions'],
  ['runtime/spaces', 'runtime/privileges', 'runtime/graph', 'runtime/events'],
  ['runtime/errors.ts'],
  ['native'],
];

/** Room-specific promises of docs/ARCHITECTURE.md that are stricter than the order. */
export const promises: readonly { from: RegExp; never: RegExp; because: string }[] = [
  {
    from: /^runtime\/(spaces|privileges|regions|analysis|graph)\//,
    never: /^node:(fs|net|http|child_process|worker_threads|timers)/,
    because: 'this room is mathematics: no threads, no time, no I/O',
  },
  {
    from: /^tasks\/(?!formats\/)/,
    never: /^node:(fs|net|http|child_process|process|readline)/,
    because: 'tasks are pure functions; files are the business of tasks/formats/',
  },
  {
    from: /^runtime\/testing\/interpreter/,
    never: /^runtime\/(?!testing\/|spaces\/|privileges\/|regions\/|errors)/,
    because: 'the oracle shares no code with the analysis that it judges',
  },
  {
    from: /^runtime\/observe\//,
    never: /^runtime\/(?!observe\/|spaces\/|events\/|errors)/,
    because: 'the checker shares no code with what it checks',
  },
];

export interface Import {
  readonly file: string;
  readonly line: number;
  /** A path from the root of the checkout (`runtime/errors.ts`), or a package (`node:fs`, `tap`). */
  readonly target: string;
  readonly local: boolean;
}

/** Every import, re-export and literal dynamic import of one TypeScript file, type-only ones included. */
export function importsOf(file: string, text: string): Import[] {
  const found = ts.preProcessFile(text, true, true);
  return found.importedFiles.map(({ fileName, pos }) => {
    const local = fileName.startsWith('.');
    return {
      file,
      line: text.slice(0, pos).split('\n').length,
      target: local
        ? posix.normalize(posix.join(posix.dirname(file), fileName)).replace(/\.js$/, '.ts')
        : fileName,
      local,
    };
  });
}

/** The room of a file, or null when no line of `order` claims it. */
export function roomOf(file: string): string | null {
  let best: string | null = null;
  for (const room of order.flat()) {
    const inside = file === room || file.startsWith(`${room}/`);
    if (inside && room.length > (best?.length ?? 0)) best = room;
  }
  return best;
}

const level = (room: string): number => order.findIndex((line) => line.includes(room));

/** One sentence per offence, sorted, each beginning with `file:line`. `files` maps paths to texts. */
export function offences(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [file, text] of files) {
    const room = roomOf(file);
    if (room === null) {
      found.push(`${file}:1 lies in no room: put it into one of ${order.flat().join(', ')}`);
      continue;
    }
    for (const it of importsOf(file, text)) {
      const at = `${file}:${it.line}`;
      for (const promise of promises) {
        if (promise.from.test(file) && promise.never.test(it.target)) {
          found.push(`${at} imports ${it.target}, but ${promise.because}`);
        }
      }
      if (!it.local) continue;
      const other = roomOf(it.target);
      if (!files.has(it.target)) found.push(`${at} imports ${it.target}, which is not a source file`);
      else if (other === null) found.push(`${at} imports ${it.target}, which lies in no room`);
      else if (other !== room && level(other) < level(room)) {
        found.push(`${at} imports upwards: ${room} must not know ${other} (${it.target})`);
      } else if (other !== room && level(other) === level(room)) {
        found.push(`${at} imports sideways: ${room} and ${other} stand on one line (${it.target})`);
      }
    }
  }
  return [...found, ...cycles(files)].sort();
}

/** One sentence for each import that closes a cycle of files. */
function cycles(files: ReadonlyMap<string, string>): string[] {
  const edges = new Map<string, Import[]>();
  for (const [file, text] of files) {
    edges.set(
      file,
      importsOf(file, text).filter((it) => it.local && files.has(it.target)),
    );
  }
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    path.push(file);
    for (const it of edges.get(file) ?? []) {
      const start = path.indexOf(it.target);
      if (start >= 0)
        found.push(`${file}:${it.line} closes a cycle: ${[...path.slice(start), it.target].join(' -> ')}`);
      else if (!done.has(it.target)) visit(it.target);
    }
    path.pop();
    done.add(file);
  };
  for (const file of [...files.keys()].sort()) if (!done.has(file)) visit(file);
  return found;
}

/** Names that say nothing about what lies inside. */
export const emptyNames: RegExp = /(^|\/)(utils?|utilities|helpers?|misc|common|stuff|lib)(\.[a-z.]+|\/|$)/;
