// Turns a user's program into modules that node and its worker threads can load: TypeScript or JavaScript, from any
// folder, without a build step of the user's. Compiled programs are kept in a content-addressed cache:
//
//   CACHE/programs/HASH/NAME-PATHHASH.mjs   one module for each source file, with its source map inside
//   CACHE/entries/HASH.json                 for a program's path: the files it was made of, and their hashes
//
// HASH covers the texts and paths of all files of the program, our version and esbuild's, so a folder under
// programs/ never changes once it is there. Types are not checked; that is the work of an editor or of tsc.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Message, Plugin } from 'esbuild';
import { UsageError } from '../../runtime/errors.js';
import { makeFolder } from '../../tasks/formats/files.js';
import { nearest } from '../command/nearest.js';
import { packageRoot, packageVersion, version } from '../command/package.js';

/** Grows when the form of the compiled files changes, so that older ones are not used. */
const FORM = 1;

/** Programs that nobody ran for so long leave the cache. */
const KEPT_DAYS = 30;

const COMPILED = new Set(['.ts', '.mts', '.tsx', '.js', '.mjs', '.jsx', '.json']);
const TYPESCRIPT = new Set(['.ts', '.mts', '.tsx', '.cts']);

/** A source file of a program, as it was when the program was compiled. */
interface SourceFile {
  readonly path: string;
  readonly hash: string;
}

interface CachedEntry {
  readonly program: string;
  readonly files: readonly SourceFile[];
}

function hash(...parts: readonly string[]): string {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(`${part.length}:`).update(part);
  return digest.digest('hex').slice(0, 32);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The cache folder: XDG_CACHE_HOME/maniple or ~/.cache/maniple; where that cannot be written, one in the temporary folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const wanted = join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'maniple');
  try {
    makeFolder(join(wanted, 'programs'));
    makeFolder(join(wanted, 'entries'));
    return wanted;
  } catch {
    const instead = join(tmpdir(), `maniple-cache-${process.getuid?.() ?? 0}`);
    mkdirSync(join(instead, 'programs'), { recursive: true, mode: 0o700 });
    mkdirSync(join(instead, 'entries'), { recursive: true, mode: 0o700 });
    return instead;
  }
}

/** The name of a source file's module in the program's folder. */
function moduleName(path: string): string {
  const stem = basename(path, extname(path)).replace(/[^\w.-]/g, '_');
  return `${stem}-${hash(path).slice(0, 8)}.mjs`;
}

/** The absolute URL of `maniple` or `maniple/...` in this package. */
function ownModule(specifier: string, importer: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  const { exports } = manifest as { exports: Record<string, string> };
  const target = exports[`.${specifier.slice('maniple'.length)}`];
  if (target === undefined) {
    const known = Object.keys(exports).map((name) => `maniple${name.slice(1)}`);
    const near = nearest(specifier, known);
    throw new UsageError(
      `${importer} imports ${specifier}, which is no part of maniple; the nearest is ${near}`,
    );
  }
  return pathToFileURL(join(packageRoot(), target)).href;
}

/** What a user imports to get one of our modules, by its URL; null for other modules. */
export function ownSpecifier(url: string): string | null {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  const { exports } = manifest as { exports: Record<string, string> };
  const found = Object.entries(exports).find(
    ([, target]) => pathToFileURL(join(packageRoot(), target)).href === url,
  );
  return found === undefined ? null : `maniple${found[0].slice(1)}`;
}

function firstMessage(messages: readonly Message[], path: string): UsageError {
  const first = messages[0]!;
  const own: unknown = first.detail;
  if (own instanceof UsageError) return own;
  // esbuild tells paths from the working folder that we gave it, which is the root.
  const file = first.location === null ? path : resolve('/', first.location.file);
  const where =
    first.location === null ? file : `${file}:${first.location.line}:${first.location.column + 1}`;
  const line = first.location?.lineText.trim();
  return new UsageError(`${where}: ${first.text}${line ? `\n    ${line}` : ''}`);
}

