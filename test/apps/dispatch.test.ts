// The command as people meet it: help on each level, exit codes, what goes to stdout and what to stderr.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { toJson } from '../../apps/command/json.js';
import { areas } from '../../apps/maniple/areas.js';
import { EXIT, exitCodeOf } from '../../apps/maniple/exit-codes.js';
import { helpArea, helpCommand, helpTop } from '../../apps/maniple/help.js';
import { UsageError } from '../../runtime/errors.js';
import { maniple, scratchFolder } from '../support/command.js';

t.setTimeout(600_000); // many processes, perhaps on a busy machine

t.test('help exists on every level, with an example and every name', async (t) => {
  const top = helpTop(areas, '0');
  const lacking: string[] = [];
  for (const area of areas) {
    const entries = area.verbs ?? [{ ...area, load: area.load! }];
    if (!top.includes(area.name) || !/Examples?:/.test(helpArea(area))) lacking.push(area.name);
    for (const entry of entries) {
      const command = await entry.load();
      const help = helpCommand(command);
      const name = area.verbs === undefined ? area.name : `${area.name} ${entry.name}`;
      const whole = [name, entry.summary, 'Example', '--workers', '--json', `maniple ${name}`];
      if (command.name !== name || command.summary !== entry.summary)
        lacking.push(`${name}: name or summary`);
      lacking.push(...whole.filter((part) => !help.includes(part)).map((part) => `${name}: ${part}`));
      for (const option of command.options)
        if (!help.includes(`--${option.name}`)) lacking.push(`${name} ${option.name}`);
    }
  }
  t.same(lacking, []);
});

t.test('exit codes come from the error', (t) => {
  t.equal(exitCodeOf(new UsageError('x')), EXIT.usage);
  t.equal(exitCodeOf(new Error('x')), EXIT.defect);
  t.equal(
    exitCodeOf(Object.assign(new Error('x'), { exitCode: 77 })),
    EXIT.defect,
    'only codes of the contract',
  );
  t.equal(exitCodeOf(undefined), EXIT.defect);
  t.end();
});

t.test('JSON of results', (t) => {
  const value = { a: new Float32Array([1, 2]), b: 3n, c: Number.NaN, d: new Map([['k', 1]]) };
  t.same(JSON.parse(toJson(value)), { a: [1, 2], b: '3', c: null, d: { k: 1 } });
  t.equal(toJson(undefined), 'null');
  t.end();
});

