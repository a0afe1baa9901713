// Calling C from JavaScript: node-addon-api (compiled by g++ directly, and by node-gyp), koffi, ffi-napi.
// koffi and ffi-napi are no dependencies of ours: they are installed into a temporary folder for the measurement.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { heading, perCall, row } from './timing.mjs';

const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'native-call-'));
const inFolder = (command, args) =>
  spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });

try {
  writeFileSync(
    join(folder, 'sum.cc'),
    'extern "C" double add(double a, double b) { return a + b; }\n' +
      'extern "C" double first(const double* x) { return x[0]; }\n',
  );
  writeFileSync(
    join(folder, 'addon.cc'),
    `#include <napi.h>
static Napi::Value add(const Napi::CallbackInfo& i) {
  return Napi::Number::New(i.Env(), i[0].As<Napi::Number>().DoubleValue() + i[1].As<Napi::Number>().DoubleValue());
}
static Napi::Value first(const Napi::CallbackInfo& i) {
  return Napi::Number::New(i.Env(), i[0].As<Napi::Float64Array>().Data()[0]);
}
static Napi::Object start(Napi::Env env, Napi::Object exports) {
  exports.Set("add", Napi::Function::New(env, add));
  exports.Set("first", Napi::Function::New(env, first));
  return exports;
}
NODE_API_MODULE(measured, start)
`,
  );
  const include = [require('node-addon-api').include_dir, require('node-api-headers').include_dir].map(
    (path) => resolve(path),
  );
  const begin = performance.now();
  execFileSync(
    'g++',
    ['-std=c++17', '-O2', '-shared', '-fPIC', '-DNAPI_VERSION=8', '-DNODE_ADDON_API_DISABLE_DEPRECATED']
      .concat(include.map((path) => `-I${path}`))
      .concat(['addon.cc', '-o', 'addon.node']),
    { cwd: folder },
  );
  const direct = performance.now() - begin;
  execFileSync('g++', ['-O2', '-shared', '-fPIC', 'sum.cc', '-o', 'sum.so'], { cwd: folder });

  heading('building the add-on, calling it');
  const once = (ms) => ({ median: ms * 1e6, best: ms * 1e6, worst: ms * 1e6 });
  row('build: `g++` directly', once(direct));

  writeFileSync(join(folder, 'package.json'), '{ "name": "measured", "private": true }');
  writeFileSync(
    join(folder, 'binding.gyp'),
    JSON.stringify({
      targets: [
        {
          target_name: 'gyp',
          sources: ['addon.cc'],
          include_dirs: include,
          defines: ['NAPI_VERSION=8', 'NAPI_DISABLE_CPP_EXCEPTIONS'],
        },
      ],
    }),
  );
  const gyp = join(
    execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim(),
    'npm/node_modules/node-gyp/bin/node-gyp.js',
  );
  const gypBegin = performance.now();
  // Without Node's headers on the machine, node-gyp downloads them; with them it is told where they are.
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
  const gypDone = inFolder(process.execPath, [gyp, 'rebuild', ...headers]);
  if (gypDone.status === 0) row('build: node-gyp', once(performance.now() - gypBegin));
  else
    console.log(
      `| build: node-gyp | fails here: ${
        (gypDone.stderr ?? String(gypDone.error))
          .trim()
          .split('\n')
          .find((l) => /ERR!|Error/.test(l)) ?? 'no reason given'
      } | |`,
    );

  const array = new Float64Array(new SharedArrayBuffer(1024)).fill(1);
  const ways = [];
  const addon = require(join(folder, 'addon.node'));
  ways.push(['node-addon-api', addon.add, addon.first]);

  for (const name of ['koffi', 'ffi-napi']) {
    const done = inFolder('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', name]);
    if (done.status !== 0) {
      const reason = done.stderr.split('\n').find((line) => line.includes('error:')) ?? 'no reason given';
      console.log(`| ${name} | does not install: ${reason.replace(/^.*?(?=error:)/, '').slice(0, 150)} | |`);
    }
  }
  const local = createRequire(join(folder, 'package.json'));
  try {
    const library = local('koffi').load(join(folder, 'sum.so'));
    ways.push(['koffi', library.func('double add(double, double)'), library.func('double first(double*)')]);
  } catch (error) {
    console.log(`| koffi | ${error.message} | |`);
  }
  let sum = 0;
  for (const [name, add, first] of ways) {
    if (add(1, 2) !== 3 || first(array) !== 1) throw new Error(`${name} computes something else`);
    row(
      `${name}: add two numbers`,
      await perCall((n) => {
        for (let i = 0; i < n; i++) sum += add(i, 1);
      }, 200_000),
    );
    row(
      `${name}: pass a shared typed array`,
      await perCall((n) => {
        for (let i = 0; i < n; i++) sum += first(array);
      }, 200_000),
    );
  }
  if (sum === 0) throw new Error('nothing was called');
  const size = readFileSync(join(folder, 'addon.node')).length;
  console.log(`\nThe add-on is ${(size / 1024).toFixed(0)} KiB.`);
} finally {
  rmSync(folder, { recursive: true });
}
