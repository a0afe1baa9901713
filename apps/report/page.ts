// The frame of a page: one HTML document with its style, its data and its scripts inside, so that it opens from a disk
// and needs no network.
import { escapeHtml, scriptJson } from './html.js';
import type { Headline } from './report-data.js';
import { style } from './style.js';

/** One section of a page, as HTML. */
export type Part = string;

export function section(title: string, lead: string, body: string): Part {
  return `<section><h2>${escapeHtml(title)}</h2>${lead === '' ? '' : `<p>${escapeHtml(lead)}</p>`}${body}</section>`;
}

function headlineCards(list: readonly Headline[]): Part {
  const cards = list.map(({ label, value, unit, note }) => {
    const small = unit === undefined ? '' : `<small>${escapeHtml(unit)}</small>`;
    const below = note === undefined ? '' : `<dd class="note">${escapeHtml(note)}</dd>`;
    return `<div><dt>${escapeHtml(label)}</dt><dd class="figure">${escapeHtml(value)}${small}</dd>${below}</div>`;
  });
  return `<dl class="headlines">${cards.join('')}</dl>`;
}

/** Facts about a run, one a line; empty where there are none. */
export function factsTable(facts: readonly (readonly [name: string, value: string])[]): string {
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td class="key soft">${escapeHtml(name)}</td><td><code>${escapeHtml(value)}</code></td></tr>`,
  );
  return rows.length === 0 ? '' : `<div class="scroll"><table>${rows.join('')}</table></div>`;
}

/** A script of the page: a function that is complete in itself, and what it is called with (an expression over `data`). */
export interface PageScript {
  // biome-ignore lint/complexity/noBannedTypes: only its text is used
  readonly run: Function;
  readonly argument: string;
}

/** What a page is made from. */
export interface PageSource {
  readonly title: string;
  readonly summary: string;
  readonly headlines: readonly Headline[];
  /** What a reader without scripts misses, as a sentence. */
  readonly withoutScripts: string;
  readonly parts: readonly Part[];
  /** What the scripts need. */
  readonly data: unknown;
  readonly scripts: readonly PageScript[];
}

/** The whole document. */
export function renderPage(source: PageSource): string {
  const { title, summary, headlines, withoutScripts, parts, data, scripts } = source;
  const calls = scripts.map(
    ({ run, argument }) => `(${run.toString()})(window${argument && `, ${argument}`});`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header><div><h1>${escapeHtml(title)}</h1><p class="summary">${escapeHtml(summary)}</p></div><button id="theme">light / dark</button></header>
${headlineCards(headlines)}
<noscript><p>${escapeHtml(withoutScripts)}</p></noscript>
${parts.join('\n')}
<footer>Made by maniple. This page is one file and needs no network.</footer>
</main>
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>
const data = JSON.parse(document.querySelector('#data').textContent);
${calls.join('\n')}
</script>
</body>
</html>
`;
}
