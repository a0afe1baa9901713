// report.html: one file that opens with no network and shows what a run found and where its time went.
import { barRows, colorKeys, lengthOf } from './bars.js';
import { type Axis, axisFor, lineChart } from './chart.js';
import { densityRamp, hue, photonRamp } from './color.js';
import { escapeHtml, figure, secondsText } from './html.js';
import { type PageVolume, showMaps } from './map-script.js';
import { factsTable, type PageScript, type Part, renderPage, section } from './page.js';
import { type PageCurves, readCurves, themeButton } from './page-script.js';
import { pngUrl, quantize } from './png.js';
import type {
  ReportCurve,
  ReportData,
  ReportImage,
  ReportMetric,
  ReportSetting,
  ReportTask,
  ReportTimes,
  ReportVolume,
} from './report-data.js';
import { pageTasks, timelineCard } from './timeline.js';
import { type PageTasks, showTimeline } from './timeline-script.js';
import { type Crop, cropFor, planeAxes, planeOf, volumeBytes } from './volume-view.js';

/** What the scripts of the page need. */
interface PageData {
  volumes: PageVolume[];
  tasks: PageTasks | null;
  curves: PageCurves | null;
}

/** A hue for each phase and each kind of task: what has one name has one hue in the whole page. */
function huesByName(data: ReportData): (name: string) => string {
  const names = new Set(phaseTotals(data.times ?? []).keys());
  for (const task of data.tasks ?? []) names.add(task.name);
  const byName = new Map([...names].map((name, i) => [name, hue(i)]));
  return (name) => byName.get(name) ?? hue(0);
}

function planes(volume: ReportVolume, crop: Crop, thickness: number, word: string): string {
  const pictures = ([0, 1, 2] as const).map((axis) => planeOf(volume, crop, axis, thickness));
  let largest = 0;
  for (const { values } of pictures) for (const value of values) if (value > largest) largest = value;
  return pictures
    .map(({ axis, n, values }) => {
      const [up, right] = planeAxes(axis);
      const name = `${word} ${'xyz'[axis]}`;
      const url = pngUrl(quantize(values, 0, largest), n, n, densityRamp);
      return `<figure><img src="${url}" alt="${name} of ${escapeHtml(volume.name)}"><figcaption>${name} (${right} right, ${up} up)</figcaption></figure>`;
    })
    .join('');
}

function maps(volumes: readonly ReportVolume[], page: PageData): Part {
  const crop = cropFor(volumes);
  const width_A = crop.n * volumes[0]!.voxel_A;
  const cards = volumes.map((volume) => {
    page.volumes.push({
      name: volume.name,
      n: crop.n,
      bytes: Buffer.from(volumeBytes(volume, crop)).toString('base64'),
    });
    return `<div class="well"><p class="name">${escapeHtml(volume.name)}</p>
<canvas class="surface" tabindex="0" role="img" aria-label="Surface of ${escapeHtml(volume.name)}; drag or use the arrow keys to turn it"></canvas>
<div class="planes">${planes(volume, crop, 1, 'slice')}${planes(volume, crop, volume.n, 'projection')}</div></div>`;
  });
  const slider = `<div class="level"><label for="level">Level of the surface</label><input id="level" type="range" min="4" max="80" value="22"><span class="small">drag a map to turn it</span></div>`;
  const lead = `The surface of equal density, the central slices, and the projections along the three axes. Each picture is ${figure(width_A)} A wide; one voxel is ${figure(volumes[0]!.voxel_A)} A.`;
  return section('The map', lead, `<div class="maps">${cards.join('')}</div>${slider}`);
}

/** Ticks of a resolution axis: round Angstrom values that are far enough apart on the scale of 1/d. */
function resolutionAxis(curves: readonly ReportCurve[]): Axis {
  let max = 0;
  for (const { resolution_A } of curves)
    for (let i = 0; i < resolution_A.length; i++) max = Math.max(max, 1 / resolution_A[i]!);
  const nice = [
    200, 100, 50, 30, 20, 15, 12, 10, 8, 7, 6, 5, 4, 3.5, 3, 2.5, 2, 1.8, 1.6, 1.4, 1.2, 1, 0.8, 0.6, 0.5,
  ];
  const ticks: { at: number; label: string }[] = [];
  for (const d of nice) {
    const at = 1 / d;
    if (at > max * 1.0001) break;
    if (at - (ticks.at(-1)?.at ?? 0) > max * 0.085) ticks.push({ at, label: String(d) });
  }
  return { min: 0, max, ticks, label: 'resolution (A), on a scale of 1/d' };
}

