// Checks the types of programs that import `maniple`, against this checkout.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { checkout } from './needs.js';

/** The complaints about programs, as `FILE:LINE TEXT` with files as seen from `folder`. */
export function complaints(files: readonly string[], folder: string, stricter: object = {}): string[] {
  const manifest = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
    exports: Record<string, string>;
  };
  const own = (name: string): string[] => [join(checkout, 'dist', `${name}.d.ts`)];
  const paths = Object.fromEntries(
    Object.entries(manifest.exports)
      .filter(([, target]) => target.endsWith('.js'))
      .map(([name, target]) => [
        `maniple${name.slice(1)}`,
        own(target.slice('./dist/'.length, -'.js'.length)),
      ]),
  );
  const program = ts.createProgram([...files], {
    strict: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    ...stricter,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    typeRoots: [join(checkout, 'node_modules/@types')],
    paths,
  });
  return ts.getPreEmitDiagnostics(program).map((it) => {
    const text = ts.flattenDiagnosticMessageText(it.messageText, '\n');
    if (it.file === undefined) return text;
    const { line } = it.file.getLineAndCharacterOfPosition(it.start ?? 0);
    return `${relative(folder, it.file.fileName)}:${line + 1} ${text}`;
  });
}

/** The switches of `tsconfig.json` that ask for more than `strict`. */
export function strictest(): object {
  const { config } = ts.readConfigFile(join(checkout, 'tsconfig.json'), ts.sys.readFile) as {
    config: { compilerOptions: Record<string, unknown> };
  };
  const switches = Object.entries(config.compilerOptions).filter(
    ([name]) => /^(no|allow|exact)[A-Z]/.test(name) || /^(verbatim|isolated|erasable)/.test(name),
  );
  return Object.fromEntries(switches);
}
