// Stacked bars: how a length divides up, row by row, all on one scale.
import { escapeHtml, secondsText } from './html.js';

/** One piece of a bar. */
export interface Piece {
  readonly name: string;
  readonly seconds: number;
  readonly color: string;
}

/** One row: what it is called, its bar, and what stands behind it. */
export interface Bar {
  readonly label: string;
  readonly pieces: readonly Piece[];
  readonly told: string;
}

export function lengthOf({ pieces }: Bar): number {
  return pieces.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** The rows for an element of class `bars`; a bar as long as `longest` fills its column. */
export function barRows(bars: readonly Bar[], longest: number): string {
  return bars
    .map((bar) => {
      const sum = lengthOf(bar);
      const pieces = bar.pieces.map(({ name, seconds, color }) => {
        const share = (100 * seconds) / (sum || 1);
        const words = escapeHtml(`${name}: ${secondsText(seconds)}`);
        return `<span title="${words}" style="width:${share.toFixed(2)}%;background:${color}"></span>`;
      });
      const width = Math.max(0.5, (100 * sum) / (longest || 1)).toFixed(2);
      return `<div class="soft">${escapeHtml(bar.label)}</div><div class="bar" style="width:${width}%">${pieces.join('')}</div><div class="soft">${escapeHtml(bar.told)}</div>`;
    })
    .join('');
}

/** What the colours of the pieces mean. */
export function colorKeys(names: readonly (readonly [name: string, color: string, note?: string])[]): string {
  const keys = names.map(
    ([name, color, note]) =>
      `<li><i style="background:${color}"></i><b>${escapeHtml(name)}</b>${note === undefined ? '' : ` ${escapeHtml(note)}`}</li>`,
  );
  return `<ul class="keys">${keys.join('')}</ul>`;
}
