// Progress: drawn in place on a terminal, a line every few seconds elsewhere, silent when asked.
import t from 'tap';
import { formatBytes, formatColumns, formatDuration } from '../../apps/command/format.js';
import { progressOn, wantsColor } from '../../apps/command/progress.js';

function recorder(isTTY: boolean) {
  const written: string[] = [];
  let now_ms = 0;
  return {
    written,
    stream: { isTTY, columns: 80, write: (text: string) => written.push(text) },
    now_ms: () => now_ms,
    wait: (ms: number) => {
      now_ms += ms;
    },
  };
}

t.test('elsewhere than on a terminal', (t) => {
  const { written, stream, now_ms, wait } = recorder(false);
  const progress = progressOn({ stream, now_ms });
  for (let i = 0; i <= 200; i++) {
    progress.step(i, 200, `step ${i}`);
    wait(100);
  }
  t.same(written, [
    'step 0: 0 %\n',
    'step 50: 25 %, 15 s left\n',
    'step 100: 50 %, 10 s left\n',
    'step 150: 75 %, 5.0 s left\n',
    'step 200: 100 %, 0.0 s left\n',
  ]);
  t.end();
});

t.test('on a terminal', (t) => {
  const { written, stream, now_ms, wait } = recorder(true);
  const progress = progressOn({ stream, now_ms });
  for (let i = 0; i < 100; i++) {
    progress.step(i, 100, 'a very long label '.repeat(9));
    wait(20);
  }
  t.equal(written.length, 20, 'at most ten a second');
  t.ok(
    written.every((line) => line.startsWith('\r\x1b[K') && line.length <= 80 + 5),
    'each fits the line',
  );
  progress.note('a message');
  t.same(written.slice(-2), ['\r\x1b[K', 'a message\n'], 'the drawn line gives way');
  progress.end();
  t.equal(written.at(-1), 'a message\n', 'nothing is left to clear');
  t.end();
});

t.test('quiet, verbose, colour', (t) => {
  const quiet = recorder(false);
  const silent = progressOn({ stream: quiet.stream, quiet: true, verbose: true });
  silent.step(1, 2, 'x');
  silent.note('n');
  silent.detail('d');
  silent.warn('w');
  t.same(quiet.written, ['w\n']);
  const loud = recorder(false);
  progressOn({ stream: loud.stream, verbose: true }).detail('d');
  t.same(loud.written, ['d\n']);
  t.equal(wantsColor({ isTTY: true }, {}), true);
  t.equal(wantsColor({ isTTY: true }, { NO_COLOR: '1' }), false);
  t.equal(wantsColor({ isTTY: false }, {}), false);
  t.end();
});

t.test('durations, bytes, columns', (t) => {
  t.same([0.04, 9.94, 12.4, 59.6, 125, 3599.7, 7805].map(formatDuration), [
    '0.0 s',
    '9.9 s',
    '12 s',
    '1 min 00 s',
    '2 min 05 s',
    '1 h 00 min',
    '2 h 10 min',
  ]);
  t.same([5, 1024, 1536, 2 ** 31].map(formatBytes), ['5 B', '1.0 KiB', '1.5 KiB', '2.0 GiB']);
  t.equal(
    formatColumns(
      [
        ['a', 'bb'],
        ['ccc', 'd'],
      ],
      ' ',
    ),
    ' a    bb\n ccc  d',
  );
  t.end();
});