/** Compiles one file; `found` is told every file of the user's that it imports. */
async function compileFile(path: string, source: string, found: (path: string) => void): Promise<string> {
  const { build } = await import('esbuild');
  const imports: Plugin = {
    name: 'imports',
    setup(esbuild) {
      esbuild.onResolve(
        { filter: /.*/ },
        async ({ path: specifier, kind, resolveDir, pluginData, with: attributes }) => {
          if (kind === 'entry-point' || pluginData === imports) return undefined;
          if (isBuiltin(specifier)) return { path: specifier, external: true };
          if (/^[a-z]+:/i.test(specifier) && !specifier.startsWith('file:'))
            return { path: specifier, external: true };
          if (specifier === 'maniple' || specifier.startsWith('maniple/')) {
            try {
              return { path: ownModule(specifier, path), external: true };
            } catch (error) {
              return { errors: [{ text: (error as Error).message, detail: error }] };
            }
          }
          const target = await esbuild.resolve(specifier, { resolveDir, kind, pluginData: imports });
          if (target.errors.length > 0) return { errors: target.errors, warnings: target.warnings };
          const extension = extname(target.path);
          const asData = Object.keys(attributes).length > 0; // `with { type: 'json' }`: node reads it itself
          const installed = target.path.includes('/node_modules/') && !TYPESCRIPT.has(extension);
          if (asData || installed || target.namespace !== 'file' || !COMPILED.has(extension)) {
            return { path: pathToFileURL(target.path).href, external: true };
          }
          found(target.path);
          return { path: `./${moduleName(target.path)}`, external: true };
        },
      );
    },
  };
  try {
    const built = await build({
      entryPoints: [path],
      absWorkingDir: '/',
      outfile: join('/', moduleName(path)),
      bundle: true, // of this file alone: every import stays an import, rewritten by the plugin
      treeShaking: false,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20.12',
      sourcemap: 'external',
      sourcesContent: true,
      logLevel: 'silent',
      // The module lives in the cache; these two still mean the user's folder.
      define: {
        'import.meta.dirname': JSON.stringify(dirname(path)),
        'import.meta.filename': JSON.stringify(path),
      },
      plugins: [imports],
    });
    const text = (ending: string) => built.outputFiles.find((file) => file.path.endsWith(ending))?.text ?? '';
    const map = JSON.parse(text('.mjs.map')) as { sources: string[]; sourcesContent: string[] };
    map.sources = map.sources.map((_, i) => (i === 0 ? pathToFileURL(path).href : map.sources[i]!));
    map.sourcesContent[0] = source;
    const inline = Buffer.from(JSON.stringify(map)).toString('base64');
    return `${text('.mjs')}\n//# sourceMappingURL=data:application/json;base64,${inline}\n`;
  } catch (error) {
    const messages = (error as { errors?: readonly Message[] }).errors;
    if (messages === undefined || messages.length === 0) throw error;
    throw firstMessage(messages, path);
  }
}

async function writeAtomic(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}

function forgetOld(folder: string): void {
  const oldest_ms = Date.now() - KEPT_DAYS * 86_400_000;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const status = statSync(path, { throwIfNoEntry: false });
    if (status !== undefined && status.mtimeMs < oldest_ms) rmSync(path, { recursive: true, force: true });
  }
}

/** A program that is ready to be imported. */
export interface CompiledProgram {
  /** The URL of its entry module, the same for every thread. */
  readonly url: string;
  /** True when nothing had to be compiled. */
  readonly cached: boolean;
  readonly files: readonly string[];
  /** The source of each compiled module, by its URL. */
  readonly modules: ReadonlyMap<string, string>;
}

function compiledProgram(folder: string, files: readonly string[], cached: boolean): CompiledProgram {
  const urls = files.map((path) => pathToFileURL(join(folder, moduleName(path))).href);
  return { url: urls[0]!, cached, files, modules: new Map(urls.map((url, i) => [url, files[i]!])) };
}

/**
 * Compiles a program, or finds it compiled.
 * @param program path of the entry file
 * @throws UsageError with file:line:column for a syntax error or an import that leads nowhere
 */
export async function compileProgram(
  program: string,
  cache: string = cacheFolder(),
): Promise<CompiledProgram> {
  const entry = resolve(program);
  if (!isFile(entry)) throw new UsageError(`there is no program ${program} (looked for ${entry})`);
  if (!COMPILED.has(extname(entry)) || extname(entry) === '.json') {
    throw new UsageError(`${program} is no program: expected a file that ends in .ts, .mts, .js or .mjs`);
  }
  const maker = `${FORM} ${version()} ${packageRoot()} esbuild ${packageVersion('esbuild')}`;
  const entryFile = join(cache, 'entries', `${hash(maker, entry)}.json`);
  const known = readEntry(entryFile);
  if (known?.files.every(({ path, hash: was }) => isFile(path) && hash(readFileSync(path, 'utf8')) === was)) {
    const folder = join(cache, 'programs', known.program);
    const modules = known.files.map(({ path }) => join(folder, moduleName(path)));
    if (modules.every(existsSync)) {
      const now = new Date();
      utimesSync(folder, now, now);
      return compiledProgram(
        folder,
        known.files.map(({ path }) => path),
        true,
      );
    }
  }

  const queue = [entry];
  const sources = new Map<string, SourceFile>();
  const outputs = new Map<string, string>();
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (sources.has(next)) continue;
    const source = readFileSync(next, 'utf8');
    sources.set(next, { path: next, hash: hash(source) });
    outputs.set(moduleName(next), await compileFile(next, source, (path) => queue.push(path)));
  }
  const files = [...sources.values()];
  // The compiled text is hashed, not the sources: what an import resolved to is part of the program.
  const name = hash(maker, ...[...outputs].flat());
  const folder = join(cache, 'programs', name);
  if (!existsSync(folder)) {
    forgetOld(join(cache, 'programs'));
    const building = await mkdtemp(join(cache, 'programs', 'building-'));
    for (const [file, text] of outputs) await writeFile(join(building, file), text);
    await rename(building, folder).catch((error: NodeJS.ErrnoException) => {
      rmSync(building, { recursive: true, force: true });
      // Another process compiled the same program at the same moment: its folder has the same content.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  }
  await writeAtomic(entryFile, JSON.stringify({ program: name, files } satisfies CachedEntry));
  return compiledProgram(
    folder,
    files.map(({ path }) => path),
    false,
  );
}

function readEntry(file: string): CachedEntry | null {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as CachedEntry;
  } catch {
    return null; // damaged: compile again
  }
}

/** A path as people see it: from the working folder when it lies below it. */
export function displayPath(path: string): string {
  const from = relative(process.cwd(), path);
  return from.startsWith('..') ? path : from;
}
