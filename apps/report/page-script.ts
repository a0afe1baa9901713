// Runs in the browser: the theme, and reading values off the curves. The text of each exported function is put into
// the page, so each must be complete in itself.
import type { PageWindow } from './dom.js';

/** The curves of a chart, by the position of the chart in the page. */
export interface PageCurves {
  readonly chart: number;
  readonly x: readonly number[];
  readonly xWords: readonly string[];
  readonly curves: readonly {
    readonly name: string;
    readonly color: string;
    readonly y: readonly (number | null)[];
  }[];
}

/** The button that goes from the system's theme to the other one and back. */
export function themeButton(
  window: PageWindow & { dispatchEvent(event: unknown): void; Event: new (n: string) => unknown },
): void {
  const { document } = window;
  const button = document.querySelector('#theme');
  button?.addEventListener('click', () => {
    const dark = window.matchMedia('(prefers-color-scheme: dark)').matches;
    const now = document.documentElement.getAttribute('data-theme') ?? (dark ? 'dark' : 'light');
    document.documentElement.setAttribute('data-theme', now === 'dark' ? 'light' : 'dark');
    window.dispatchEvent(new window.Event('themechange'));
  });
}

/** A line that follows the pointer over a chart, with the values of all curves there. */
export function readCurves(window: PageWindow, page: PageCurves): void {
  const { document } = window;
  const svg = [...document.querySelectorAll('svg.chart')][page.chart];
  const out = document.querySelector('#curve-values');
  if (svg === undefined || out === null) return;
  const [left, right, top, bottom, min, max] = (svg.dataset['frame'] ?? '')
    .split(' ')
    .map(Number) as number[];
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  line.setAttribute('class', 'cursor');
  line.setAttribute('y1', String(top));
  line.setAttribute('y2', String(bottom));
  line.setAttribute('visibility', 'hidden');
  svg.appendChild(line);
  const width = Number((svg.getAttribute('viewBox') ?? '').split(' ')[2]);
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    const x = min! + ((at - left!) / (right! - left!)) * (max! - min!);
    let best = 0;
    for (let i = 1; i < page.x.length; i++)
      if (Math.abs(page.x[i]! - x) < Math.abs(page.x[best]! - x)) best = i;
    const px = left! + ((page.x[best]! - min!) / (max! - min!)) * (right! - left!);
    line.setAttribute('x1', String(px));
    line.setAttribute('x2', String(px));
    line.setAttribute('visibility', 'visible');
    const values = page.curves
      .filter((curve) => curve.y[best] !== null && curve.y[best] !== undefined)
      .map((curve) => `${curve.name} ${curve.y[best]!.toFixed(3)}`);
    out.textContent = `${page.xWords[best]}: ${values.join(', ')}`;
  });
  svg.addEventListener('pointerleave', () => {
    line.setAttribute('visibility', 'hidden');
    out.textContent = '';
  });
}
