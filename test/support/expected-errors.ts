// Type tests. A program that must not compile stands in an ordinary source file, with its errors announced:
//
//   // @ts-expect-error TS2542: only permits reading
//   view.x[0] = 1;
//
// The build itself makes sure that there is some error on the next line. Here the same file is compiled once more
// with the announcements taken out of force, to see that it is the right error, and the only one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { checkout } from './needs.js';

const announcement = /@ts-expect-error TS(\d+): (.*)$/;

/** Differences between announced and found errors of source files (paths from the checkout); [] when there are none. */
export function unexpectedErrors(files: readonly string[]): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(checkout, 'tsconfig.json'),
    { noEmit: true, incremental: false, composite: false, declaration: false },
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (d) => {
        throw new Error(textOf(d.messageText));
      },
    },
  );
  if (config === undefined) throw new Error('tsconfig.json cannot be read');
  const { tsBuildInfoFile: _, ...options } = config.options;
  const roots = files.map((file) => join(checkout, file));
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => {
    if (!roots.includes(name)) return readSource(name, ...rest);
    // A word of the same length, so that all positions stay.
    return ts.createSourceFile(
      name,
      readFileSync(name, 'utf8').replaceAll('@ts-expect-error', '@xx-expect-error'),
      rest[0],
    );
  };
  const program = ts.createProgram(roots, options, host);
  return files.flatMap((file, i) => {
    const source = program.getSourceFile(roots[i]!)!;
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      (d) => ({
        line: source.getLineAndCharacterOfPosition(d.start ?? 0).line + 1,
        code: d.code,
        text: textOf(d.messageText),
      }),
    );
    return compare(file, readFileSync(roots[i]!, 'utf8').split('\n'), found);
  });
}

interface FoundError {
  readonly line: number;
  readonly code: number;
  readonly text: string;
}

function compare(file: string, lines: readonly string[], found: readonly FoundError[]): string[] {
  const problems: string[] = [];
  const explained = new Set<FoundError>();
  lines.forEach((text, i) => {
    if (!/^\s*\/\/ @ts-expect-error/.test(text)) return;
    const [, code, part] = announcement.exec(text) ?? [];
    if (code === undefined || part === undefined) {
      problems.push(`${file}:${i + 1}: the announcement has no code and text (TS0000: ...)`);
      return;
    }
    // The error is on the line after the announcement.
    const here = found.filter((error) => error.line === i + 2);
    for (const error of here) explained.add(error);
    if (here.some((error) => error.code === Number(code) && error.text.includes(part))) return;
    const instead = here.map((error) => `TS${error.code}: ${error.text}`).join(' | ') || 'no error';
    problems.push(`${file}:${i + 2}: expected TS${code}: ${part}; found ${instead}`);
  });
  for (const error of found) {
    if (!explained.has(error))
      problems.push(`${file}:${error.line}: unannounced TS${error.code}: ${error.text}`);
  }
  return problems;
}

function textOf(message: string | ts.DiagnosticMessageChain): string {
  return ts.flattenDiagnosticMessageText(message, '\n');
}
