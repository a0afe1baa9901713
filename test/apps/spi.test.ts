// The verbs of single-particle imaging as people use them, on cases that take seconds; and their bad inputs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readRunRecord } from '../../apps/run-directory/run-directory.js';
import { disagreement } from '../../apps/spi/agreement.js';
import { workDone } from '../../apps/spi/work.js';
import { hdf5, mrc, npy } from '../../tasks/formats/index.js';
import { planSchedule } from '../../tasks/spi/index.js';
import { cleanEnvironment, mainFile, maniple, scratchFolder } from '../support/command.js';

t.setTimeout(600_000); // many processes, perhaps on a busy machine

/** A demo small enough for a test: coarse images, one phasing each. */
const small = [
  '--images',
  '60',
  '--pixels',
  '16',
  '--edge',
  '34',
  '--set',
  'reconstruct.phasings=2',
  '--set',
  'reconstruct.half_phasings=1',
];

t.test('demo: one JSON document, a run directory, a report', (t) => {
  const folder = scratchFolder();
  const first = maniple(['demo', '--out', 'run', '--json', ...small], folder);
  t.equal(first.code, 0, first.stderr);
  const result = JSON.parse(first.stdout) as Record<string, number | string>;
  t.same(Object.keys(result).sort(), [
    'cc',
    'fsc05_A',
    'generations',
    'half143_A',
    'report',
    'seconds',
    'within10deg',
  ]);
  t.ok(Number(result['cc']) > 0.3 && Number(result['cc']) <= 1, `correlation ${result['cc']}`);
  t.equal(result['report'], join(folder, 'run', 'report.html'));
  const record = readRunRecord(join(folder, 'run'));
  t.match(record, {
    status: 'done',
    seed: 1,
    configuration: { simulate: { images: 60 } },
    result: { cc: result['cc'] },
  });
  t.same(
    record?.files.filter((file) => !existsSync(join(folder, 'run', file))),
    [],
  );
  for (const file of ['map.mrc', 'half1.mrc', 'half2.mrc', 'truth.mrc', 'metrics.jsonl', 'report.html']) {
    t.ok(record?.files.includes(file), file);
  }
  const rows = readFileSync(join(folder, 'run', 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  t.equal(rows.length, result['generations']);
  t.ok(rows.every((row, i) => (JSON.parse(row) as { generation: number }).generation === i + 1));
  t.match(readFileSync(String(result['report']), 'utf8'), /<title>three-lobe from 60 images<\/title>/);
  t.match(readFileSync(String(result['report']), 'utf8'), /R-factors.*averaged: \d/s, 'phasings are told');
  const { n, map } = { n: record?.files.length, map: mrc.readMrc(join(folder, 'run', 'map.mrc')) };
  t.ok(n && map.shape[0] === map.shape[2] && map.data.some((value) => value > 0));

  const dry = maniple(['demo', '--out', 'run', '--dry-run', ...small], folder);
  t.match(dry.stdout, /^would replace in run: run\.json, .*map\.mrc/);

  const made = statSync(join(folder, 'run', 'images.h5')).mtimeMs;
  const again = maniple(['demo', '--out', 'run', '--json', '--quiet', ...small], folder);
  t.same([again.code, again.stderr], [0, '']);
  t.equal(
    statSync(join(folder, 'run', 'images.h5')).mtimeMs,
    made,
    'the images of the same settings are used again',
  );
  t.equal((JSON.parse(again.stdout) as { cc: number }).cc, result['cc'], 'the same seed gives the same bits');
  t.end();
});

t.test('simulate, reconstruct, evaluate', async (t) => {
  const folder = scratchFolder();
  const simulated = maniple(
    [
      'spi',
      'simulate',
      '--json',
      '--out',
      'images.h5',
      '--images',
      '60',
      '--pixels',
      '16',
      '--edge',
      '34',
      '--seed',
      '4',
    ],
    folder,
  );
  t.equal(simulated.code, 0, simulated.stderr);
  t.match(JSON.parse(simulated.stdout), {
    file: 'images.h5',
    images: 60,
    shape: [1, 16, 16],
    particle: 'three-lobe',
    seed: 4,
  });
  const data = await hdf5.readImages(join(folder, 'images.h5'));
  t.same([data.images, data.shape, data.orientations?.length], [60, [1, 16, 16], 240]);
  const mean = data.intensities.reduce((sum, count) => sum + count, 0) / 60;
  t.ok(Math.abs(mean / 50_000 - 1) < 0.1, `${mean} photons in an image`);

  const options = ['--set', 'reconstruct.phasings=2', '--set', 'reconstruct.half_phasings=1'];
  const made = maniple(['spi', 'reconstruct', 'images.h5', '--out', 'run', '--json', ...options], folder);
  t.equal(made.code, 0, made.stderr);
  t.same(
    Object.keys(JSON.parse(made.stdout) as object).sort(),
    ['generations', 'half143_A', 'report', 'seconds', 'within10deg'],
    'no correlation where the particle is not known',
  );

  // The same images as a folder with a NumPy archive in it.
  mkdirSync(join(folder, 'archive'));
  await hdf5.writeImages(join(folder, 'archive', 'images.npz'), data);
  const again = maniple(['spi', 'reconstruct', 'archive', '--out', 'run2', '--json', ...options], folder);
  const half = (text: string) => (JSON.parse(text) as { half143_A: number }).half143_A;
  t.equal(half(again.stdout), half(made.stdout), again.stderr);

  const poor = maniple(
    ['spi', 'reconstruct', 'images.h5', '--out', 'run', '--require', '1', ...options],
    folder,
  );
  t.equal(poor.code, 6);
  t.match(
    poor.stderr,
    /the resolution by half sets is [\d.]+ A, and reconstruct\.required_A asks for 1 A; see .*report\.html/,
  );
  t.equal(readRunRecord(join(folder, 'run'))?.status, 'done', 'what was found is there all the same');

  const same = maniple(
    ['spi', 'evaluate', 'run/map.mrc', '--reference', 'run/map.mrc', '--json', '--out', 'aligned.mrc'],
    folder,
  );
  t.equal(same.code, 0, same.stderr);
  t.ok((JSON.parse(same.stdout) as { cc: number }).cc > 0.98, same.stdout.slice(0, 60));
  t.ok(existsSync(join(folder, 'aligned.mrc')));
  const found = npy.readNpy(join(folder, 'run', 'orientations.npy'));
  t.same(found.shape, [60, 4], 'the orientations are there for the next program');
  t.equal(npy.readNpy(join(folder, 'run', 'fluences.npy')).data.length, 60);
  const { data: density, shape, voxel } = mrc.readMrc(join(folder, 'run', 'map.mrc'));
  npy.writeNpy(join(folder, 'map.npy'), density, shape);
  const fromNumpy = maniple(
    [
      'spi',
      'evaluate',
      'map.npy',
      '--voxel',
      `${voxel[0]}`,
      '--reference',
      'run/map.mrc',
      '--json',
      '--out',
      'a.npz',
    ],
    folder,
  );
  t.ok((JSON.parse(fromNumpy.stdout) as { cc: number }).cc > 0.98, fromNumpy.stderr);
  t.same(npy.readNpz(join(folder, 'a.npz')).get('density')?.shape, shape);
  const halves = maniple(['spi', 'evaluate', '--half', 'run/half1.mrc', 'run/half2.mrc', '--json'], folder);
  t.same(
    Object.keys(JSON.parse(halves.stdout) as object),
    ['half_cc', 'half143_A', 'half_fsc'],
    halves.stderr,
  );
});

t.test('bad input ends in its message and exit code', async (t) => {
  const folder = scratchFolder();
  maniple(['spi', 'simulate', '--out', 'good.h5', '--images', '4', '--pixels', '8', '--edge', '60'], folder);
  maniple(
    ['spi', 'simulate', '--out', 'other.h5', '--images', '4', '--pixels', '10', '--edge', '60'],
    folder,
  );
  const good = await hdf5.readImages(join(folder, 'good.h5'));
  const spoilt = good.intensities.slice();
  spoilt[2 * 64 + 19] = Number.NaN;
  await hdf5.writeImages(join(folder, 'nan.h5'), { ...good, intensities: spoilt });
  await hdf5.writeImages(join(folder, 'dark.h5'), { ...good, intensities: new Float32Array(4 * 64) });
  const spoil = (name: string, change: object) =>
    hdf5.writeImages(join(folder, name), { ...good, ...change });
  await spoil('masked.h5', { mask: new Uint8Array(64).fill(2) });
  await spoil('flat.h5', { pixelPositionReciprocal: new Float64Array(3 * 64) });
  await spoil('unit.h5', { pixelPositionReciprocal: good.pixelPositionReciprocal.map((s) => 1e-10 * s) });
  await spoil('still.h5', { orientations: Float64Array.from({ length: 16 }, (_, i) => (i < 1 ? 1 : 0)) });
  mkdirSync(join(folder, 'void'));
  npy.writeNpy(join(folder, 'map.npy'), Float32Array.of(0, 1, 2, Number.NaN, 0, 0, 0, 0), [2, 2, 2]);
  writeFileSync(join(folder, 'text.h5'), 'this is no HDF5\n');
  writeFileSync(join(folder, 'cut.h5'), readFileSync(join(folder, 'good.h5')));
  truncateSync(join(folder, 'cut.h5'), 3000);
  writeFileSync(join(folder, 'empty.pdb'), 'HEADER    NOTHING\nEND\n');
  writeFileSync(
    join(folder, 'odd.pdb'),
    'ATOM      1  CA  ALA A   1      11.000  12.000  13.000  1.00 10.00          QQ\nEND\n',
  );
  writeFileSync(join(folder, 'config.toml'), '[reconstruct]\nphasings = 4\n\n[simulate]\nphotns = 3\n');
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  const cases: [string, string[], number, RegExp][] = [
    ['no data', ['spi', 'reconstruct'], 2, /DATA is missing/],
    [
      'missing file',
      ['spi', 'reconstruct', 'absent.h5', '--out', 'r'],
      3,
      /absent\.h5: .*(no such file|not exist)/i,
    ],
    ['no HDF5', ['spi', 'reconstruct', 'text.h5', '--out', 'r'], 3, /text\.h5, byte 0: .*not an HDF5 file/],
    ['truncated', ['spi', 'reconstruct', 'cut.h5', '--out', 'r'], 3, /cut\.h5, .*(truncated|damaged)/],
    [
      'NaN',
      ['spi', 'reconstruct', 'nan.h5', '--out', 'r'],
      3,
      /nan\.h5, dataset intensities, image 2, pixel \(panel 0, y 2, x 3\): the value is NaN/,
    ],
    [
      'unequal shapes',
      ['spi', 'reconstruct', 'good.h5', 'other.h5', '--out', 'r'],
      3,
      /other\.h5, .*good\.h5.*one shape/,
    ],
    [
      'no photons',
      ['spi', 'reconstruct', 'dark.h5', '--out', 'r'],
      3,
      /dark\.h5, images: no usable pixel of any image holds a photon/,
    ],
    ['a folder without images', ['spi', 'reconstruct', 'void', '--out', 'r'], 3, /void: no file of images/],
    [
      'all masked',
      ['spi', 'reconstruct', 'masked.h5', '--out', 'r'],
      3,
      /masked\.h5, dataset mask: it marks every/,
    ],
    [
      'no geometry',
      ['spi', 'reconstruct', 'flat.h5', '--out', 'r'],
      3,
      /largest \|s\| is 0\.00, which cannot be/,
    ],
    [
      '1/Angstrom',
      ['spi', 'reconstruct', 'unit.h5', '--out', 'r'],
      3,
      /which cannot be 1\/m; multiply 1\/Angstr/,
    ],
    [
      'no rotation',
      ['spi', 'reconstruct', 'still.h5', '--out', 'r'],
      3,
      /orientations, image 1: .*no unit quater/,
    ],
    ['map without voxel', ['spi', 'evaluate', 'map.npy', '--reference', 'map.npy'], 2, /give --voxel/],
    [
      'no voxel',
      ['spi', 'evaluate', 'map.npy', '--reference', 'map.npy', '--voxel', '-1'],
      2,
      /positive number/,
    ],
    [
      'map with NaN',
      ['spi', 'evaluate', 'map.npy', '--reference', 'map.npy', '--voxel', '2'],
      3,
      /voxel \(0, 1, 1\)/,
    ],
    [
      'aligned into what',
      ['spi', 'evaluate', 'm', '--reference', 'm', '--out', 'a.txt'],
      2,
      /ends in \.mrc, \.npy/,
    ],
    ['no atoms', ['spi', 'simulate', '--pdb', 'empty.pdb', '--out', 'x.h5'], 3, /empty\.pdb.*atoms/],
    [
      'unknown element',
      ['spi', 'simulate', '--pdb', 'odd.pdb', '--out', 'x.h5'],
      3,
      /odd\.pdb, line 1: .*"Qq"/,
    ],
    ['missing PDB', ['spi', 'simulate', '--pdb', 'absent.pdb', '--out', 'x.h5'], 3, /absent\.pdb/],
    [
      'unreachable edge',
      ['spi', 'simulate', '--edge', '1', '--out', 'x.h5'],
      2,
      /simulate\.edge_A.*cannot reach 1 Angstrom/,
    ],
    [
      'no such model',
      ['spi', 'simulate', '--model', 'sphere'],
      2,
      /--model: simulate\.model must be one of "three-lobe"/,
    ],
    ['out is a file', ['spi', 'simulate', '--out', 'notes.txt'], 2, /notes\.txt is a file of another kind/],
    [
      'misspelt key',
      ['demo', '--config', 'config.toml', '--out', 'r'],
      2,
      /config\.toml:5: unknown key simulate\.photns; .*simulate\.photons \(a number/,
    ],
    ['folder of somebody else', ['demo', '--out', '.'], 2, /is not empty and holds no run of maniple/],
    [
      'a folder that cannot be',
      ['demo', '--out', '/proc/none/run'],
      2,
      /cannot write results to \/proc\/none\/run: /,
    ],
    [
      'a file that cannot be',
      ['spi', 'simulate', '--out', '/proc/none/x.h5', '--images', '2'],
      2,
      /cannot write .*x\.h5: /,
    ],
    ['nothing to compare', ['spi', 'evaluate', 'good.h5'], 2, /--reference or --half/],
    ['no map', ['spi', 'evaluate', 'good.h5', '--reference', 'good.h5'], 3, /good\.h5/],
  ];
  const wrong = cases.flatMap(([name, args, code, stderr]) => {
    const ended = maniple(args, folder);
    return ended.code === code && stderr.test(ended.stderr) && ended.stdout === ''
      ? []
      : [{ name, ...ended }];
  });
  t.same(wrong, []);
  t.notOk(existsSync(join(folder, 'x.h5')), 'nothing was written');
});

t.test('the work of the generations grows with detail, and ends at all of it', (t) => {
  const done = workDone();
  t.equal(done.length, planSchedule(100, 0.1).generations.length);
  t.ok(
    done.every((part, i) => part > (done[i - 1] ?? 0)),
    'always forward',
  );
  t.ok(Math.abs(done.at(-1)! - 1) < 1e-12 && done.at(-4)! < 0.4, 'the last three are most of it');
  t.end();
});

t.test('phasings that found different particles are warned of', (t) => {
  const map = { kept: [2, 0], rFactors: [0.44, 0.6, 0.43], agreement: 0.24 };
  t.match(disagreement(map), /the best 2 of 3 phasings agree to 0\.24 only, .*--detail/);
  t.equal(disagreement({ ...map, agreement: 0.9 }), null);
  t.equal(disagreement({ ...map, kept: [2], agreement: 0.1 }), null, 'one alone has nobody to agree with');
  t.end();
});

t.test('Ctrl-C leaves a valid directory', async (t) => {
  const folder = scratchFolder();
  const args = ['demo', '--out', 'run', '--images', '300', '--pixels', '32', '--edge', '17'];
  const child = spawn(process.execPath, [mainFile, ...args], { cwd: folder, env: cleanEnvironment(folder) });
  const metrics = join(folder, 'run', 'metrics.jsonl');
  while (!existsSync(metrics) && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  t.equal(code, 130);
  const record = readRunRecord(join(folder, 'run'));
  t.match(record, { status: 'interrupted', error: null, result: null });
  t.same(
    record?.files.filter((file) => !existsSync(join(folder, 'run', file))),
    [],
  );
  const lines = readFileSync(metrics, 'utf8').split('\n');
  t.equal(lines.pop(), '', 'whole lines');
  t.ok(lines.every((line) => (JSON.parse(line) as { generation: number }).generation > 0));
});
