// `maniple spi reconstruct`: diffraction images to a density map, with a run directory and a report.
import { QualityError } from '../../runtime/errors.js';
import { npy } from '../../tasks/formats/index.js';
import { orientationErrors, type Particle, resolutionAt } from '../../tasks/spi/index.js';
import type { Command, Invocation } from '../command/command.js';
import { formatDuration } from '../command/format.js';
import { runSection } from '../command/run-settings.js';
import { renderReport } from '../report/report.js';
import { runtimeOptions } from '../run/start-runtime.js';
import { inRunDirectory, type RunDirectory, replacedFiles } from '../run-directory/run-directory.js';
import { disagreement } from './agreement.js';
import type { ImageData, ReconstructionHooks } from './engine.js';
import { readImageData } from './images.js';
import { judge } from './judge.js';
import { writeMap } from './maps.js';
import { particleOfPdb } from './particle.js';
import { inputOf, optionsOf } from './problem.js';
import { reconstructionRun } from './reconstruction-run.js';
import { type GenerationRow, reconstructionReport } from './run-report.js';
import { dataSection, reconstructSection, simulateSection } from './settings.js';

/** The result of `spi reconstruct` and of `demo`, as --json prints it. */
export interface ReconstructionOutcome extends Record<string, unknown> {
  /** Only where the truth is known. */
  readonly cc?: number;
  readonly fsc05_A?: number;
  readonly within10deg?: number;
  readonly half143_A: number | null;
  readonly seconds: number;
  readonly generations: number;
  readonly report: string;
}

/** Gathers what a run tells: rows of metrics. */
function recorder(directory: RunDirectory, data: ImageData, { progress, signal }: Invocation) {
  const { orientations: truth, symmetry } = data;
  const rows: GenerationRow[] = [];
  const hooks: ReconstructionHooks = {
    signal,
    step: (done, total, label) => progress.step(done, total, label),
    generation({ number, orientations, metrics }) {
      const row: GenerationRow = {
        generation: number + 1,
        detail_A: metrics.resolution,
        median_change_deg: metrics.medianChange,
        settled: metrics.settled,
        cpu_s: metrics.seconds,
        ...(truth && { within10deg: orientationErrors(orientations, truth, symmetry).within10 }),
      };
      rows.push(row);
      directory.metric({ ...row });
    },
  };
  return { hooks, rows };
}

/** A reconstruction from data to report, in a run directory that exists. */
export async function reconstructInto(
  directory: RunDirectory,
  data: ImageData,
  particle: Particle | null,
  title: string,
  invocation: Invocation,
): Promise<ReconstructionOutcome> {
  const { configuration, progress, signal } = invocation;
  const settings = configuration.of(runSection);
  const options = optionsOf(configuration.of(reconstructSection), settings.seed);
  const { hooks, rows } = recorder(directory, data, invocation);
  const run = await reconstructionRun(inputOf(data), options, settings, hooks);
  signal.throwIfAborted();
  progress.end();
  const seconds = directory.elapsed_s;

  for (const { phases } of run.times)
    for (const { name, seconds: spent } of phases) directory.addPhase(name, spent);

  const { map, halves, generations, orientations, fluence } = run.result;
  writeMap(directory.file('map.mrc'), map.density, title);
  halves?.maps.forEach((half, i) => {
    writeMap(directory.file(`half${i + 1}.mrc`), half, `${title}, half ${i + 1}`);
  });
  npy.writeNpy(directory.file('orientations.npy'), orientations, [data.images, 4]);
  npy.writeNpy(directory.file('fluences.npy'), fluence, [data.images]);
  progress.note('comparing the map and writing the report');
  const judgement = judge(run.result, particle, data.orientations ?? null, data.symmetry);
  const { truth, within10deg } = judgement;
  if (truth !== null) {
    writeMap(directory.file('aligned.mrc'), truth.aligned, `${title}, turned onto the truth`);
    writeMap(directory.file('truth.mrc'), truth.reference, particle?.name ?? 'truth');
  }
  const doubt = disagreement(map);
  if (doubt !== null) progress.warn(doubt);
  const report = reconstructionReport({
    title,
    data,
    run,
    judgement,
    rows,
    record: directory.record,
    elapsed_s: seconds,
    configuration,
    sections: [simulateSection, reconstructSection, dataSection, runSection],
  });
  return {
    ...(truth !== null && { cc: truth.correlation, fsc05_A: resolutionAt(truth.shells, 0.5) }),
    half143_A: halves?.resolution ?? null,
    ...(within10deg !== null && { within10deg }),
    seconds,
    generations: generations.length,
    report: directory.write('report.html', renderReport(report)),
  };
}

