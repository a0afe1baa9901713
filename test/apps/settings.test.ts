// Settings: their kinds, where keys stand in a TOML file, precedence, and the messages for what is wrong.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readConfigFile, resolveConfiguration } from '../../apps/command/configuration.js';
import { editDistance, nearest } from '../../apps/command/nearest.js';
import {
  boolean,
  choice,
  integer,
  optional,
  real,
  section,
  setting,
  size,
  text,
} from '../../apps/command/setting.js';
import { tomlLines } from '../../apps/command/toml-lines.js';
import { scratchFolder } from '../support/command.js';

const beam = section('beam', 'The beam.', {
  energy_eV: setting(real({ min: 0 }), 4600, 'photon energy', { unit: 'eV' }),
  pulses: setting(integer({ min: 1 }), 10, 'pulses', { flag: 'pulses' }),
  shape: setting(choice('round', 'square'), 'round', 'cross section'),
  label: setting(optional(text()), null, 'a name'),
});
const run = section('run', 'The run.', {
  memory: setting(size(), 1024, 'budget'),
  steal: setting(boolean(), true, 'stealing'),
});
const sections = [beam, run];

t.test('kinds accept what they say and nothing else', (t) => {
  const accepted: [string, unknown, unknown][] = [
    ['integer', integer().accept(3), 3],
    ['integer from bigint', integer().accept(3n), 3],
    ['integer from text', integer().accept(integer().fromText('1_000')), 1000],
    ['no fraction', integer().accept(3.5), undefined],
    ['out of range', integer({ min: 4 }).accept(3), undefined],
    ['text is no number', real().accept(real().fromText('three')), undefined],
    ['empty text is no number', real().accept(real().fromText('')), undefined],
    ['exponents', real().accept(real().fromText('-1.5e3')), -1500],
    ['not finite', real().accept(Number.POSITIVE_INFINITY), undefined],
    ['boolean', boolean().accept(boolean().fromText('false')), false],
    ['no boolean', boolean().accept(1), undefined],
    ['choice', choice('a', 'b').accept('b'), 'b'],
    ['no choice', choice('a', 'b').accept('c'), undefined],
    ['size in GiB', size().accept('1.5 GiB'), 1.5 * 2 ** 30],
    ['size in K', size().accept('4k'), 4096],
    ['bytes', size().accept(512), 512],
    ['no size', size().accept('much'), undefined],
    ['none', optional(integer()).accept(optional(integer()).fromText('none')), null],
    ['optional value', optional(integer()).accept(2), 2],
  ];
  t.same(
    accepted.filter(([, got, wanted]) => got !== wanted).map(([name, got]) => `${name}: ${String(got)}`),
    [],
  );
  t.end();
});

t.test('the nearest word', (t) => {
  t.equal(editDistance('abc', 'acb'), 1);
  t.equal(editDistance('', 'abc'), 3);
  t.equal(editDistance('kitten', 'sitting'), 3);
  t.equal(nearest('Wrokers', ['memory', 'workers', 'seed']), 'workers');
  t.equal(nearest('x', []), undefined);
  t.end();
});

t.test('lines of keys', (t) => {
  const source = `# a comment with = and [brackets]
top = 1
[beam] # the beam
energy_eV = 4600
"quoted.key" = "it's"
label = """
pulses = 99
"""
list = [1, # one
  2, "]",
]
pulses = 3
[run]
inline = { memory = "1G", steal = false }
a.b = 1
[[many]]
x = 1
`;
  const lines = tomlLines(source);
  t.same(Object.fromEntries(lines), {
    top: 2,
    beam: 3,
    'beam.energy_eV': 4,
    'beam.quoted.key': 5,
    'beam.label': 6,
    'beam.list': 9,
    'beam.pulses': 12,
    run: 13,
    'run.inline': 14,
    'run.inline.memory': 14,
    'run.inline.steal': 14,
    'run.a.b': 15,
    many: 16,
    'many.x': 17,
  });
  for (const broken of ['[', '= 3', 'a = "open', 'a = [1, {', '""" x', ']]]']) tomlLines(broken); // ends
  t.end();
});

t.test('precedence and origin', async (t) => {
  const home = scratchFolder();
  mkdirSync(join(home, 'maniple'));
  const user = join(home, 'maniple', 'config.toml');
  const file = join(home, 'run.toml');
  writeFileSync(user, '[beam]\nenergy_eV = 1\npulses = 1\nshape = "square"\nlabel = "user"\n');
  writeFileSync(file, '[beam]\nenergy_eV = 2\npulses = 2\n\nshape = "round"\n');
  const flags = [{ section: 'beam', key: 'energy_eV', value: 4, origin: '--set beam.energy_eV' }];
  const environment = {
    XDG_CONFIG_HOME: home,
    MANIPLE_BEAM_ENERGY_EV: '3',
    MANIPLE_BEAM_PULSES: '3',
    MANIPLE_NO_ADDON: '1',
  };
  const configuration = await resolveConfiguration(sections, { flags, environment, configFile: file });
  t.same(configuration.of(beam), { energy_eV: 4, pulses: 3, shape: 'round', label: 'user' });
  t.same(Object.fromEntries(configuration.entries.map((entry) => [entry.key, entry.origin])), {
    energy_eV: '--set beam.energy_eV',
    pulses: 'environment MANIPLE_BEAM_PULSES',
    shape: `${file}:5`,
    label: `${user}:5`,
    memory: 'default',
    steal: 'default',
  });
  t.same(configuration.plain([run]), { run: { memory: 1024, steal: true } });
});

t.test('what is wrong, and where', async (t) => {
  const folder = scratchFolder();
  const file = join(folder, 'run.toml');
  const environment = { XDG_CONFIG_HOME: folder };
  const failure = async (source: string) => {
    writeFileSync(file, source);
    return resolveConfiguration(sections, { flags: [], environment, configFile: file }).then(
      () => 'accepted',
      (error: Error & { exitCode: number }) => `${error.exitCode} ${error.message.replace(folder, '')}`,
    );
  };
  t.equal(
    await failure('[beam]\n\nenergy_ev = 3\n'),
    '2 /run.toml:3: unknown key beam.energy_ev; the nearest known key is beam.energy_eV (a number >= 0)',
  );
  t.equal(
    await failure('[baem]\npulses = 3\n'),
    '2 /run.toml:2: unknown key baem.pulses; the nearest known key is beam.pulses (an integer >= 1)',
  );
  t.equal(
    await failure('[beam]\npulses = "many"\n'),
    '2 /run.toml:2: beam.pulses must be an integer >= 1, not "many"',
  );
  t.equal(await failure('[beam]\npulses = 0\n'), '2 /run.toml:2: beam.pulses must be an integer >= 1, not 0');
  t.match(await failure('# x\npulses = 3\n'), /^2 \/run\.toml:2: pulses stands outside of a \[section\]/);
  t.match(await failure('[beam]\npulses = \n'), /^2 \/run\.toml:2: column \d+: not valid TOML/);
  t.match(await failure('[nothing]\n'), /^2 \/run\.toml:1: unknown key nothing/);
  t.equal(await failure('[beam]\n'), 'accepted');
  t.match(
    await readConfigFile(join(folder, 'absent.toml')).catch((error: Error) => error.message),
    /cannot read .*absent\.toml/,
  );
  const wrongVariable = resolveConfiguration(sections, {
    flags: [],
    environment: { ...environment, MANIPLE_RUN_STEEL: '1' },
  });
  await t.rejects(wrongVariable, {
    message: /environment MANIPLE_RUN_STEEL: unknown key run\.steel; .* run\.steal/,
  });
});
