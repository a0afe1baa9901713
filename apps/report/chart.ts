// Line charts as SVG: axes, a few grid lines, curves, marks. Sizes are in the units of the viewBox; the page scales
// them. Colours come from the classes of the style sheet.
import { escapeHtml, figure } from './html.js';

/** A straight axis. */
export interface Axis {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly label: string;
}

/** A curve of a chart. Points that are not finite break the line. */
export interface ChartCurve {
  readonly name: string;
  readonly color: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly dots?: boolean;
}

/** A horizontal or vertical line with a label. */
export interface ChartRule {
  readonly at: number;
  readonly label: string;
  readonly along: 'x' | 'y';
}

/** A marked point with a label. */
export interface ChartMark {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly color: string;
}

export interface ChartOptions {
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly curves: readonly ChartCurve[];
  readonly rules?: readonly ChartRule[];
  readonly marks?: readonly ChartMark[];
  /** What a screen reader says. */
  readonly description: string;
}

/** Round ticks: 1, 2, 2.5 or 5 times a power of ten, about `count` of them. */
export function roundTicks(min: number, max: number, count: number): number[] {
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999) ?? 10 * power;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** An axis with round ticks that covers the values; it starts at 0 when they are positive and `fromZero`. */
export function axisFor(values: readonly number[], label: string, fromZero: boolean, ticks = 4): Axis {
  const finite = values.filter(Number.isFinite);
  let min = Math.min(...finite);
  let max = Math.max(...finite);
  if (finite.length === 0) [min, max] = [0, 1];
  if (fromZero && min > 0) min = 0;
  if (max === min) max = min + (Math.abs(min) || 1);
  const marks = roundTicks(min, max, ticks);
  const step = marks.length > 1 ? marks[1]! - marks[0]! : max - min;
  const low = marks[0]! > min + 1e-9 * step ? marks[0]! - step : marks[0]!;
  const high = marks.at(-1)! < max - 1e-9 * step ? marks.at(-1)! + step : marks.at(-1)!;
  const all = roundTicks(low, high, Math.round((high - low) / step));
  return { min: low, max: high, ticks: all.map((at) => ({ at, label: String(at) })), label };
}

const MARGIN = { left: 46, right: 14, bottom: 40 };

/** The chart as an SVG element; `data-frame` tells a script where the axes are: left, right, top, bottom, min, max. */
export function lineChart(options: ChartOptions): string {
  const { width, height, x, y, curves, rules = [], marks = [], description } = options;
  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const top = y.label === '' ? 12 : 26;
  const px = (value: number) => MARGIN.left + ((value - x.min) / (x.max - x.min)) * (right - MARGIN.left);
  const py = (value: number) => bottom - ((value - y.min) / (y.max - y.min)) * (bottom - top);
  const f = (value: number) => value.toFixed(1);
  const parts: string[] = [];
  for (const { at, label } of y.ticks) {
    parts.push(`<line class="grid" x1="${MARGIN.left}" x2="${right}" y1="${f(py(at))}" y2="${f(py(at))}"/>`);
    parts.push(
      `<text class="tick" x="${MARGIN.left - 7}" y="${f(py(at) + 4)}" text-anchor="end">${escapeHtml(label)}</text>`,
    );
  }
  for (const { at, label } of x.ticks) {
    parts.push(
      `<line class="tick-line" x1="${f(px(at))}" x2="${f(px(at))}" y1="${bottom}" y2="${bottom + 4}"/>`,
    );
    parts.push(
      `<text class="tick" x="${f(px(at))}" y="${bottom + 17}" text-anchor="middle">${escapeHtml(label)}</text>`,
    );
  }
  parts.push(`<line class="axis" x1="${MARGIN.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`);
  parts.push(
    `<text class="axis-label" x="${f((MARGIN.left + right) / 2)}" y="${height - 5}" text-anchor="middle">${escapeHtml(x.label)}</text>`,
  );
  if (y.label !== '') parts.push(`<text class="axis-label" x="4" y="12">${escapeHtml(y.label)}</text>`);
  for (const { at, label, along } of rules) {
    if (along === 'y') {
      parts.push(
        `<line class="rule" x1="${MARGIN.left}" x2="${right}" y1="${f(py(at))}" y2="${f(py(at))}"/>`,
      );
      parts.push(
        `<text class="rule-label" x="${MARGIN.left + 6}" y="${f(py(at) - 5)}">${escapeHtml(label)}</text>`,
      );
    } else {
      parts.push(`<line class="rule" x1="${f(px(at))}" x2="${f(px(at))}" y1="${top}" y2="${bottom}"/>`);
      parts.push(
        `<text class="rule-label" x="${f(px(at) - 5)}" y="${bottom - 8}" text-anchor="end">${escapeHtml(label)}</text>`,
      );
    }
  }
  for (const { name, color, x: xs, y: ys, dots } of curves) {
    let path = '';
    let drawing = false;
    for (let i = 0; i < xs.length; i++) {
      const usable = Number.isFinite(xs[i]!) && Number.isFinite(ys[i]!);
      if (usable) path += `${drawing ? 'L' : 'M'}${f(px(xs[i]!))} ${f(py(ys[i]!))}`;
      drawing = usable;
    }
    parts.push(`<path class="curve" d="${path}" stroke="${color}"><title>${escapeHtml(name)}</title></path>`);
    for (let i = 0; dots && i < xs.length; i++) {
      if (!Number.isFinite(ys[i]!)) continue;
      const told = `${name}: ${figure(ys[i]!)}`;
      parts.push(
        `<circle class="dot" cx="${f(px(xs[i]!))}" cy="${f(py(ys[i]!))}" r="3" fill="${color}"><title>${escapeHtml(told)}</title></circle>`,
      );
    }
  }
  for (const mark of marks) {
    const at = px(mark.x);
    const anchor = at > right - 90 ? 'end' : 'start';
    const shift = anchor === 'end' ? -8 : 8;
    parts.push(`<circle class="mark" cx="${f(at)}" cy="${f(py(mark.y))}" r="4.5" stroke="${mark.color}"/>`);
    parts.push(
      `<text class="mark-label" x="${f(at + shift)}" y="${f(py(mark.y) - 9)}" text-anchor="${anchor}">${escapeHtml(mark.label)}</text>`,
    );
  }
  const frame = [MARGIN.left, right, top, bottom, x.min, x.max, y.min, y.max].join(' ');
  return `<svg class="chart" data-frame="${frame}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(description)}">${parts.join('')}</svg>`;
}