t.test('the spawned command', (t) => {
  const folder = scratchFolder();
  const config = join(folder, 'bad.toml');
  writeFileSync(config, '[run]\nseed = 3\nwrokers = 2\n');
  const cases: [string, string[], number, RegExp, RegExp][] = [
    ['no command', [], 2, /^$/, /no command given[\s\S]*Usage: maniple/],
    ['help', ['--help'], 0, /Usage: maniple AREA/, /^$/],
    ['help of an area', ['config', '--help'], 0, /Usage: maniple config VERB/, /^$/],
    ['help of a verb', ['config', 'show', '--help'], 0, /--origin/, /^$/],
    ['version', ['--version'], 0, /^\d+\.\d+\.\d+\n$/, /^$/],
    ['unknown area', ['docter'], 2, /^$/, /maniple has no "docter"; the nearest is doctor/],
    ['unknown verb', ['config', 'shwo'], 2, /^$/, /no verb "shwo"; the nearest is show/],
    ['missing verb', ['config'], 2, /^$/, /needs a verb: show/],
    [
      'unknown option',
      ['config', 'show', '--orgin'],
      2,
      /^$/,
      /unknown option --orgin; the nearest is --origin/,
    ],
    ['missing value', ['config', 'show', '--workers'], 2, /^$/, /--workers needs N/],
    [
      'wrong value',
      ['config', 'show', '--workers', 'two'],
      2,
      /^$/,
      /--workers: run\.workers must be an integer/,
    ],
    ['value of a switch', ['config', 'show', '--check=yes'], 2, /^$/, /--check takes no value/],
    ['too many', ['config', 'show', 'this'], 2, /^$/, /"this" is one argument too many/],
    [
      'misspelt key',
      ['config', 'show', '--config', config],
      2,
      /^$/,
      /bad\.toml:3: unknown key run\.wrokers; .*run\.workers \(an integer/,
    ],
    [
      'no such file',
      ['config', 'show', '--config', 'none.toml'],
      2,
      /^$/,
      /cannot read the configuration none\.toml/,
    ],
    [
      'misspelt --set',
      ['config', 'show', '--set', 'run.sead=1'],
      2,
      /^$/,
      /--set run\.sead: unknown key .* run\.seed/,
    ],
    ['not a --set', ['config', 'show', '--set', 'seed'], 2, /^$/, /expected section\.key=value/],
    ['no dry run', ['config', 'show', '--dry-run'], 2, /^$/, /has no --dry-run/],
    ['unknown benchmark', ['bench', 'nonesuch'], 2, /^$/, /maniple bench has no "nonesuch"/],
    [
      'errors as JSON',
      ['docter', '--json'],
      2,
      /^\{\n {2}"error": \{[\s\S]*"exitCode": 2\n {2}\}\n\}\n$/,
      /no "docter"/,
    ],
  ];
  const wrong = cases.flatMap(([name, args, code, stdout, stderr]) => {
    const ended = maniple(args, folder);
    const right = ended.code === code && stdout.test(ended.stdout) && stderr.test(ended.stderr);
    return right ? [] : [{ name, ...ended }];
  });
  t.same(wrong, []);
  t.end();
});

t.test('config show --origin', (t) => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'run.toml'), '[run]\nseed = 3\nworkers = 2\n');
  const args = ['config', 'show', '--origin', '--config', 'run.toml', '--workers', '4', '--no-steal'];
  const { code, stdout } = maniple([...args, '--json'], folder, { MANIPLE_RUN_MODE: 'inorder' });
  const { run } = JSON.parse(stdout) as { run: Record<string, { value: unknown; origin: string }> };
  t.equal(code, 0);
  t.match(run, {
    seed: { value: 3, origin: 'run.toml:2' },
    workers: { value: 4, origin: '--workers' },
    steal: { value: false, origin: '--no-steal' },
    mode: { value: 'inorder', origin: 'environment MANIPLE_RUN_MODE' },
    check: { value: false, origin: 'default' },
  });
  // The text is a configuration file of the same meaning.
  writeFileSync(join(folder, 'again.toml'), maniple(args, folder).stdout);
  const again = maniple(['config', 'show', '--config', 'again.toml', '--json'], folder);
  t.equal(again.code, 0, again.stderr);
  t.match(JSON.parse(again.stdout), { run: { seed: 3, workers: 4, steal: false } });
  t.end();
});

t.test('doctor', (t) => {
  const folder = scratchFolder();
  const { code, stdout } = maniple(['doctor', '--json'], folder);
  const found = JSON.parse(stdout) as Record<
    string,
    { present: boolean; version: string | null; absence: string | null }
  >;
  t.equal(code, 0);
  t.same(
    [
      'add-on',
      'SIMD',
      'mpirun',
      'MPI library',
      'NVIDIA GPU',
      'AMD GPU',
      'MariaDB/MySQL',
      'Slurm',
      'XRootD',
      'memory',
    ].filter((name) => !(name in found)),
    [],
  );
  t.same(
    Object.entries(found).filter(([, f]) =>
      f.present ? !f.version || f.absence !== null : f.version !== null || !f.absence,
    ),
    [],
    'each is there with a version, or absent with a reason',
  );
  t.equal(found['node']?.version, process.version.slice(1));
  const without = maniple(['doctor', '--json'], folder, { MANIPLE_NO_ADDON: '1', PATH: '/nonexistent' });
  t.match(JSON.parse(without.stdout), {
    'add-on': { present: false, absence: /MANIPLE_NO_ADDON/ },
    compiler: { present: false, absence: /g\+\+ or .* is not on PATH; Debian: apt install g\+\+/ },
  });
  t.end();
});
