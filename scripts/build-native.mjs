// Builds the native add-on, dist/native/maniple.node, with the C++ compiler alone (g++, or what CXX names).
// native/addon/*.cc is compiled once; native/kernels/*.cc once for every vector level of this architecture, each
// into its own namespace, and the add-on chooses among them when it is loaded. An object is compiled again only when
// its command, its source or a header that it includes has changed. Whatever goes wrong, the exit code is 0 and one
// line says why: Maniple runs without the add-on, slower.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const outDir = join(root, 'dist/native');
const objDir = join(outDir, 'obj');
const product = join(outDir, 'maniple.node');
const log = join(outDir, 'build.log');
// CXX may hold options too, as with make: "ccache g++".
const [compiler, ...compilerWords] = (process.env.CXX || 'g++').split(/\s+/).filter(Boolean);

/** Vector levels: the options that switch the instructions on. native/kernels/levels.h checks the same ones. */
const levels =
  process.arch === 'x64'
    ? {
        generic: ['-msse4.2', '-mpopcnt'],
        avx2: ['-mavx2', '-mfma', '-mf16c', '-mbmi', '-mbmi2', '-mlzcnt', '-mpopcnt'],
        avx512: [
          ...[
            '-mavx512f',
            '-mavx512bw',
            '-mavx512dq',
            '-mavx512vl',
            '-mavx512cd',
            '-mprefer-vector-width=512',
          ],
          ...['-mavx2', '-mfma', '-mf16c', '-mbmi', '-mbmi2', '-mlzcnt', '-mpopcnt'],
        ],
      }
    : { generic: [] };

const common = [
  ...[
    '-O3',
    '-std=c++17',
    '-fPIC',
    '-pthread',
    '-fvisibility=hidden',
    '-fno-math-errno',
    '-fno-trapping-math',
  ],
  ...['-Wall', '-Wextra', '-Wno-psabi', '-Wno-unknown-pragmas', '-Wno-ignored-attributes'],
  // GCC 12 sees uninitialised variables in its own vector headers.
  ...['-Wno-maybe-uninitialized', '-Wno-unknown-warning-option'],
];

const hash = (text) => createHash('sha256').update(text).digest('hex').slice(0, 24);
const hashOfFile = (() => {
  const known = new Map();
  return (path) => {
    if (!known.has(path)) known.set(path, existsSync(path) ? hash(readFileSync(path)) : 'absent');
    return known.get(path);
  };
})();

class BuildFailure extends Error {}

