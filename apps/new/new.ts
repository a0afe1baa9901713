// `maniple new NAME`: the files of a new analysis, in a folder of its own.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../runtime/errors.js';
import type { Command } from '../command/command.js';
import { packageRoot } from '../command/package.js';
import { runSection } from '../command/run-settings.js';
import { templateFiles } from './template.js';

/** What npm takes as a package's name, as far as a folder's name can be one. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,100}$/;

function checkName(name: string): void {
  if (NAME.test(name)) return;
  const near = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '');
  throw new UsageError(
    `NAME is ${JSON.stringify(name)}, but the name of an analysis is made of small letters, digits, - and _${near ? `: for instance ${near}` : ''}`,
  );
}

export const scaffold: Command = {
  name: 'new',
  summary: 'a new analysis: a program, two tasks, a test',
  details:
    'Makes the folder NAME (or --out DIR) with a working analysis: a program, two tasks, a test that passes, a README.',
  positionals: [{ name: 'NAME', doc: 'what the analysis is called', required: true }],
  options: [],
  sections: [runSection],
  examples: ['maniple new hitfinder', 'cd hitfinder && maniple run test.ts'],
  dryRun: true,
  async run({ positionals, configuration, dryRun }) {
    const name = positionals[0]!;
    checkName(name);
    const folder = resolve(configuration.of(runSection).out ?? name);
    if (existsSync(folder) && entriesOf(folder).length > 0) {
      throw new UsageError(`${folder} exists and is not empty; choose another name, or --out DIR`);
    }
    const files = templateFiles({ name, packageRoot: packageRoot() });
    const names = [...files.keys()];
    if (dryRun) return { json: { folder, files: names }, text: `would write ${folder}: ${names.join(', ')}` };
    try {
      mkdirSync(dirname(folder), { recursive: true });
      const temporary = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
      try {
        for (const [file, text] of files) writeFileSync(join(temporary, file), text);
        chmodSync(temporary, 0o755); // mkdtemp keeps others out
        renameSync(temporary, folder);
      } finally {
        rmSync(temporary, { recursive: true, force: true });
      }
    } catch (error) {
      throw new UsageError(`cannot write ${folder}: ${(error as Error).message}`);
    }
    const shown = configuration.of(runSection).out ?? name;
    const text = [
      `${shown}: ${names.join(', ')}`,
      `try:  cd ${shown} && npx maniple run test.ts && npx maniple run program.ts`,
    ].join('\n');
    return { json: { folder, files: names }, text };
  },
};

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    throw new UsageError(`${path} is no folder: ${(error as Error).message}`);
  }
}
