// report.html of a reconstruction: from what the run computed to what the page shows.
import type { Configuration } from '../command/configuration.js';
import type { Section } from '../command/setting.js';
import { figure } from '../report/html.js';
import type { Headline, ReportCurve, ReportData, ReportImage, ReportMetric } from '../report/report-data.js';
import { factsOf } from '../run-directory/facts.js';
import type { RunRecord } from '../run-directory/run-directory.js';
import type { ImageData, RunResult } from './engine.js';
import { type Judgement, reportCurve } from './judge.js';

/** Sample images in the report. */
const SAMPLES = 7;

/** One line of metrics.jsonl. */
export interface GenerationRow {
  /** From 1. */
  readonly generation: number;
  /** Finest detail of the model. */
  readonly detail_A: number;
  /** By how much the orientations changed. */
  readonly median_change_deg: number;
  /** The part of the images that moved by less than 2 degrees. */
  readonly settled: number;
  readonly cpu_s: number;
  /** Where the truth is known. */
  readonly within10deg?: number;
}

/** The quantities of a generation that people want to see. */
const QUANTITIES: readonly {
  readonly key: keyof GenerationRow;
  readonly name: string;
  readonly unit: string;
  readonly scale: number;
  readonly target?: number;
}[] = [
  { key: 'within10deg', name: 'Images within 10 degrees of the truth', unit: '%', scale: 100, target: 90 },
  { key: 'median_change_deg', name: 'Median change of orientation', unit: 'degrees', scale: 1 },
  { key: 'settled', name: 'Images that moved by less than 2 degrees', unit: '%', scale: 100 },
  { key: 'detail_A', name: 'Finest detail of the model', unit: 'A', scale: 1 },
];

/** What a report is made from. */
export interface ReportSources {
  readonly title: string;
  readonly data: ImageData;
  readonly run: RunResult;
  readonly judgement: Judgement;
  readonly rows: readonly GenerationRow[];
  readonly record: RunRecord;
  readonly elapsed_s: number;
  readonly configuration: Configuration;
  readonly sections: readonly Section[];
}

function metrics(rows: readonly GenerationRow[]): ReportMetric[] {
  return QUANTITIES.flatMap(({ key, name, unit, scale, target }) => {
    const own = rows.filter((row) => row[key] !== undefined);
    if (own.length < 2) return [];
    const generations = own.map((row) => row.generation);
    const values = own.map((row) => scale * row[key]!);
    return [
      {
        name,
        unit,
        generations,
        values,
        ...(target && { target: { value: target, label: `target ${target} ${unit}` } }),
      },
    ];
  });
}

function samples({ images, shape, intensities, mask }: ImageData): ReportImage[] {
  const [, ny, nx] = shape;
  const pixels = mask.length;
  const count = Math.min(SAMPLES, images);
  return Array.from({ length: count }, (_, i) => {
    const image = Math.floor((i * images) / count);
    // The first panel stands for the detector.
    const photons = Float32Array.from(intensities.subarray(image * pixels, image * pixels + ny * nx));
    let total = 0;
    for (let p = 0; p < photons.length; p++) {
      if (mask[p] === 2) photons[p] = Number.NaN;
      else total += photons[p]!;
    }
    return { label: `image ${image}, ${Math.round(total).toLocaleString('en')} photons`, ny, nx, photons };
  });
}

/**
 * Resolution at the middle of the nearest edge of the detector, Angstrom: the least |s| of its border pixels, half a
 * pixel further out.
 */
export function edgeResolution({ shape, pixelPositionReciprocal: s }: ImageData): number {
  const [panels, ny, nx] = shape;
  const n = s.length / 3;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ny * nx; i++) {
    const [y, x] = [Math.floor(i / nx), i % nx];
    if (y !== 0 && y !== ny - 1 && x !== 0 && x !== nx - 1) continue;
    least = Math.min(least, Math.hypot(s[i]!, s[n + i]!, s[2 * n + i]!));
  }
  const outer = panels === 1 ? Math.min(nx, ny) / (Math.min(nx, ny) - 1) : 1;
  return 1e10 / (least * outer);
}

/** A resolution that a curve gives, and what to say when the curve never falls below its threshold. */
function resolutionWords({ crossing_A, threshold, resolution_A }: ReportCurve): {
  value: string;
  note: string;
} {
  const last_A = resolution_A[resolution_A.length - 1]!;
  if (crossing_A !== null) return { value: figure(crossing_A), note: `FSC ${threshold}` };
  return { value: figure(last_A), note: `the last shell: FSC stays above ${threshold}` };
}

