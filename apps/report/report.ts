// report.html: one file that opens with no network and shows what a run found and where its time went.
import { type Axis, axisFor, lineChart } from './chart.js';
import { densityRamp, hue, photonRamp } from './color.js';
import { escapeHtml, figure, scriptJson } from './html.js';
import { type PageVolume, showMaps } from './map-script.js';
import { type PageCurves, readCurves, themeButton } from './page-script.js';
import { pngUrl, quantize } from './png.js';
import type {
  Headline,
  ReportCurve,
  ReportData,
  ReportImage,
  ReportMetric,
  ReportSetting,
  ReportTask,
  ReportTimes,
  ReportVolume,
} from './report-data.js';
import { style } from './style.js';
import { type PageTasks, showTimeline } from './timeline-script.js';
import { type Crop, cropFor, planeAxes, planeOf, volumeBytes } from './volume-view.js';

/** Tasks beyond this number are merged into coarser blocks, so that the page stays a few megabytes. */
const TASKS_MAX = 60_000;

/** What the scripts of the page need. */
interface PageData {
  volumes: PageVolume[];
  tasks: PageTasks | null;
  curves: PageCurves | null;
}

/** One section of the page, as HTML. */
type Part = string;

/** A hue for each phase and each kind of task: what has one name has one hue in the whole page. */
function huesByName(data: ReportData): (name: string) => string {
  const names = new Set(phaseTotals(data.times ?? []).keys());
  for (const task of data.tasks ?? []) names.add(task.name);
  const byName = new Map([...names].map((name, i) => [name, hue(i)]));
  return (name) => byName.get(name) ?? hue(0);
}

function section(title: string, lead: string, body: string): Part {
  return `<section><h2>${escapeHtml(title)}</h2>${lead === '' ? '' : `<p>${escapeHtml(lead)}</p>`}${body}</section>`;
}