/** What a person reads after a reconstruction. */
export function outcomeText(outcome: ReconstructionOutcome): string {
  const { cc, fsc05_A, half143_A, within10deg, seconds, generations, report } = outcome;
  return [
    ...(cc === undefined ? [] : [`correlation to the truth  ${cc.toFixed(3)}`]),
    ...(fsc05_A === undefined ? [] : [`FSC 0.5 to the truth      ${fsc05_A.toFixed(1)} A`]),
    ...(half143_A === null ? [] : [`FSC 0.143 of half sets    ${half143_A.toFixed(1)} A`]),
    ...(within10deg === undefined ? [] : [`within 10 degrees         ${(100 * within10deg).toFixed(1)} %`]),
    `time                      ${formatDuration(seconds)}, ${generations} generations`,
    `report                    ${report}`,
  ].join('\n');
}

/** @throws QualityError when the resolution is worse than `reconstruct.required_A` asks */
export function checkQuality(outcome: ReconstructionOutcome, asked_A: number | null): void {
  if (asked_A === null || (outcome.half143_A !== null && outcome.half143_A <= asked_A)) return;
  const got =
    outcome.half143_A === null
      ? 'is not known: there are no half sets'
      : `is ${outcome.half143_A.toFixed(1)} A`;
  throw new QualityError(
    `the resolution by half sets ${got}, and reconstruct.required_A asks for ${asked_A} A; see ${outcome.report}`,
  );
}

export const reconstruct: Command = {
  name: 'spi reconstruct',
  summary: 'turn diffraction images into a density map',
  details:
    'DATA: HDF5 files in the layout of Spinifel or CXI, NumPy archives (.npz) of the same arrays, or folders of such files; several are joined. The folder of --out gets map.mrc, half maps, orientations.npy (w, x, y, z), fluences.npy, metrics.jsonl, run.json and report.html.',
  positionals: [{ name: 'DATA', doc: 'files of images, or folders of them', required: true, rest: true }],
  options: [{ name: 'truth', takes: ['FILE.pdb'], doc: 'the known structure, for the report only' }],
  sections: [reconstructSection, dataSection],
  examples: [
    'maniple spi reconstruct images.h5 --out run/first',
    'maniple spi reconstruct a.h5 b.h5 --out run/both --truth 1EI7.pdb --json',
  ],
  dryRun: true,
  async run(invocation) {
    const { positionals, options, configuration, signal, dryRun, commandLine } = invocation;
    const { out, seed } = configuration.of(runSection);
    const folder = out ?? 'run/reconstruct';
    runtimeOptions(configuration.of(runSection)); // what cannot be run is refused before anything is replaced
    const replaced = replacedFiles(folder);
    if (dryRun) {
      const text =
        replaced.length === 0
          ? `would write ${folder}`
          : `would replace in ${folder}: ${replaced.join(', ')}`;
      return { json: { folder, replaced }, text };
    }
    const data = await readImageData(positionals, configuration.of(dataSection));
    const truth = options.get('truth')?.at(-1);
    const particle = truth === undefined ? null : particleOfPdb(truth);
    const sections = [runSection, dataSection, reconstructSection];
    const description = { command: commandLine, configuration, sections, seed };
    const title = `${data.images.toLocaleString('en')} images of ${positionals.join(', ')}`;
    const outcome = await inRunDirectory(folder, description, signal, (directory) =>
      reconstructInto(directory, data, particle, title, invocation),
    );
    checkQuality(outcome, configuration.of(reconstructSection).required_A);
    return { json: outcome, text: outcomeText(outcome) };
  },
};