/** A duration that fits a headline: 41 s, 2:06 min, 1:02 h. */
function clock(seconds: number): { value: string; unit: string } {
  if (seconds < 100) return { value: seconds.toFixed(seconds < 9.95 ? 1 : 0), unit: 's' };
  const [unit, smaller_s] = seconds < 6000 ? ['min', 1] : ['h', 60];
  const count = Math.round(seconds / smaller_s);
  return { value: `${Math.floor(count / 60)}:${String(count % 60).padStart(2, '0')}`, unit };
}

function settingGiven(configuration: Configuration): boolean {
  return configuration.entries.some(({ key, value }) => key === 'diameter_A' && value !== null);
}

/** The data of the report. */
export function reconstructionReport(sources: ReportSources): ReportData {
  const { data, run, judgement, rows, record, configuration, sections, elapsed_s } = sources;
  const { truth, halves } = judgement;
  const map = run.result.map.density;
  const edge_A = edgeResolution(data);
  const headlines: Headline[] = [];
  const said: string[] = [];
  if (truth !== null) {
    const { value, note } = resolutionWords(reportCurve('', truth.shells, 0.5));
    headlines.push({ label: 'Resolution, truth', value, unit: 'A', note });
    headlines.push({ label: 'Correlation to the truth', value: truth.correlation.toFixed(3) });
    said.push(`The map agrees with the truth to ${value} A`);
  }
  if (halves !== null) {
    const { value, note } = resolutionWords(reportCurve('', halves.curve, 0.143));
    headlines.unshift({ label: 'Resolution, half sets', value, unit: 'A', note });
    said.push(
      `${said.length > 0 ? 'without knowing the truth, half sets say' : 'By half sets the resolution is'} ${value} A`,
    );
  }
  if (judgement.within10deg !== null) {
    headlines.push({
      label: 'Within 10 degrees',
      value: (100 * judgement.within10deg).toFixed(1),
      unit: '%',
      note: `of ${data.images.toLocaleString('en')} images`,
    });
  }
  const { rFactors, kept, agreement } = run.result.map;
  if (kept.length > 1) {
    headlines.push({
      label: 'Phasings agree',
      value: agreement.toFixed(2),
      note: `the best ${kept.length} of ${rFactors.length} starts, R ${rFactors[kept[0]!]!.toFixed(3)}`,
    });
  }
  headlines.push({
    label: 'Time',
    ...clock(elapsed_s),
    note: `${run.result.generations.length} generations, ${data.images.toLocaleString('en')} images`,
  });
  const used = new Set(sections.map((section) => section.name));
  return {
    title: sources.title,
    summary:
      said.length > 0
        ? `${said.join('; ')}.`
        : 'The map stands for itself: nothing was there to compare it with.',
    headlines,
    volumes: [
      {
        name: 'Reconstruction',
        n: map.n,
        voxel_A: map.voxel,
        density: (truth?.aligned ?? map).data,
      },
      ...(truth === null
        ? []
        : [
            {
              name: 'Truth',
              n: truth.reference.n,
              voxel_A: truth.reference.voxel,
              density: truth.reference.data,
            },
          ]),
    ],
    fsc: [
      ...(halves === null ? [] : [reportCurve('half sets', halves.curve, 0.143)]),
      ...(truth === null ? [] : [reportCurve('truth', truth.shells, 0.5)]),
    ],
    ...(halves !== null && {
      fscNote:
        'The half sets share the orientations that were found from all images, which flatters their curve.',
    }),
    edge_A,
    metrics: metrics(rows),
    times: run.times,
    tasks: run.tasks,
    images: samples(data),
    settings: configuration.entries
      .filter((entry) => used.has(entry.section))
      .map(({ section, key, value, setting, origin }) => {
        const unit = setting.unit === null ? '' : ` ${setting.unit}`;
        return { section, key, value: `${setting.kind.show(value)}${value === null ? '' : unit}`, origin };
      }),
    facts: [
      ...factsOf(record),
      [
        'particle',
        `${figure(run.result.diameter)} A across${settingGiven(configuration) ? '' : ', estimated'}`,
      ],
      [
        'R-factors',
        `${rFactors.map((r) => r.toFixed(3)).join(', ')}; averaged: ${kept.map((i) => i + 1).join(', ')}`,
      ],
    ],
  };
}