function headlines(list: readonly Headline[]): Part {
  const cards = list.map(({ label, value, unit, note }) => {
    const small = unit === undefined ? '' : `<small>${escapeHtml(unit)}</small>`;
    const below = note === undefined ? '' : `<dd class="note">${escapeHtml(note)}</dd>`;
    return `<div><dt>${escapeHtml(label)}</dt><dd class="figure">${escapeHtml(value)}${small}</dd>${below}</div>`;
  });
  return `<dl class="headlines">${cards.join('')}</dl>`;
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

function seconds(value: number): string {
  if (value < 60) return `${figure(value)} s`;
  return `${Math.floor(Math.round(value) / 60)} min ${String(Math.round(value) % 60).padStart(2, '0')} s`;
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
  const order = [...totals.keys()];
  const all = [...totals.values()].reduce((a, b) => a + b, 0);
  const sums = times.map(({ phases }) => phases.reduce((sum, phase) => sum + phase.seconds, 0));
  const longest = Math.max(...sums) || 1;
  const bar = (phases: readonly { name: string; seconds: number }[], sum: number, scale: number) => {
    const pieces = phases.map((phase) => {
      const share = (100 * phase.seconds) / (sum || 1);
      const told = escapeHtml(`${phase.name}: ${seconds(phase.seconds)}`);
      return `<span title="${told}" style="width:${share.toFixed(2)}%;background:${hueOf(phase.name)}"></span>`;
    });
    return `<div class="bar" style="width:${Math.max(0.5, 100 * scale).toFixed(2)}%">${pieces.join('')}</div>`;
  };
  const rows = times.map(({ part, phases }, i) => {
    const sum = sums[i]!;
    return `<div class="soft">${escapeHtml(part)}</div>${bar(phases, sum, sum / longest)}<div class="soft">${seconds(sum)}</div>`;
  });
  const keys = order.map((name) => {
    const total = totals.get(name)!;
    const share = Math.round((100 * total) / (all || 1));
    return `<li><i style="background:${hueOf(name)}"></i><b>${escapeHtml(name)}</b> ${seconds(total)}, ${share} %</li>`;
  });
  return section(
    'Time per phase',
    `${seconds(all)} of wall-clock time in all. What several workers did side by side is divided by their number.`,
    `<div class="card"><div class="bars">${rows.join('')}</div><ul class="keys">${keys.join('')}</ul></div>`,
  );
}

/** Neighbouring tasks of one worker and one name become one block, until there are few enough. */
function thinned(tasks: readonly ReportTask[]): ReportTask[] {
  let sorted = [...tasks].sort((a, b) => a.worker - b.worker || a.start - b.start);
  for (let gap_s = 1e-5; sorted.length > TASKS_MAX; gap_s *= 2) {
    const merged: ReportTask[] = [];
    for (const task of sorted) {
      const before = merged.at(-1);
      if (
        before !== undefined &&
        before.worker === task.worker &&
        before.name === task.name &&
        task.start - before.end < gap_s
      ) {
        merged[merged.length - 1] = { ...before, end: Math.max(before.end, task.end) };
      } else merged.push(task);
    }
    sorted = merged;
    if (gap_s > 10) break;
  }
  return sorted;
}

function timeline(tasks: readonly ReportTask[], page: PageData, hueOf: (name: string) => string): Part {
  const sorted = thinned(tasks);
  const busy = new Map<string, number>();
  let workers = 0;
  let end = 0;
  for (const task of tasks) {
    busy.set(task.name, (busy.get(task.name) ?? 0) + (task.end - task.start));
    workers = Math.max(workers, task.worker + 1);
    end = Math.max(end, task.end);
  }
  const names = [...busy.keys()].sort((a, b) => busy.get(b)! - busy.get(a)!);
  const column = (array: Uint16Array | Float32Array | Float64Array) =>
    Buffer.from(array.buffer).toString('base64');
  page.tasks = {
    names,
    colors: names.map(hueOf),
    workers,
    count: sorted.length,
    worker: column(Uint16Array.from(sorted, (task) => task.worker)),
    name: column(Uint16Array.from(sorted, (task) => names.indexOf(task.name))),
    start: column(Float64Array.from(sorted, (task) => task.start)),
    duration: column(Float32Array.from(sorted, (task) => task.end - task.start)),
  };
  const total = [...busy.values()].reduce((a, b) => a + b, 0);
  const keys = names.slice(0, 12).map((name) => {
    const share = (100 * busy.get(name)!) / (total || 1);
    return `<li><i style="background:${hueOf(name)}"></i><b>${escapeHtml(name)}</b> ${seconds(busy.get(name)!)}, ${figure(share, 2)} %</li>`;
  });
  const more = names.length > 12 ? `<li>and ${names.length - 12} more</li>` : '';
  const used = (100 * total) / (workers * end || 1);
  const lead = `${tasks.length.toLocaleString('en')} tasks on ${workers} worker${workers === 1 ? '' : 's'}, busy ${figure(used, 3)} % of the time.`;
  const tools = `<div class="tools"><button id="timeline-in">zoom in</button><button id="timeline-out">zoom out</button><button id="timeline-all">show all</button><span class="soft small">click, then use the wheel; drag to move; arrow keys, + and - work too</span></div>`;
  return section(
    'What every worker did',
    lead,
    `<div class="card">${tools}<canvas class="timeline" tabindex="0" role="img" aria-label="Timeline of the workers"></canvas><p class="values" id="timeline-tip"></p><ul class="keys">${keys.join('')}${more}</ul></div>`,
  );
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
  const about = (facts ?? []).map(
    ([name, value]) =>
      `<tr><td class="key soft">${escapeHtml(name)}</td><td><code>${escapeHtml(value)}</code></td></tr>`,
  );
  const given = list.filter(({ origin }) => origin !== 'default').length;
  const words = `${list.length} settings, ${given === 0 ? 'all at their defaults' : `${given} of them given`}`;
  const first = about.length === 0 ? '' : `<div class="scroll"><table>${about.join('')}</table></div>`;
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
  const calls = [
    `(${themeButton.toString()})(window);`,
    page.volumes.length > 0 ? `(${showMaps.toString()})(window, data.volumes);` : '',
    page.curves === null ? '' : `(${readCurves.toString()})(window, data.curves);`,
    page.tasks === null ? '' : `(${showTimeline.toString()})(window, data.tasks);`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(data.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header><div><h1>${escapeHtml(data.title)}</h1><p class="summary">${escapeHtml(data.summary)}</p></div><button id="theme">light / dark</button></header>
${headlines(data.headlines)}
<noscript><p>Without scripts, the turning map and the timeline are left out; everything else is here.</p></noscript>
${parts.join('\n')}
<footer>Made by maniple. This page is one file and needs no network.</footer>
</main>
<script type="application/json" id="data">${scriptJson(page)}</script>
<script>
const data = JSON.parse(document.querySelector('#data').textContent);
${calls.filter((call) => call !== '').join('\n')}
</script>
</body>
</html>
`;
}
