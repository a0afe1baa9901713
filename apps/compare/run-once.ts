// The process of one run: takes a job, runs it, tells what came out. Started by `measure.ts`; a run of its own process
// finds the same cold compiler caches and the same fresh memory as any other, so the order of runs favours nobody.
import { type Ctx, type RunOptions, recordedCosts, run, type Timeline } from '../../runtime/index.js';
import { hdf5 } from '../../tasks/formats/index.js';
import { progressOn } from '../command/progress.js';
import { exitCodeOf } from '../maniple/exit-codes.js';
import { compileProgram } from '../run/compile.js';
import { explain } from '../run/explain.js';
import { loadMain } from '../run/run.js';
import { type RunSettings, runtimeOptions } from '../run/start-runtime.js';
import { readImageData } from '../spi/images.js';
import { particleOf } from '../spi/particle.js';
import { inputOf, optionsOf } from '../spi/problem.js';
import { simulationRun, simulationSpec } from '../spi/simulation.js';
import { imagesRegion, reconstruct } from '../spinifel/program.js';
import { fingerprint } from './fingerprint.js';
import type { Answer, Application, Job, Measured, Simulation } from './job.js';

function say(answer: Answer): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(answer, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}

/** The time of the timeline's clock. */
const now = () => performance.timeOrigin + performance.now();

async function timed(main: (ctx: Ctx) => unknown, options: RunOptions): Promise<Measured> {
  let timeline: Timeline = { entries: [], taskNames: [], lost: 0 };
  let [began, ended, workers] = [0, 0, 0];
  const value = await run(
    async (ctx) => {
      workers = ctx.workers;
      await ctx.started();
      began = now();
      const result = await main(ctx);
      await ctx.fence();
      ended = now();
      return result;
    },
    {
      ...options,
      onTimeline: (recorded) => {
        timeline = recorded;
      },
    },
  );
  const { entries, taskNames, lost } = timeline;
  return {
    seconds: (ended - began) / 1000,
    began,
    ended,
    workers,
    timeline: { entries: [...entries], taskNames: [...taskNames], lost },
    result: value === undefined ? null : fingerprint(value),
  };
}

async function runProgram(
  { program, args }: Application & { kind: 'program' },
  options: RunOptions,
): Promise<Measured> {
  process.setSourceMapsEnabled(true);
  const compiled = await compileProgram(program);
  const main = await loadMain(program, compiled);
  try {
    return await timed((ctx) => main(ctx, args), options);
  } catch (error) {
    throw explain(error, program, compiled);
  }
}

async function runReconstruction(
  application: Application & { kind: 'reconstruct' },
  seed: number,
  options: RunOptions,
): Promise<Measured> {
  const data = await readImageData(application.files, application.data);
  const { images, count, detector } = inputOf(data);
  const problem = optionsOf(application.reconstruct, seed);
  return timed(async (ctx) => {
    const region = imagesRegion(ctx, count, images.length / count);
    region.write('photons', images);
    const found = await reconstruct(ctx, region, detector, problem, ({ number, of }) => {
      void say({ step: { done: number + 1, total: of, label: `generation ${number + 1} of ${of}` } });
    });
    // Everything but the timings that it also tells.
    const { orientations, fluence, autocorrelation, map, halves } = found;
    return { orientations, fluence, autocorrelation, map, halves: halves?.maps };
  }, options);
}

async function simulate({ simulate, file }: Simulation, settings: RunSettings): Promise<void> {
  const spec = simulationSpec(simulate, particleOf(simulate), settings.seed);
  const silent = progressOn({ stream: { write: () => {} }, quiet: true });
  await hdf5.writeImages(file, await simulationRun(spec, settings, silent, new AbortController().signal));
}

async function answerTo({ application, settings, recorded }: Job): Promise<Answer> {
  if (application.kind === 'simulate') {
    await simulate(application, settings);
    return { simulated: true };
  }
  const options: RunOptions = {
    ...runtimeOptions(settings),
    ...(recorded !== null && { costs: recordedCosts(recorded) }),
  };
  const measured =
    application.kind === 'program'
      ? await runProgram(application, options)
      : await runReconstruction(application, settings.seed, options);
  return { measured };
}

process.once('message', (message) => {
  answerTo(message as Job)
    .then(say, (error: unknown) => {
      const { message: text, stack } = error instanceof Error ? error : new Error(String(error));
      return say({ failed: { message: text, exitCode: exitCodeOf(error), stack } });
    })
    // A program may have left timers or handles behind: they are not waited for.
    .finally(() => process.exit());
});
