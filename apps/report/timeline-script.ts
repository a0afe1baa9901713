// Runs in the browser: the timeline of every worker. The text of the exported function is put into the page, so it
// must be complete in itself.
import type { Canvas, PageWindow } from './dom.js';

/** Tasks as columns, sorted by lane and start. */
export interface PageTasks {
  readonly names: readonly string[];
  readonly colors: readonly string[];
  /** Names that are no work: drawn as a line instead of a box. */
  readonly waits: readonly string[];
  /** Runs, one above the other on one axis, with the labels of their lanes; a lane's number counts through all of them. */
  readonly groups: readonly {
    readonly name: string;
    readonly lanes: readonly string[];
    /** When the run ended (s). */
    readonly end: number;
  }[];
  readonly count: number;
  /**
   * Little-endian columns, base64: Uint16 lane, Uint16 name, Float64 start, Float32 duration (s), Int32 first point (-1:
   * none is told), Int32 number of points.
   */
  readonly lane: string;
  readonly name: string;
  readonly start: string;
  readonly duration: string;
  readonly first: string;
  readonly points: string;
}

/** Draws the tasks; the wheel zooms (with Ctrl, or over the canvas after a click), dragging moves, 0 shows all. */
export function showTimeline(window: PageWindow, tasks: PageTasks): void {
  const { document } = window;
  const canvas = document.querySelector('canvas.timeline') as Canvas | null;
  const tip = document.querySelector('#timeline-tip');
  if (canvas === null || tip === null) return;
  const bytes = (text: string): ArrayBuffer => {
    const raw = window.atob(text);
    const out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out.buffer;
  };
  const laneOf = new Uint16Array(bytes(tasks.lane));
  const name = new Uint16Array(bytes(tasks.name));
  const start = new Float64Array(bytes(tasks.start));
  const duration = new Float32Array(bytes(tasks.duration));
  const firstPoint = new Int32Array(bytes(tasks.first));
  const points = new Int32Array(bytes(tasks.points));
  const waiting = tasks.names.map((word) => tasks.waits.includes(word));
  const labels = tasks.groups.flatMap((group) => [...group.lanes]);
  // first[l] ... first[l + 1]: the tasks of lane l.
  const first = new Uint32Array(labels.length + 1);
  for (let i = 0; i < tasks.count; i++) first[laneOf[i]! + 1] = i + 1;
  for (let l = 1; l <= labels.length; l++) first[l] = Math.max(first[l]!, first[l - 1]!);
  const end = Math.max(0, ...tasks.groups.map((group) => group.end));
  let from = 0;
  let to = end;
  const LEFT = 74;
  const AXIS = 26;
  const TITLE = 26;
  const lane = Math.max(14, Math.min(34, Math.floor(360 / labels.length)));
  // Where each lane lies, and the titles of the groups above them.
  const tops: number[] = [];
  const ends: number[] = [];
  const titles: { readonly name: string; readonly y: number; readonly end: number }[] = [];
  let bottom = 0;
  for (const group of tasks.groups) {
    if (group.name !== '') {
      titles.push({ name: group.name, y: bottom, end: group.end });
      bottom += TITLE;
    }
    for (const _ of group.lanes) {
      tops.push(bottom);
      ends.push(group.end);
      bottom += lane;
    }
    bottom += tasks.groups.length > 1 ? 8 : 0;
  }
  canvas.style['height'] = `${bottom + AXIS}px`;

  const seconds = (value: number, span: number): string => {
    if (span < 2e-3) return `${(value * 1e6).toFixed(0)} us`;
    if (span < 2) return `${(value * 1e3).toFixed(span < 0.02 ? 2 : 0)} ms`;
    return `${value.toFixed(span < 20 ? 1 : 0)} s`;
  };
  const pointsOf = (i: number): string => {
    const point = firstPoint[i]!;
    if (point < 0) return '';
    return points[i] === 1 ? `, point ${point},` : `, points ${point} to ${point + points[i]! - 1},`;
  };
  function draw(): void {
    const ratio = window.devicePixelRatio || 1;
    const width = canvas!.clientWidth;
    const height = bottom + AXIS;
    canvas!.width = Math.round(width * ratio);
    canvas!.height = Math.round(height * ratio);
    const brush = canvas!.getContext('2d');
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, width, height);
    const style = window.getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue('--ink-soft');
    const empty = style.getPropertyValue('--lane');
    const strong = style.getPropertyValue('--ink');
    const scale = (width - LEFT) / (to - from);
    brush.font = '12px system-ui, sans-serif';
    brush.textBaseline = 'middle';
    brush.textAlign = 'left';
    for (const title of titles) {
      brush.fillStyle = strong;
      brush.font = '600 13px system-ui, sans-serif';
      brush.fillText(title.name, 0, title.y + TITLE / 2);
      const at = brush.measureText(title.name).width + 12;
      brush.fillStyle = ink;
      brush.font = '12px system-ui, sans-serif';
      brush.fillText(seconds(title.end, title.end), at, title.y + TITLE / 2);
    }
    for (let w = 0; w < labels.length; w++) {
      const y = tops[w]!;
      brush.fillStyle = empty;
      const right = Math.min(width, LEFT + (ends[w]! - from) * scale);
      if (right > LEFT) brush.fillRect(LEFT, y + 1, right - LEFT, lane - 2);
      brush.fillStyle = ink;
      brush.textAlign = 'left';
      brush.fillText(labels[w]!, 0, y + lane / 2);
      // Tasks thinner than a pixel share it: the pixel is drawn once, in the colour of its last task.
      let painted = -1;
      for (let i = first[w]!; i < first[w + 1]!; i++) {
        const a = start[i]!;
        const b = a + duration[i]!;
        if (b < from) continue;
        if (a > to) break;
        const x0 = Math.max(LEFT, LEFT + (a - from) * scale);
        const x1 = Math.min(width, LEFT + (b - from) * scale);
        if (x1 < painted + 0.5) continue;
        painted = x1;
        brush.fillStyle = tasks.colors[name[i]!]!;
        const gap = x1 - x0 > 3 ? 0.5 : 0;
        if (waiting[name[i]!]) {
          brush.fillRect(x0, y + lane / 2 - 1.5, Math.max(0.7, x1 - x0 - gap), 3);
          continue;
        }
        brush.fillRect(x0, y + 2, Math.max(0.7, x1 - x0 - gap), lane - 4);
        if (x1 - x0 > 60 && lane > 18) {
          const label = tasks.names[name[i]!]!;
          if (brush.measureText(label).width < x1 - x0 - 10) {
            brush.fillStyle = '#fff';
            brush.fillText(label, x0 + 5, y + lane / 2 + 0.5);
          }
        }
      }
    }
    const y = bottom;
    const rough = (to - from) / Math.max(2, (width - LEFT) / 110);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power;
    brush.textAlign = 'center';
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      const x = LEFT + (at - from) * scale;
      if (x > width - 12 || x < LEFT + 8) continue;
      brush.fillStyle = ink;
      brush.fillRect(x, y + 2, 1, 4);
      brush.fillText(seconds(at, to - from), x, y + 16);
    }
  }
  let pending = false;
  const later = () => {
    if (pending) return;
    pending = true;
    window.requestAnimationFrame(() => {
      pending = false;
      draw();
    });
  };
  const timeAt = (x: number) => {
    const box = canvas.getBoundingClientRect();
    return from + ((x - box.left - LEFT) / (box.width - LEFT)) * (to - from);
  };
  const show = (a: number, b: number) => {
    const span = Math.min(end, Math.max(end * 1e-6, b - a));
    from = Math.max(0, Math.min(a, end - span));
    to = from + span;
    later();
  };
  let dragged: number | null = null;
  let active = false;
  canvas.addEventListener('pointerdown', (event) => {
    active = true;
    dragged = event.clientX;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointerup', () => {
    dragged = null;
  });
  canvas.addEventListener('pointerleave', () => {
    active = false;
    tip.textContent = '';
  });
  canvas.addEventListener('pointermove', (event) => {
    if (dragged !== null) {
      const by = timeAt(dragged) - timeAt(event.clientX);
      dragged = event.clientX;
      show(from + by, to + by);
      return;
    }
    const box = canvas.getBoundingClientRect();
    const down = event.clientY - box.top;
    const w = tops.findIndex((top) => down >= top && down < top + lane);
    const at = timeAt(event.clientX);
    let low = first[w] ?? 0;
    const stop = first[w + 1] ?? low;
    let high = stop;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (start[middle]! <= at) low = middle + 1;
      else high = middle;
    }
    const i = low - 1;
    const on = i >= (first[w] ?? 0) && i < stop && at <= start[i]! + duration[i]!;
    tip.textContent = on
      ? `${tasks.names[name[i]!]}${pointsOf(i)} on ${labels[w]}: ${seconds(duration[i]!, duration[i]!)}, from ${seconds(start[i]!, end)}`
      : '';
  });
  canvas.addEventListener(
    'wheel',
    (event) => {
      if (!active && !event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      const at = timeAt(event.clientX);
      const factor = Math.exp(event.deltaY * 0.002);
      show(at - (at - from) * factor, at + (to - at) * factor);
    },
    { passive: false },
  );
  canvas.addEventListener('keydown', (event) => {
    const span = to - from;
    const middle = (from + to) / 2;
    if (event.key === '+' || event.key === '=') show(middle - span / 4, middle + span / 4);
    else if (event.key === '-') show(middle - span, middle + span);
    else if (event.key === 'ArrowLeft') show(from - span / 5, to - span / 5);
    else if (event.key === 'ArrowRight') show(from + span / 5, to + span / 5);
    else if (event.key === '0') show(0, end);
    else return;
    event.preventDefault();
  });
  document.querySelector('#timeline-all')?.addEventListener('click', () => show(0, end));
  document.querySelector('#timeline-in')?.addEventListener('click', () => {
    const [middle, quarter] = [(from + to) / 2, (to - from) / 4];
    show(middle - quarter, middle + quarter);
  });
  document
    .querySelector('#timeline-out')
    ?.addEventListener('click', () => show(from - (to - from) / 2, to + (to - from) / 2));
  window.addEventListener('resize', later);
  window.addEventListener('themechange', later);
  draw();
}
