// `maniple bench spi`: the reconstruction of `maniple demo` from ten seeds, each with images, starts and phasings of its
// own, beside the best that a plain prototype in NumPy with FINUFFT reached on one such case (spec/spi.md E (d)).
import { resolutionAt } from '../../tasks/spi/index.js';
import type { Invocation } from '../command/command.js';
import { runSection } from '../command/run-settings.js';
import { judge } from '../spi/judge.js';
import { particleOf } from '../spi/particle.js';
import { inputOf, optionsOf } from '../spi/problem.js';
import { reconstructionRun } from '../spi/reconstruction-run.js';
import { reconstructSection, simulateSection } from '../spi/settings.js';
import { simulationRun, simulationSpec } from '../spi/simulation.js';
import type { BenchRow } from './index.js';

export const summary = 'the reconstruction of the demo from ten seeds, beside a plain prototype';

const SEEDS = 10;
const PEER = 'prototype in NumPy, recorded';
const PROTOTYPE = { cc: 0.72, fsc05_A: 14.8, within10deg: 0.95 };
/** What counts as a success, and how many are asked for. */
const ENOUGH = { cc: 0.74, fsc05_A: 15, within10deg: 0.9, seeds: 8 };

interface Quality {
  readonly cc: number;
  readonly fsc05_A: number;
  readonly within10deg: number;
  readonly half143_A: number | null;
  readonly seconds: number;
}

async function reconstructSeed(
  seed: number,
  { configuration, progress, signal }: Invocation,
): Promise<Quality> {
  const settings = configuration.of(simulateSection);
  const run = { ...configuration.of(runSection), seed };
  const particle = particleOf(settings);
  const data = await simulationRun(simulationSpec(settings, particle, seed), run, progress, signal);
  const began_ms = performance.now();
  const { result } = await reconstructionRun(
    inputOf(data),
    optionsOf(configuration.of(reconstructSection), seed),
    run,
    {
      signal,
      generation: () => {},
      step: (done, total, label) =>
        progress.step((seed - 1 + done / total) / SEEDS, 1, `seed ${seed}: ${label}`),
    },
  );
  const seconds = (performance.now() - began_ms) / 1000;
  const { truth, halves, within10deg } = judge(result, particle, data.orientations);
  return {
    cc: truth!.correlation, // the particle was given, so there is a truth
    fsc05_A: resolutionAt(truth!.shells, 0.5),
    within10deg: within10deg!,
    half143_A: halves?.resolution ?? null,
    seconds,
  };
}

function rowsOf(seed: number, { cc, fsc05_A, within10deg, half143_A, seconds }: Quality): BenchRow[] {
  const row = (
    what: string,
    ours: number,
    unit: string,
    peer: number | null,
    ratio: number | null,
  ): BenchRow => ({
    case: `seed ${seed}: ${what}`,
    ours,
    peer,
    peerName: peer === null ? null : PEER,
    unit,
    ratio,
    spread: null,
  });
  return [
    row('correlation to the truth', cc, '', PROTOTYPE.cc, cc / PROTOTYPE.cc),
    row('FSC 0.5 to the truth', fsc05_A, 'A', PROTOTYPE.fsc05_A, PROTOTYPE.fsc05_A / fsc05_A),
    row('within 10 degrees', within10deg, '', PROTOTYPE.within10deg, within10deg / PROTOTYPE.within10deg),
    ...(half143_A === null ? [] : [row('FSC 0.143 of half sets', half143_A, 'A', null, null)]),
    row('wall clock of the reconstruction', seconds, 's', null, null),
  ];
}

export async function measure(invocation: Invocation): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  let successes = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const quality = await reconstructSeed(seed, invocation);
    rows.push(...rowsOf(seed, quality));
    const { cc, fsc05_A, within10deg } = quality;
    if (cc >= ENOUGH.cc && fsc05_A <= ENOUGH.fsc05_A && within10deg >= ENOUGH.within10deg) successes++;
  }
  rows.push({
    case: `seeds with correlation >= ${ENOUGH.cc}, FSC 0.5 at ${ENOUGH.fsc05_A} A or better, ${100 * ENOUGH.within10deg} % within 10 degrees`,
    ours: successes,
    peer: ENOUGH.seeds,
    peerName: 'asked for',
    unit: `of ${SEEDS}`,
    ratio: successes / ENOUGH.seeds,
    spread: null,
  });
  return rows;
}