function shells(data: ReportData, curves: readonly ReportCurve[], page: PageData): Part {
  const x = resolutionAxis(curves);
  let low = 0;
  for (const { correlation } of curves)
    for (let i = 0; i < correlation.length; i++) low = Math.min(low, correlation[i]! || 0);
  const y: Axis = {
    min: low < -0.02 ? -0.2 : 0,
    max: 1,
    ticks: [0, 0.2, 0.4, 0.6, 0.8, 1].map((at) => ({ at, label: at.toFixed(1) })),
    label: '',
  };
  const frequencies = curves.map(({ resolution_A }) => Array.from(resolution_A, (d) => 1 / d));
  const thresholds = [...new Set(curves.map(({ threshold }) => threshold))];
  const rules = thresholds.map((at) => ({ at, label: String(at), along: 'y' as const }));
  const edge =
    data.edge_A === undefined
      ? []
      : [{ at: 1 / data.edge_A, label: `edge ${figure(data.edge_A)} A`, along: 'x' as const }];
  const chart = lineChart({
    width: 1060,
    height: 360,
    x,
    y,
    curves: curves.map((curve, i) => ({
      name: curve.name,
      color: hue(i),
      x: frequencies[i]!,
      y: Array.from(curve.correlation, (value) => Math.max(value, y.min)),
    })),
    rules: [...rules, ...edge.filter(({ at }) => at <= x.max * 1.001)],
    marks: curves.flatMap((curve, i) =>
      curve.crossing_A === null
        ? []
        : [
            {
              x: 1 / curve.crossing_A,
              y: curve.threshold,
              label: `${figure(curve.crossing_A)} A`,
              color: hue(i),
            },
          ],
    ),
    description: 'Fourier shell correlation against resolution',
  });
  const keys = curves.map((curve, i) => {
    const read =
      curve.crossing_A === null
        ? `above ${curve.threshold} throughout`
        : `${curve.threshold} at ${figure(curve.crossing_A)} A`;
    return `<li><i style="background:${hue(i)}"></i><b>${escapeHtml(curve.name)}</b>, ${read}</li>`;
  });
  // The pointer reads the curves at the shells of the longest one.
  const longest = frequencies.reduce((a, b) => (b.length > a.length ? b : a));
  page.curves = {
    chart: 0,
    x: longest,
    xWords: longest.map((at) => (at > 0 ? `${figure(1 / at)} A` : 'origin')),
    curves: curves.map((curve, i) => ({
      name: curve.name,
      color: hue(i),
      y: longest.map((_, k) => (Number.isFinite(curve.correlation[k]) ? curve.correlation[k]! : null)),
    })),
  };
  const lead =
    'Fourier shell correlation: how well two maps agree at each resolution. Half sets are judged at 0.143, the truth at 0.5.';
  const note = data.fscNote === undefined ? '' : ` ${data.fscNote}`;
  return section(
    'Resolution',
    `${lead}${note}`,
    `<div class="card"><div class="wide">${chart}</div><ul class="keys">${keys.join('')}</ul><p class="values" id="curve-values"></p></div>`,
  );
}

function metricChart(metric: ReportMetric, i: number): string {
  const values = Array.from(metric.values);
  const target = metric.target === undefined ? [] : [metric.target.value];
  const generations = Array.from(metric.generations);
  const first = generations[0] ?? 0;
  const last = generations.at(-1) ?? 1;
  const every = Math.max(1, Math.ceil((last - first + 1) / 10));
  const ticks = generations.filter((g) => (g - first) % every === 0).map((at) => ({ at, label: String(at) }));
  const x = { min: first, max: Math.max(last, first + 1), ticks, label: 'generation' };
  const y = axisFor([...values, ...target], metric.unit, true);
  const rules =
    metric.target === undefined
      ? []
      : [{ at: metric.target.value, label: metric.target.label, along: 'y' as const }];
  const curves = [{ name: metric.name, color: hue(i), x: generations, y: values, dots: true }];
  const chart = lineChart({
    width: 380,
    height: 230,
    x,
    y,
    curves,
    rules,
    description: `${metric.name} by generation`,
  });
  return `<div class="card"><p class="chart-name">${escapeHtml(metric.name)}</p>${chart}</div>`;
}

/** Phases in order of first appearance, with their seconds summed over all parts. */
function phaseTotals(times: readonly ReportTimes[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { phases } of times) {
    for (const phase of phases) totals.set(phase.name, (totals.get(phase.name) ?? 0) + phase.seconds);
  }
  return totals;
}

function timePerPhase(times: readonly ReportTimes[], hueOf: (name: string) => string): Part {
  const totals = phaseTotals(times);
  const all = [...totals.values()].reduce((a, b) => a + b, 0);
  const bars = times.map(({ part, phases }) => ({
    label: part,
    pieces: phases.map(({ name, seconds }) => ({ name, seconds, color: hueOf(name) })),
    told: secondsText(phases.reduce((sum, { seconds }) => sum + seconds, 0)),
  }));
  const keys = [...totals].map(([name, total]) => {
    const share = Math.round((100 * total) / (all || 1));
    return [name, hueOf(name), `${secondsText(total)}, ${share} %`] as const;
  });
  return section(
    'Time per phase',
    `${secondsText(all)} of wall-clock time in all. What several workers did side by side is divided by their number.`,
    `<div class="card"><div class="bars">${barRows(bars, Math.max(...bars.map(lengthOf)))}</div>${colorKeys(keys)}</div>`,
  );
}

