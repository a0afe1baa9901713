// One TypeScript program of a user made into JavaScript: esbuild (as `maniple run` does) and the TypeScript compiler.
import { build, transform } from 'esbuild';
import ts from 'typescript';
import { heading, perCall, row } from './timing.mjs';

const body = Array.from(
  { length: 200 },
  (_, i) =>
    `export function f${i}<T extends number>(a: T, b: readonly T[]): number { return a * ${i} + b.length; }`,
).join('\n');

heading('200 small functions');
row('esbuild `transform`', await perCall(() => transform(body, { loader: 'ts', sourcemap: 'inline' }), 1, 9));
row(
  'esbuild `build`, bundling, packages left out',
  await perCall(
    () =>
      build({
        stdin: { contents: body, loader: 'ts', resolveDir: '/' },
        bundle: true,
        packages: 'external',
        platform: 'node',
        format: 'esm',
        sourcemap: 'inline',
        write: false,
      }),
    1,
    9,
  ),
);
row(
  'TypeScript `transpileModule` (no checking)',
  await perCall(
    () =>
      ts.transpileModule(body, {
        compilerOptions: { target: ts.ScriptTarget.ES2022, inlineSourceMap: true },
      }),
    1,
    9,
  ),
);
row(
  'TypeScript with checking',
  await perCall(
    () => {
      const host = ts.createCompilerHost({});
      const read = host.getSourceFile;
      host.getSourceFile = (name, ...rest) =>
        name === 'program.ts' ? ts.createSourceFile(name, body, ts.ScriptTarget.ES2022) : read(name, ...rest);
      host.writeFile = () => {};
      ts.createProgram(
        ['program.ts'],
        { target: ts.ScriptTarget.ES2022, strict: true, types: [] },
        host,
      ).emit();
    },
    1,
    3,
  ),
);
