// Runs in the browser: the timeline of every worker. The text of the exported function is put into the page, so it
// must be complete in itself.
import type { Canvas, PageWindow } from './dom.js';

/** Tasks as columns, sorted by worker and start. */
export interface PageTasks {
  readonly names: readonly string[];
  readonly colors: readonly string[];
  readonly workers: number;
  readonly count: number;
  /** Little-endian columns, base64: Uint16 worker, Uint16 name, Float64 start, Float32 duration (s). */
  readonly worker: string;
  readonly name: string;
  readonly start: string;
  readonly duration: string;
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
  const worker = new Uint16Array(bytes(tasks.worker));
  const name = new Uint16Array(bytes(tasks.name));
  const start = new Float64Array(bytes(tasks.start));
  const duration = new Float32Array(bytes(tasks.duration));
  // first[w] ... first[w + 1]: the tasks of worker w.
  const first = new Uint32Array(tasks.workers + 1);
  for (let i = 0; i < tasks.count; i++) first[worker[i]! + 1] = i + 1;
  for (let w = 1; w <= tasks.workers; w++) first[w] = Math.max(first[w]!, first[w - 1]!);
  let end = 0;
  for (let i = 0; i < tasks.count; i++) end = Math.max(end, start[i]! + duration[i]!);
  let from = 0;
  let to = end;
  const LEFT = 74;
  const AXIS = 26;
  const lane = Math.max(14, Math.min(34, Math.floor(360 / tasks.workers)));
  canvas.style['height'] = `${tasks.workers * lane + AXIS}px`;

  const seconds = (value: number, span: number): string => {
    if (span < 2e-3) return `${(value * 1e6).toFixed(0)} us`;
    if (span < 2) return `${(value * 1e3).toFixed(span < 0.02 ? 2 : 0)} ms`;
    return `${value.toFixed(span < 20 ? 1 : 0)} s`;
  };
  function draw(): void {
    const ratio = window.devicePixelRatio || 1;
    const width = canvas!.clientWidth;
    const height = tasks.workers * lane + AXIS;
    canvas!.width = Math.round(width * ratio);
    canvas!.height = Math.round(height * ratio);
    const brush = canvas!.getContext('2d');
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, width, height);
    const style = window.getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue('--ink-soft');
    const empty = style.getPropertyValue('--lane');
    const scale = (width - LEFT) / (to - from);
    brush.font = '12px system-ui, sans-serif';
    brush.textBaseline = 'middle';
    for (let w = 0; w < tasks.workers; w++) {
      const y = w * lane;
      brush.fillStyle = empty;
      brush.fillRect(LEFT, y + 1, width - LEFT, lane - 2);
      brush.fillStyle = ink;
      brush.textAlign = 'left';
      brush.fillText(`worker ${w}`, 0, y + lane / 2);
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
    const y = tasks.workers * lane;
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
    const w = Math.floor((event.clientY - box.top) / lane);
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
      ? `${tasks.names[name[i]!]} on worker ${w}: ${seconds(duration[i]!, duration[i]!)}, from ${seconds(start[i]!, end)}`
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