function run(words) {
  return new Promise((resolve, reject) => {
    const child = spawn(compiler, [...compilerWords, ...words], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('error', (error) => reject(new BuildFailure(`cannot start ${compiler}: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) return resolve(said);
      const first =
        said.split('\n').find((line) => /error/i.test(line)) ?? `${compiler} ended with code ${code}`;
      reject(Object.assign(new BuildFailure(first.trim()), { said }));
    });
  });
}

/** The headers that a compiler listed in a make-style dependency file; system headers are left out by -MMD. */
function dependencies(path) {
  const text = readFileSync(path, 'utf8').replaceAll('\\\n', ' ');
  return text
    .slice(text.indexOf(':') + 1)
    .split(/\s+/)
    .filter(Boolean);
}

/** Compiles one source if its stamp is out of date; returns the stamp, which changes with the object. */
async function compile(source, object, words, version) {
  const command = [...words, '-c', relative(root, source)].join(' ');
  const stampPath = `${object}.json`;
  if (existsSync(object) && existsSync(stampPath)) {
    const stamp = JSON.parse(readFileSync(stampPath, 'utf8'));
    const same = stamp.command === command && stamp.version === version;
    if (
      same &&
      Object.entries(stamp.files).every(([file, digest]) => hashOfFile(join(root, file)) === digest)
    ) {
      return { fresh: false, digest: stamp.digest };
    }
  }
  const own = `${object}.${process.pid}`;
  try {
    const warnings = await run([...words, '-MMD', '-MF', `${own}.d`, '-c', source, '-o', `${own}.o`]);
    if (warnings) process.stderr.write(warnings);
    const files = {};
    for (const file of dependencies(`${own}.d`))
      files[relative(root, join(root, relative(root, file)))] = hashOfFile(file);
    const digest = hash(command + version + JSON.stringify(files));
    renameSync(`${own}.o`, object);
    writeFileSync(`${own}.json`, JSON.stringify({ command, version, digest, files }));
    renameSync(`${own}.json`, stampPath);
    return { fresh: true, digest };
  } finally {
    for (const end of ['.o', '.d', '.json']) rmSync(own + end, { force: true });
  }
}

function sources(folder) {
  const path = join(root, 'native', folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((file) => file.endsWith('.cc'))
    .sort()
    .map((file) => join(path, file));
}

async function build() {
  mkdirSync(objDir, { recursive: true });
  const asked = spawnSync(compiler, [...compilerWords, '--version'], { encoding: 'utf8' });
  if (asked.error || asked.status !== 0) {
    throw new BuildFailure(`no C++ compiler (${compiler}); install g++ or set CXX`);
  }
  const version = asked.stdout.split('\n')[0];
  const headers = [dirname(require.resolve('node-addon-api')), require('node-api-headers').include_dir];
  const addonWords = [
    ...common,
    ...[
      '-DNAPI_VERSION=8',
      '-DNAPI_CPP_EXCEPTIONS',
      // A thread that is being ended takes no exception any more: without this the process would abort.
      '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      '-DNODE_GYP_MODULE_NAME=maniple',
      '-DBUILDING_NODE_EXTENSION',
    ],
    ...(process.arch === 'x64' ? ['-DMANIPLE_HAVE_X86_LEVELS'] : []),
    ...headers.flatMap((path) => ['-isystem', path]),
  ];
  const jobs = sources('addon').map((source) => ({
    source,
    object: join(objDir, `${basename(source, '.cc')}.o`),
    words: addonWords,
  }));
  for (const source of sources('kernels')) {
    // `NOUN.exact.cc` gives the bits of its TypeScript twin: a product and a sum are rounded apart.
    const contract = source.endsWith('.exact.cc') ? 'off' : 'fast';
    for (const [level, options] of Object.entries(levels)) {
      jobs.push({
        source,
        object: join(objDir, `${basename(source, '.cc')}.${level}.o`),
        words: [...common, `-ffp-contract=${contract}`, `-DMANIPLE_LEVEL=${level}`, ...options],
      });
    }
  }
  let fresh = 0;
  const digests = new Array(jobs.length);
  let next = 0;
  const lane = async () => {
    while (next < jobs.length) {
      const at = next++;
      const { source, object, words } = jobs[at];
      const done = await compile(source, object, words, version);
      digests[at] = done.digest;
      if (done.fresh) fresh++;
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(availableParallelism(), 8) }, lane));
  const failed = lanes.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;

  const linkStamp = join(outDir, 'maniple.node.json');
  const digest = hash(jobs.map((job, at) => job.object + digests[at]).join('\n'));
  if (fresh === 0 && existsSync(product) && existsSync(linkStamp)) {
    if (JSON.parse(readFileSync(linkStamp, 'utf8')).digest === digest) return;
  }
  const own = `${product}.${process.pid}`;
  const link = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  try {
    await run([...link, '-pthread', '-o', own, ...jobs.map((job) => job.object)]);
    renameSync(own, product);
  } finally {
    rmSync(own, { force: true });
  }
  writeFileSync(linkStamp, JSON.stringify({ digest, compiler: version, levels: Object.keys(levels) }));
}

try {
  await build();
  rmSync(log, { force: true });
} catch (error) {
  if (!(error instanceof BuildFailure)) throw error;
  rmSync(product, { force: true });
  rmSync(join(outDir, 'maniple.node.json'), { force: true });
  const where = error.said ? ` (all of it in ${relative(process.cwd(), log)})` : '';
  mkdirSync(outDir, { recursive: true });
  writeFileSync(log, error.said ?? error.message);
  console.error(`maniple: the native add-on is not built, everything runs slower: ${error.message}${where}`);
}
