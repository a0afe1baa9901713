// npm test: installs, builds, and runs every compiled test under node's own runner, whose closing lines
// count the tests. Arguments select test files by a part of their path. With MANIPLE_REQUIRE_ALL=1 a skipped
// test is a failure.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { root } from './install.mjs';

build();

const wanted = process.argv.slice(2);
// A compiled test whose source is gone is left over from an earlier build, and is not a test any more.
const files = readdirSync(join(root, 'dist/test'), { recursive: true })
  .map((file) => join('dist/test', file))
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => existsSync(join(root, relative('dist', file).replace(/\.js$/, '.ts'))))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`maniple: no test file matches ${wanted.join(' ')}`);
  process.exit(2);
}
const runner = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-reporter=spec', '--test-reporter-destination=stdout', ...files],
  // tap gives up on a file after 30 s unless told otherwise: too short on a busy machine, or for a long fuzz.
  { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { TAP_TIMEOUT: '1200', ...process.env } },
);
let tail = '';
runner.stdout.on('data', (chunk) => {
  process.stdout.write(chunk);
  tail = (tail + chunk).slice(-4096);
});
runner.on('close', (code) => {
  const count = (what) => Number(new RegExp(`${what} (\\d+)`).exec(tail)?.[1] ?? 0);
  const skipped = count('skipped');
  console.log(`${count('pass')} passed, ${count('fail') + count('cancelled')} failed, ${skipped} skipped`);
  if (code === 0 && skipped > 0 && process.env.MANIPLE_REQUIRE_ALL === '1') {
    console.error(`maniple: ${skipped} tests were skipped, and MANIPLE_REQUIRE_ALL=1 asks for all of them`);
    process.exit(1);
  }
  process.exit(code ?? 1);
});
