// The run directory: valid at every moment, and honest about how the run ended.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { resolveConfiguration } from '../../apps/command/configuration.js';
import { runSection } from '../../apps/command/run-settings.js';
import {
  inRunDirectory,
  type RunDescription,
  RunDirectory,
  readRunRecord,
  replacedFiles,
} from '../../apps/run-directory/run-directory.js';
import { InterruptedError } from '../../runtime/errors.js';
import { scratchFolder } from '../support/command.js';

async function description(): Promise<RunDescription> {
  const flags = [{ section: 'run', key: 'seed', value: 7, origin: '--seed' }];
  const configuration = await resolveConfiguration([runSection], {
    flags,
    environment: { XDG_CONFIG_HOME: '/nonexistent' },
  });
  return { command: ['maniple', 'demo'], configuration, sections: [runSection], seed: 7 };
}

t.test('a run from start to end', async (t) => {
  const folder = join(scratchFolder(), 'new', 'run');
  const seen: unknown[] = [];
  const result = await inRunDirectory(
    folder,
    await description(),
    new AbortController().signal,
    async (directory) => {
      seen.push(readRunRecord(folder)?.status);
      directory.metric({ generation: 1, cc: 0.5 });
      directory.metric({ generation: 2, cc: Number.NaN });
      directory.write('map.mrc', new Uint8Array([1, 2, 3]));
      directory.addPhase('match', 1.5);
      directory.addPhase('match', 0.5);
      seen.push(readRunRecord(folder)?.files);
      return { cc: 0.9 };
    },
  );
  t.same(result, { cc: 0.9 });
  t.same(seen, ['running', ['metrics.jsonl', 'map.mrc']]);
  const record = readRunRecord(folder);
  t.match(record, {
    status: 'done',
    seed: 7,
    command: ['maniple', 'demo'],
    origins: { 'run.seed': '--seed' },
    configuration: { run: { seed: 7, mode: 'tasks' } },
    timings: { phases_s: { match: 2 } },
    result: { cc: 0.9 },
    versions: { node: process.version },
    error: null,
  });
  const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  t.same(
    lines.map((line) => JSON.parse(line)),
    [
      { generation: 1, cc: 0.5 },
      { generation: 2, cc: null },
    ],
  );
  t.same(readdirSync(folder).sort(), ['map.mrc', 'metrics.jsonl', 'run.json'], 'no temporary file stays');
});

t.test('failure and interruption are told', async (t) => {
  const folder = scratchFolder();
  const failing = inRunDirectory(
    join(folder, 'a'),
    await description(),
    new AbortController().signal,
    async () => {
      throw new Error('no photons');
    },
  );
  await t.rejects(failing, { message: 'no photons' });
  t.match(readRunRecord(join(folder, 'a')), { status: 'failed', error: 'no photons', result: null });

  const controller = new AbortController();
  const interrupted = inRunDirectory(
    join(folder, 'b'),
    await description(),
    controller.signal,
    async (directory) => {
      directory.metric({ generation: 1 });
      directory.file('map.mrc'); // begun, and never written
      controller.abort(new InterruptedError('interrupted'));
      return {};
    },
  );
  await t.rejects(interrupted, { name: 'InterruptedError' });
  t.match(readRunRecord(join(folder, 'b')), { status: 'interrupted', error: null, files: ['metrics.jsonl'] });
});

t.test('what cannot be written is named, and the reason of the failure stays', async (t) => {
  const folder = join(scratchFolder(), 'run');
  const failing = inRunDirectory(
    folder,
    await description(),
    new AbortController().signal,
    async (directory) => {
      rmSync(folder, { recursive: true });
      writeFileSync(folder, 'a file in the place of the folder');
      directory.metric({ generation: 1 });
      return {};
    },
  );
  await t.rejects(failing, { name: 'DataError', exitCode: 3, message: /run\.json: cannot be written: / });
});

t.test('only runs of ours are replaced', async (t) => {
  const folder = scratchFolder();
  const mine = join(folder, 'mine');
  const first = new RunDirectory(mine, await description());
  first.write('map.mrc', 'old');
  writeFileSync(join(mine, 'notes.txt'), 'of the user');
  t.same(replacedFiles(mine).sort(), ['map.mrc', 'run.json']);
  new RunDirectory(mine, await description());
  t.same([existsSync(join(mine, 'map.mrc')), existsSync(join(mine, 'notes.txt'))], [false, true]);

  const strange = join(folder, 'strange');
  mkdirSync(strange);
  writeFileSync(join(strange, 'thesis.tex'), 'x');
  t.throws(() => replacedFiles(strange), {
    message: /strange is not empty and holds no run/,
    name: 'UsageError',
  });
  writeFileSync(join(strange, 'run.json'), '{}');
  t.throws(() => replacedFiles(strange), { name: 'UsageError' }, 'a run.json of somebody else');
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const made = await description();
  t.throws(() => new RunDirectory(join(file, 'below'), made), {
    exitCode: 2,
    message: /cannot write results/,
  });
});
