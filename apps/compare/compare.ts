// `maniple compare APP …`: the same run in tasks mode and in bulk-synchronous mode, side by side.
import { basename } from 'node:path';
import { UsageError } from '../../runtime/errors.js';
import type { Command, Invocation } from '../command/command.js';
import { nearest } from '../command/nearest.js';
import { runSection } from '../command/run-settings.js';
import { factsOf } from '../run-directory/facts.js';
import { inRunDirectory, type RunDirectory, replacedFiles } from '../run-directory/run-directory.js';
import { IMAGES, simulatedBefore } from '../spi/demo.js';
import { dataSection, reconstructSection, simulateSection } from '../spi/settings.js';
import type { Application } from './job.js';
import { simulateImages } from './measure.js';
import { comparePage } from './page.js';
import { compareModes } from './rounds.js';
import { comparisonJson, comparisonText } from './summary.js';

const PAGE = 'compare.html';

/** What was asked to be compared. */
type Asked =
  | { readonly kind: 'demo'; readonly name: string }
  | { readonly kind: 'reconstruct'; readonly name: string; readonly files: readonly string[] }
  | {
      readonly kind: 'program';
      readonly name: string;
      readonly program: string;
      readonly args: readonly string[];
    };

function askedFor(positionals: readonly string[]): Asked {
  const [word, ...rest] = positionals as [string, ...string[]]; // the dispatcher has seen that it is there
  const noOptions = (what: string, words: readonly string[]) => {
    const option = words.find((argument) => argument.startsWith('-'));
    if (option !== undefined)
      throw new UsageError(`maniple compare ${what}: unknown option ${option}; see maniple ${what} --help`);
  };
  if (word === 'demo') {
    noOptions('demo', rest);
    if (rest.length > 0)
      throw new UsageError(`maniple compare demo: ${JSON.stringify(rest[0])} is one argument too many`);
    return { kind: 'demo', name: 'demo' };
  }
  if (word === 'spi') {
    const [verb, ...files] = rest;
    if (verb !== 'reconstruct')
      throw new UsageError(
        `maniple compare spi: only reconstruct can be compared, not ${verb ?? 'the area as a whole'}`,
      );
    noOptions('spi reconstruct', files);
    if (files.length === 0)
      throw new UsageError('maniple compare spi reconstruct: DATA is missing (HDF5 files of images)');
    return { kind: 'reconstruct', name: `reconstruction of ${files.join(', ')}`, files };
  }
  const [program, ...args] = word === 'run' ? rest : [word, ...rest];
  if (program === undefined)
    throw new UsageError('maniple compare run: PROGRAM is missing (a .ts or .js file)');
  if (word !== 'run' && !/\.[mc]?[jt]sx?$/.test(program)) {
    const near = nearest(program, ['demo', 'spi', 'run']);
    throw new UsageError(
      `maniple compare ${program}: there are demo, spi reconstruct DATA, and run PROGRAM (or a .ts or .js file); the nearest is ${near}`,
    );
  }
  return { kind: 'program', name: basename(program), program, args };
}

function roundsAsked(given: string | undefined): number | null {
  if (given === undefined) return null;
  const rounds = Number(given);
  if (!/^\d+$/.test(given) || rounds < 1 || rounds > 1000)
    throw new UsageError(`--repeats must be an integer from 1 to 1000, not ${given}`);
  return rounds;
}

async function applicationOf(
  asked: Asked,
  directory: RunDirectory,
  kept: boolean,
  invocation: Invocation,
): Promise<Application> {
  if (asked.kind === 'program') return asked;
  const { configuration } = invocation;
  const settings = {
    data: configuration.of(dataSection),
    reconstruct: configuration.of(reconstructSection),
  };
  if (asked.kind === 'reconstruct') return { ...settings, kind: 'reconstruct', files: asked.files };
  const file = directory.file(IMAGES);
  const { progress, signal } = invocation;
  if (kept) progress.note(`using the images of the last run, ${file}`);
  else {
    const begun = directory.elapsed_s;
    const simulate = configuration.of(simulateSection);
    const job = { settings: { ...configuration.of(runSection), mode: 'tasks' }, recorded: null } as const;
    progress.step(0, 1, 'simulating images');
    await simulateImages(
      { ...job, application: { kind: 'simulate', simulate, file } },
      { signal, step: () => {} },
    );
    directory.addPhase('simulate', directory.elapsed_s - begun);
  }
  return { ...settings, kind: 'reconstruct', files: [file] };
}

export const compare: Command = {
  name: 'compare',
  summary: 'the same run in tasks and in bulk-synchronous mode, side by side',
  details: `APP is demo, spi reconstruct DATA..., run PROGRAM [ARGS], or a program alone. It is run in tasks mode and in bulk mode
(a barrier after every launch, nothing is stolen), the latter with points dealt in blocks and longest first by the costs that a
first run recorded. The folder of --out (default run/compare) gets ${PAGE}: timelines, and where the time went.`,
  positionals: [
    { name: 'APP', doc: 'demo, spi reconstruct, run, or a .ts or .js file', required: true },
    { name: 'ARGS', doc: 'data files, or the program and its arguments', required: false, rest: true },
  ],
  options: [
    { name: 'repeats', takes: ['N'], doc: 'rounds of all modes; by default 1 to 3, by how long a run takes' },
  ],
  sections: [simulateSection, reconstructSection, dataSection],
  passesOptions: true,
  examples: [
    'maniple compare program.ts --workers 2',
    'maniple compare demo --images 200 --repeats 5 --out run/compared',
    'maniple compare spi reconstruct images.h5 --json',
  ],
  dryRun: true,
  async run(invocation) {
    const { positionals, options, configuration, progress, signal, dryRun, commandLine } = invocation;
    const asked = askedFor(positionals);
    const rounds = roundsAsked(options.get('repeats')?.at(-1));
    const given = configuration.entries.find(
      ({ section, key, origin }) =>
        section === runSection.name && (key === 'mode' || key === 'placement') && origin.startsWith('--'),
    );
    if (given !== undefined)
      throw new UsageError(`maniple compare runs in all modes: leave out ${given.origin}`);
    const settings = configuration.of(runSection);
    const folder = settings.out ?? 'run/compare';
    const replaced = replacedFiles(folder);
    if (dryRun) {
      const text =
        replaced.length === 0
          ? `would write ${folder}`
          : `would replace in ${folder}: ${replaced.join(', ')}`;
      return { json: { folder, replaced }, text };
    }
    const kept = asked.kind === 'demo' && simulatedBefore(folder, invocation);
    const sections = asked.kind === 'program' ? [runSection] : [runSection, ...compare.sections];
    const { seed } = settings;
    const description = { command: commandLine, configuration, sections, seed, keep: kept ? [IMAGES] : [] };
    let text = '';
    const outcome = await inRunDirectory(folder, description, signal, async (directory) => {
      const application = await applicationOf(asked, directory, kept, invocation);
      const comparison = await compareModes(application, settings, rounds, {
        signal,
        step: (done, total, label) => progress.step(done, total, label),
      });
      progress.end();
      const page = directory.write(PAGE, comparePage(asked.name, comparison, factsOf(directory.record)));
      text = comparisonText(asked.name, comparison, page);
      return comparisonJson(asked.name, comparison, page);
    });
    return { json: outcome, text, ...(outcome.same === false && { exitCode: 1 }) };
  },
};
