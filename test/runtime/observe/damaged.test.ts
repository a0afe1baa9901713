// Files that are no profile, end too early, or were damaged: each is refused with its byte.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DataError } from '../../../runtime/errors.js';
import { checkLog } from '../../../runtime/observe/check.js';
import { generateProgram, runtimeExecutor } from '../../../runtime/testing/index.js';
import { keyedDraw } from '../../../runtime/testing/keyed-random.js';
import { maniple, scratchFolder } from '../../support/command.js';

t.setTimeout(600_000);
const folder = scratchFolder();
const file = join(folder, 'whole.mprof');
const { program } = generateProgram(7, { operations: 60 });
await runtimeExecutor({ executor: 'threads', workers: 2, seed: 7, profile: file, memory: 2 ** 26 })(program);
const whole = readFileSync(file);
const other = join(folder, 'other.mprof');

/** Why a file with these bytes is refused, or null when it is not. */
function refusal(bytes: Uint8Array): DataError | Error | null {
  writeFileSync(other, bytes);
  try {
    checkLog(other);
    return null;
  } catch (error) {
    return error as Error;
  }
}

t.test('the file itself is read', (t) => {
  t.ok(checkLog(file).clean);
  t.end();
});

t.test('a truncated file is refused with the byte where it ends', (t) => {
  const wrong: string[] = [];
  const draw = keyedDraw(1, 0x7c);
  const lengths = [0, 1, 7, 8, 15, 16, 17, whole.length - 1, whole.length - 8];
  for (let i = 0; i < 400; i++) lengths.push(draw.between(0, whole.length - 1));
  for (const length of lengths) {
    const error = refusal(whole.subarray(0, length));
    if (!(error instanceof DataError) || error.where !== `byte ${length}` || !/ends/.test(error.message)) {
      wrong.push(`${length} of ${whole.length} bytes: ${error?.message}`);
    }
  }
  t.same(wrong.slice(0, 3), [], `${wrong.length} of ${lengths.length} truncations are wrong`);
  t.end();
});

t.test('a flipped bit is noticed wherever it is, and the byte is near', (t) => {
  const wrong: string[] = [];
  const draw = keyedDraw(2, 0x7c);
  const copy = Uint8Array.from(whole);
  for (let i = 0; i < 1000; i++) {
    // Headers are hit as often as everything else.
    const byte = i < 300 ? draw.between(0, 63) : draw.between(0, whole.length - 1);
    const bit = 1 << draw.between(0, 7);
    copy[byte]! ^= bit;
    const error = refusal(copy);
    copy[byte]! ^= bit;
    if (!(error instanceof DataError) || !/^byte \d+$/.test(error.where)) {
      wrong.push(`bit ${bit} of byte ${byte}: ${error?.stack}`);
    }
  }
  t.same(wrong.slice(0, 3), [], `${wrong.length} flips are wrong`);
  t.end();
});

t.test('foreign and newer files are refused by name', (t) => {
  t.match(refusal(Buffer.from('PROFILE of something else, long enough')), {
    name: 'DataError',
    where: 'byte 0',
    message: /no profile of maniple/,
  });
  t.match(refusal(Buffer.from(`MPROF\n\n${whole.subarray(8).toString('latin1')}`, 'latin1')), {
    where: 'byte 5',
  });
  const newer = Uint8Array.from(whole);
  newer[8] = 200;
  t.match(refusal(newer), { where: 'byte 8', message: /version 200/ });
  t.match(refusal(Buffer.concat([whole, Buffer.from('more')])), {
    where: `byte ${whole.length}`,
    message: /4 bytes follow/,
  });
  t.throws(() => checkLog(join(folder, 'absent.mprof')), { name: 'DataError' });
  t.end();
});

t.test('the commands end with the codes of the contract', (t) => {
  writeFileSync(other, whole.subarray(0, 1000));
  for (const verb of ['check', 'profile']) {
    const cut = maniple([verb, other], folder);
    t.equal(cut.code, 3);
    t.match(cut.stderr, /other\.mprof, byte 1000: the profile ends/);
    t.equal(cut.stdout, '');
    t.equal(maniple([verb, join(folder, 'absent.mprof')], folder).code, 3);
    t.equal(maniple([verb], folder).code, 2);
    const good = maniple([verb, file, '--json'], folder);
    t.equal(good.code, 0, good.stderr);
    t.type(JSON.parse(good.stdout), 'object');
  }
  t.end();
});
