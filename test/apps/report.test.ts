// The report: one file, complete, safe, and alive in a real browser.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inflateSync } from 'node:zlib';
import t from 'tap';
import { axisFor, roundTicks } from '../../apps/report/chart.js';
import { densityRamp, hues, photonRamp } from '../../apps/report/color.js';
import { escapeHtml, figure } from '../../apps/report/html.js';
import { encodePng, quantize } from '../../apps/report/png.js';
import { renderReport } from '../../apps/report/report.js';
import { cropFor, planeOf, volumeBytes } from '../../apps/report/volume-view.js';
import { scratchFolder } from '../support/command.js';
import { needs } from '../support/needs.js';
import { exampleReport } from '../support/report-example.js';

t.test('PNG', (t) => {
  const levels = Uint8Array.from([0, 1, 2, 3, 4, 255]);
  const file = encodePng(levels, 3, 2, densityRamp);
  t.same([...file.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  t.same([file.readUInt32BE(16), file.readUInt32BE(20)], [3, 2], 'width and height');
  const kinds: string[] = [];
  let pixels: Buffer = Buffer.alloc(0);
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const kind = file.toString('latin1', at + 4, at + 8);
    kinds.push(kind);
    if (kind === 'IDAT') pixels = inflateSync(file.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  t.same(kinds, ['IHDR', 'PLTE', 'IDAT', 'IEND']);
  t.same([...pixels], [0, 0, 1, 2, 0, 3, 4, 255]);
  t.equal(file.readUInt32BE(file.length - 4), 0xae426082, 'the CRC of IEND, which every PNG ends with');
  t.same([...quantize([-1, 0, 0.5, 1, 2, Number.NaN], 0, 1)], [0, 0, 128, 255, 255, 0]);
  t.end();
});

t.test('ramps rise in lightness, hues differ', (t) => {
  for (const ramp of [densityRamp, photonRamp]) {
    const luma = ramp.map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
    t.equal(luma.length, 256);
    t.ok(luma.every((value, i) => i === 0 || value >= luma[i - 1]! - 0.5));
  }
  t.equal(new Set(hues).size, hues.length);
  t.end();
});

t.test('slices, projections and crops', (t) => {
  const n = 9;
  const density = new Float32Array(n ** 3);
  const at = (x: number, y: number, z: number) => (x * n + y) * n + z;
  density[at(4, 4, 4)] = 2;
  density[at(5, 4, 2)] = 4;
  const volume = { name: 'dots', n, voxel_A: 1, density };
  const all = { start: 0, n };
  const bright = (axis: 0 | 1 | 2, thickness: number) => {
    const { values } = planeOf(volume, all, axis, thickness);
    return [...values].flatMap((value, i) => (value > 0 ? [[Math.floor(i / n), i % n, value]] : []));
  };
  // Rows count from the top, where the upward axis is largest: z = 2 is row 6.
  t.same(bright(0, 1), [[4, 4, 2]], 'the slice x = 4');
  t.same(
    bright(0, n),
    [
      [4, 4, 2],
      [6, 4, 4],
    ],
    'along x: y to the right, z up',
  );
  t.same(
    bright(1, n),
    [
      [4, 4, 2],
      [6, 5, 4],
    ],
    'along y: x to the right, z up',
  );
  t.same(
    bright(2, n),
    [
      [4, 4, 2],
      [4, 5, 4],
    ].map(([r, c, v]) => [r, c, v]),
    'along z: x to the right, y up',
  );
  t.same(cropFor([volume], 0), { start: 2, n: 5 }, 'as far as the brighter dot');
  t.same(cropFor([{ ...volume, n: 21, density: new Float32Array(21 ** 3).fill(0) }]), { start: 7, n: 7 });
  const bytes = volumeBytes(volume, all);
  t.same([bytes[at(4, 4, 4)], bytes[at(5, 4, 2)], bytes[0]], [128, 255, 0]);
  t.end();
});

t.test('axes and figures', (t) => {
  t.same(roundTicks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  t.same(roundTicks(0, 93, 4), [0, 25, 50, 75]);
  const axis = axisFor([3, 93, Number.NaN], '', true);
  t.same([axis.min, axis.max], [0, 100]);
  t.ok(axisFor([], '', true).max > axisFor([], '', true).min);
  t.ok(axisFor([5, 5], '', false).max > 5);
  t.same(
    [figure(12.345), figure(0.012345), figure(1234.5), figure(0), figure(Number.NaN), figure(3e9)],
    ['12.3', '0.0123', '1235', '0', '–', '3.00e+9'],
  );
  t.equal(escapeHtml('<a href="x">&\''), '&#60;a href=&#34;x&#34;&#62;&#38;&#39;');
  t.end();
});

t.test('one file with everything in it', (t) => {
  const html = renderReport(exampleReport());
  const titles = [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map((match) => match[1]);
  t.same(titles, [
    'The map',
    'Resolution',
    'Convergence',
    'Time per phase',
    'What every worker did',
    'The data',
    'How it was made',
  ]);
  const markup = html
    .replace(/<script[\s\S]*?<\/script>/g, '')
    .replace(/"data:image\/png;base64,[^"]*"/g, '"data:"');
  t.same(
    markup.match(/https?:|\/\/|@import|url\(|<link|<iframe|src="(?!data:)|href=/g),
    null,
    'nothing is loaded from anywhere',
  );
  const urls = [...html.matchAll(/https?:\/\/[^\s'"`)]+/g)].map((match) => match[0]);
  t.same(
    [...new Set(urls)],
    ['http://www.w3.org/2000/svg'],
    'the name of a namespace is the only address in it',
  );
  t.notMatch(html, /<script>alert/, 'text of the run is no markup');
  t.equal(html.match(/<img /g)?.length, 2 * 6 + 7);
  t.ok(html.length < 3e6, `${html.length} characters`);
  const open = (name: string) => markup.match(new RegExp(`<${name}[ >]`, 'g'))?.length ?? 0;
  const closed = (name: string) => markup.match(new RegExp(`</${name}>`, 'g'))?.length ?? 0;
  t.same(
    ['div', 'section', 'figure', 'svg', 'table', 'tr', 'td', 'ul', 'li', 'p', 'dl', 'span'].filter(
      (name) => open(name) !== closed(name),
    ),
    [],
  );
  t.end();
});

t.test('parts that are missing are left out', (t) => {
  const html = renderReport({ title: 'empty', summary: 'nothing', headlines: [] });
  t.notMatch(html, /<h2>/);
  t.match(html, /<h1>empty<\/h1>/);
  const odd = renderReport({
    title: 'odd values',
    summary: '',
    headlines: [],
    fsc: [
      {
        name: 'one',
        resolution_A: [Infinity, 20, 10],
        correlation: [1, Number.NaN, -0.3],
        threshold: 0.5,
        crossing_A: null,
      },
    ],
    metrics: [{ name: 'm', unit: '', generations: [1], values: [Number.NaN] }],
    times: [{ part: '1', phases: [] }],
    tasks: [{ worker: 0, start: 0, end: 0, name: 'x' }],
  });
  t.same(odd.replace(/<script>[\s\S]*<\/script>/, '').match(/.{0,60}(NaN|Infinity|undefined)/g), null);
  t.end();
});

t.test('many tasks become a page of bounded size', (t) => {
  const tasks = Array.from({ length: 200_000 }, (_, i) => ({
    worker: i % 2,
    start: i * 1e-5,
    end: i * 1e-5 + 1.9e-5,
    name: i % 1000 < 600 ? 'a' : 'b',
  }));
  const html = renderReport({ title: '', summary: '', headlines: [], tasks });
  t.ok(html.length < 2.5e6, `${html.length} characters`);
  t.match(html, /200,000 tasks on 2 workers/);
  t.end();
});

t.test('in a real browser', { skip: needs('chromium') }, (t) => {
  const folder = scratchFolder();
  const file = join(folder, 'report.html');
  // After the page's own scripts: count the painted pixels of each canvas, and turn the maps by the keyboard.
  const probe = `<script>
    const painted = (canvas) => {
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      let count = 0;
      for (let i = 3; i < pixels.length; i += 4) count += pixels[i] > 0;
      return count / (canvas.width * canvas.height);
    };
    const all = [...document.querySelectorAll('canvas')].map(painted);
    const images = [...document.images].filter((image) => image.complete && image.naturalWidth > 0).length;
    document.querySelector('#theme').click();
    const theme = document.documentElement.dataset.theme;
    const canvas = document.querySelector('canvas.timeline');
    const box = canvas.getBoundingClientRect();
    canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + box.width / 2, clientY: box.top + 8 }));
    const tip = document.querySelector('#timeline-tip').textContent;
    const chart = document.querySelector('svg.chart').getBoundingClientRect();
    document.querySelector('svg.chart').dispatchEvent(new PointerEvent('pointermove', { clientX: chart.left + chart.width / 2, clientY: chart.top + 9 }));
    const values = document.querySelector('#curve-values').textContent;
    const overflow = document.documentElement.scrollWidth > window.innerWidth;
    document.body.innerHTML = '<pre id=probe>' + JSON.stringify({ all, images, theme, tip, values, overflow }) + '</pre>';
  </script></body>`;
  const failing = `<script>window.onerror = (message) => { document.title = 'FAILED ' + message; };</script></head>`;
  const html = renderReport(exampleReport(3))
    .replace('</body>', () => probe)
    .replace('</head>', () => failing);
  writeFileSync(file, html);
  const dom = execFileSync(
    'chromium',
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      `--user-data-dir=${join(folder, 'profile')}`,
      '--window-size=1400,2000',
      '--dump-dom',
      pathToFileURL(file).href,
    ],
    { encoding: 'utf8', timeout: 120_000, stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 },
  );
  t.notMatch(dom, /<title>FAILED/);
  const found = JSON.parse(/<pre id="probe">(.*?)<\/pre>/.exec(dom)?.[1] ?? '{}') as {
    all: number[];
    images: number;
    theme: string;
    tip: string;
    values: string;
    overflow: boolean;
  };
  t.equal(found.all?.length, 3, 'two surfaces and a timeline');
  t.ok(
    found.all.every((part) => part > 0.02),
    `parts of the canvases that are painted: ${found.all.join(', ')}`,
  );
  t.equal(found.images, 19, 'every picture decodes');
  t.match(found.theme, /^(dark|light)$/);
  t.match(found.tip, /^\w+ on worker 0: [\d.]+ m?s, from [\d.]+ s$/);
  t.match(found.values, /^[\d.]+ A: half sets [\d.]+, truth [\d.]+$/);
  t.equal(found.overflow, false, 'nothing is wider than the page');
  t.end();
});