function timeline(tasks: readonly ReportTask[], page: PageData, hueOf: (name: string) => string): Part {
  let workers = 0;
  let end = 0;
  let busy = 0;
  for (const task of tasks) {
    workers = Math.max(workers, task.worker + 1);
    end = Math.max(end, task.end);
    busy += task.end - task.start;
  }
  const lanes = Array.from({ length: workers }, (_, worker) => `worker ${worker}`);
  const groups = [
    { name: '', lanes, tasks: tasks.map(({ worker, ...rest }) => ({ lane: worker, ...rest })) },
  ];
  page.tasks = pageTasks(groups, hueOf);
  const used = (100 * busy) / (workers * end || 1);
  const lead = `${tasks.length.toLocaleString('en')} tasks on ${workers} worker${workers === 1 ? '' : 's'}, busy ${figure(used, 3)} % of the time.`;
  return section('What every worker did', lead, timelineCard(groups, hueOf));
}

function images(list: readonly ReportImage[]): Part {
  const figures = list.map(({ label, ny, nx, photons }) => {
    // Counts span decades: the picture shows log(1 + photons).
    const logs = Array.from(photons, (count) =>
      Number.isFinite(count) ? Math.log1p(Math.max(0, count)) : 0,
    );
    const largest = logs.reduce((a, b) => Math.max(a, b), 0);
    const url = pngUrl(quantize(logs, 0, largest), nx, ny, photonRamp);
    return `<figure><img src="${url}" alt="Diffraction image, ${escapeHtml(label)}"><figcaption>${escapeHtml(label)}</figcaption></figure>`;
  });
  const lead = 'Some of the diffraction images, photons on a logarithmic scale.';
  return section('The data', lead, `<div class="images">${figures.join('')}</div>`);
}

function settings(list: readonly ReportSetting[], facts: ReportData['facts']): Part {
  const rows = list.map(({ section: table, key, value, origin }) => {
    const given = origin === 'default' ? '' : ' given';
    return `<tr><td class="key"><code>${escapeHtml(`${table}.${key}`)}</code></td><td class="${given.trim()}">${escapeHtml(value)}</td><td class="soft">${escapeHtml(origin)}</td></tr>`;
  });
  const table = `<div class="scroll"><table><thead><tr><th>setting</th><th>value</th><th>from</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
  const given = list.filter(({ origin }) => origin !== 'default').length;
  const words = `${list.length} settings, ${given === 0 ? 'all at their defaults' : `${given} of them given`}`;
  const first = factsTable(facts ?? []);
  const rest = list.length === 0 ? '' : `<details><summary>${words}</summary>${table}</details>`;
  return section('How it was made', '', `<div class="card">${first}${rest}</div>`);
}

/**
 * The report as one HTML document. A pure function: no files, no clock, no network; it opens from a disk, also
 * without scripts (then without the surface and the timeline).
 */
export function renderReport(data: ReportData): string {
  const page: PageData = { volumes: [], tasks: null, curves: null };
  const parts: Part[] = [];
  const hueOf = huesByName(data);
  const { volumes = [], fsc = [], metrics = [], times = [], tasks = [], images: pictures = [] } = data;
  if (volumes.length > 0) parts.push(maps(volumes, page));
  if (fsc.length > 0) parts.push(shells(data, fsc, page));
  if (metrics.length > 0) {
    const charts = metrics.map(metricChart).join('');
    parts.push(
      section(
        'Convergence',
        'How the reconstruction settled, generation by generation.',
        `<div class="charts">${charts}</div>`,
      ),
    );
  }
  if (times.length > 0) parts.push(timePerPhase(times, hueOf));
  if (tasks.length > 0) parts.push(timeline(tasks, page, hueOf));
  if (pictures.length > 0) parts.push(images(pictures));
  if ((data.settings ?? []).length > 0 || (data.facts ?? []).length > 0)
    parts.push(settings(data.settings ?? [], data.facts));
  const scripts: PageScript[] = [{ run: themeButton, argument: '' }];
  if (page.volumes.length > 0) scripts.push({ run: showMaps, argument: 'data.volumes' });
  if (page.curves !== null) scripts.push({ run: readCurves, argument: 'data.curves' });
  if (page.tasks !== null) scripts.push({ run: showTimeline, argument: 'data.tasks' });
  return renderPage({
    title: data.title,
    summary: data.summary,
    headlines: data.headlines,
    withoutScripts:
      'Without scripts, the turning map and the timeline are left out; everything else is here.',
    parts,
    data: page,
    scripts,
  });
}
