// All runs of a comparison: one that records the costs, then rounds of all variants.
import type { RunSettings } from '../run/start-runtime.js';
import { type Account, accountOf } from './account.js';
import { type Application, TASKS, VARIANTS, type Variant } from './job.js';
import { measure, type Ran, type Watch } from './measure.js';

/** The runs of one variant, round by round. */
export interface VariantRuns {
  readonly variant: Variant;
  readonly seconds: readonly number[];
  readonly median: number;
  /** (longest - shortest) / median. */
  readonly spread: number;
  /** The run whose time is the median (of an even number the shorter of the two in the middle). */
  readonly typical: Ran;
  readonly account: Account;
}

/** Whether all runs gave the same. */
export type Agreement =
  | { readonly same: true; readonly by: 'result' | 'printed' }
  /** There was nothing to compare. */
  | { readonly same: null }
  /** `within`: runs of one and the same variant already differ. */
  | { readonly same: false; readonly by: 'result' | 'printed'; readonly within: boolean };

export interface Comparison {
  readonly workers: number;
  readonly runs: readonly VariantRuns[];
  readonly agreement: Agreement;
  /** The bulk variant that tasks mode is measured against. */
  readonly faster: VariantRuns;
  /** Its time over that of tasks mode: above 1, tasks mode is faster. */
  readonly ratio: number;
  /** The least and the largest ratio of a round. */
  readonly ratioSpread: readonly [number, number];
}

/** Rounds where nobody says how many: as many as fit into some minutes, one to three. */
export function defaultRepeats(recording_s: number): number {
  return Math.max(1, Math.min(3, Math.floor(120 / recording_s)));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Compares what runs returned, or, where they returned nothing, what they printed. */
export function agreementOf(
  runs: readonly { readonly variant: string; readonly result: string | null; readonly printed: string }[],
): Agreement {
  const returned = runs.some(({ result }) => result !== null);
  if (!returned && runs.every(({ printed }) => printed === '')) return { same: null };
  const by = returned ? 'result' : 'printed';
  const seen = new Map<string, Set<string>>();
  for (const run of runs) {
    const results = seen.get(run.variant) ?? new Set();
    seen.set(run.variant, results.add(run[by] ?? 'nothing'));
  }
  if (new Set([...seen.values()].flatMap((results) => [...results])).size === 1) return { same: true, by };
  return { same: false, by, within: [...seen.values()].some(({ size }) => size > 1) };
}

function variantRuns(variant: Variant, runs: readonly Ran[]): VariantRuns {
  const seconds = runs.map((run) => run.seconds);
  const sorted = [...runs].sort((a, b) => a.seconds - b.seconds);
  const typical = sorted[(sorted.length - 1) >> 1]!;
  const middle = median(seconds);
  return {
    variant,
    seconds,
    median: middle,
    spread: (sorted.at(-1)!.seconds - sorted[0]!.seconds) / middle,
    typical,
    account: accountOf(typical.timeline, { ...typical, bulk: variant.mode === 'bulk' }),
  };
}

/** Runs everything, and compares. `repeats` null: as many rounds as seem right. */
export async function compareModes(
  application: Application,
  settings: RunSettings,
  repeats: number | null,
  { signal, step }: Watch,
): Promise<Comparison> {
  let done = 0;
  let all = 1 + VARIANTS.length * (repeats ?? 3);
  const once = (variant: Variant, recorded: Ran | null): Promise<Ran> => {
    const { mode, placement } = variant;
    const job = {
      application,
      settings: { ...settings, mode, placement },
      recorded: recorded?.timeline ?? null,
    };
    const name = recorded === null ? 'recording costs' : variant.name;
    step(done, all, name);
    return measure(job, {
      signal,
      step: (part, total, label) => step(done + part / total, all, `${name}: ${label}`),
    }).finally(() => done++);
  };
  const recording = await once(TASKS, null);
  const rounds = repeats ?? defaultRepeats(recording.seconds);
  all = 1 + VARIANTS.length * rounds;
  const ran = new Map(VARIANTS.map((variant) => [variant, [] as Ran[]]));
  for (let round = 0; round < rounds; round++) {
    // Each variant comes first in turn.
    for (let i = 0; i < VARIANTS.length; i++) {
      const variant = VARIANTS[(round + i) % VARIANTS.length]!;
      ran.get(variant)!.push(await once(variant, recording));
    }
  }
  step(all, all, 'done');
  const runs = VARIANTS.map((variant) => variantRuns(variant, ran.get(variant)!));
  const tasks = runs.find(({ variant }) => variant === TASKS)!;
  const bulk = runs.filter(({ variant }) => variant.mode === 'bulk');
  const faster = bulk.reduce((best, other) => (other.median < best.median ? other : best));
  const ratios = faster.seconds.map((seconds, round) => seconds / tasks.seconds[round]!);
  const told = [...ran].flatMap(([{ name }, list]) =>
    list.map(({ result, printed }) => ({ variant: name, result, printed })),
  );
  return {
    workers: recording.workers,
    runs,
    agreement: agreementOf([{ ...recording, variant: TASKS.name }, ...told]),
    faster,
    ratio: faster.median / tasks.median,
    ratioSpread: [Math.min(...ratios), Math.max(...ratios)],
  };
}
