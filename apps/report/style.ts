// The style sheet of the report: one column of sections, two themes, nothing that moves by itself.

export const style = `
:root {
  --paper: #faf9f6; --card: #ffffff; --ink: #1d2328; --ink-soft: #5d6871; --line: #dfe2df; --lane: #eeefec;
  --accent: #1f6f7d; --well: #0a0f1c; color-scheme: light;
}
@media (prefers-color-scheme: dark) {
  :root:not([data-theme=light]) {
    --paper: #14181c; --card: #1b2127; --ink: #e6e9e7; --ink-soft: #98a4ab; --line: #2d353c; --lane: #22292f;
    --accent: #6fc0c4; color-scheme: dark;
  }
}
:root[data-theme=dark] {
  --paper: #14181c; --card: #1b2127; --ink: #e6e9e7; --ink-soft: #98a4ab; --line: #2d353c; --lane: #22292f;
  --accent: #6fc0c4; color-scheme: dark;
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1180px; margin: 0 auto; padding: 40px 28px 72px; }
header { display: flex; gap: 24px; justify-content: space-between; align-items: flex-start; }
h1 { font-size: 30px; line-height: 1.2; font-weight: 640; letter-spacing: -0.015em; margin: 0 0 10px; }
h2 { font-size: 19px; font-weight: 620; letter-spacing: -0.005em; margin: 0 0 4px; }
p { margin: 0 0 12px; max-width: 76ch; }
.summary { font-size: 18px; }
.soft, figcaption, .key { color: var(--ink-soft); }
.small, figcaption { font-size: 13.5px; }
section { margin-top: 52px; }
section > p:first-of-type { color: var(--ink-soft); font-size: 15px; margin-bottom: 18px; }
button {
  font: inherit; font-size: 13.5px; color: var(--ink-soft); background: none; border: 1px solid var(--line);
  border-radius: 7px; padding: 3px 11px; cursor: pointer; white-space: nowrap;
}
button:hover { color: var(--ink); border-color: var(--ink-soft); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.headlines { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 14px; margin: 30px 0 0; }
.headlines > div { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 15px 18px 13px; }
.headlines dt { font-size: 13.5px; color: var(--ink-soft); }
.headlines dd { margin: 0; }
.headlines .figure { font-size: 33px; font-weight: 600; letter-spacing: -0.02em; line-height: 1.25; }
.headlines .figure small { font-size: 17px; font-weight: 500; color: var(--ink-soft); letter-spacing: 0; margin-left: 3px; }
.headlines .note { font-size: 13px; color: var(--ink-soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; }
.card + .card { margin-top: 18px; }
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 18px; }
.well { background: var(--well); border-radius: 12px; padding: 14px; color: #cfd8dc; }
.well figcaption, .well .name { color: #9fb0b8; }
.well .name { font-size: 14px; font-weight: 600; color: #e4ecee; margin: 0 0 8px; }
canvas.surface { display: block; width: 100%; aspect-ratio: 1; cursor: grab; touch-action: none; border-radius: 8px; }
canvas.surface:active { cursor: grabbing; }
.planes { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; margin-top: 12px; }
.planes figure, .images figure { margin: 0; }
.planes img, .images img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: 5px; background: var(--well); }
.images img { image-rendering: pixelated; }
.planes figcaption { font-size: 12px; margin-top: 3px; text-align: center; }
.level { display: flex; gap: 12px; align-items: center; margin-top: 14px; font-size: 14px; color: var(--ink-soft); }
input[type=range] { accent-color: var(--accent); width: 220px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 18px; }
svg.chart { display: block; width: 100%; height: auto; overflow: visible; }
.wide { overflow-x: auto; } .wide svg { min-width: 640px; }
svg .grid { stroke: var(--line); } svg .axis { stroke: var(--ink-soft); } svg .tick-line { stroke: var(--ink-soft); }
svg text { fill: var(--ink-soft); font-size: 12px; } svg .axis-label { fill: var(--ink-soft); font-size: 12.5px; }
svg .curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
svg .rule { stroke: var(--ink-soft); stroke-dasharray: 3 4; } svg .rule-label { font-size: 11.5px; }
svg .mark { fill: var(--card); stroke-width: 2.2; } svg .mark-label { font-size: 13px; font-weight: 600; fill: var(--ink); }
svg .cursor { stroke: var(--ink-soft); stroke-width: 1; }
.chart-name { font-size: 14.5px; font-weight: 600; margin: 0 0 6px; }
.keys { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13.5px; color: var(--ink-soft); margin: 10px 0 0; padding: 0; list-style: none; }
.keys i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; vertical-align: -1px; }
.keys b { color: var(--ink); font-weight: 550; }
.values { min-height: 1.6em; font-size: 13.5px; color: var(--ink-soft); margin: 6px 0 0; }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: 5px 12px; align-items: center; font-size: 13.5px; }
.bars .bar { display: flex; height: 18px; border-radius: 4px; overflow: hidden; }
.bars .bar span { min-width: 0; }
.bars .head { grid-column: 1 / -1; font-weight: 600; font-size: 14px; margin-top: 12px; }
.bars .head:first-child { margin-top: 0; }
.bars .total { grid-column: 1 / -1; border-top: 1px solid var(--line); margin-top: 6px; padding-top: 8px; }
canvas.timeline { display: block; width: 100%; touch-action: pan-y; cursor: crosshair; }
.tools { display: flex; gap: 8px; align-items: center; margin: 0 0 12px; flex-wrap: wrap; }
.images { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; }
.images figcaption { font-size: 12.5px; margin-top: 4px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 550; color: var(--ink-soft); padding: 3px 16px 6px 0; border-bottom: 1px solid var(--line); }
td { padding: 4px 16px 4px 0; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
td.key { white-space: nowrap; overflow-wrap: normal; } td.given { color: var(--accent); font-weight: 550; }
details > summary { cursor: pointer; color: var(--ink-soft); font-size: 14.5px; margin: 6px 0 10px; }
code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", "Liberation Mono", monospace; }
footer { margin-top: 56px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 13.5px; color: var(--ink-soft); }
noscript p { color: var(--ink-soft); font-size: 14px; }
@media (max-width: 640px) { main { padding: 24px 16px 48px; } h1 { font-size: 25px; } .planes { gap: 5px; } }
@media print { body { background: #fff; } button, .tools, .level { display: none; } section { break-inside: avoid; } }
`;
