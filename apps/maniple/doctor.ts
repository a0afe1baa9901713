// `maniple doctor`: what this machine offers to Maniple, each with its version or the reason of its absence.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { addon, addonAbsence } from '../../native/index.js';
import { memoryLimit } from '../../runtime/index.js';
import type { Command } from '../command/command.js';
import { formatBytes, formatColumns } from '../command/format.js';
import { packageVersion, version } from '../command/package.js';

/** What is known of one thing: present with a version (or a short description), or absent with the reason. */
export interface Finding {
  readonly name: string;
  readonly present: boolean;
  readonly version: string | null;
  /** Why it is absent and how to get it, or null when it is present. */
  readonly absence: string | null;
  /** What Maniple uses it for. */
  readonly use: string;
}

interface Answer {
  readonly output: string;
  readonly missing: boolean;
  readonly failure: string | null;
}

const PATIENCE_MS = 5_000;

/** The first words of a program that is asked for its version; never waits longer than PATIENCE_MS. */
function ask(program: string, args: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
      env: { ...process.env, LC_ALL: 'C', OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' },
    });
    let output = '';
    const take = (chunk: Buffer) => {
      if (output.length < 65_536) output += chunk.toString('utf8');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ output, missing: error.code === 'ENOENT', failure: error.message });
    });
    child.on('close', (code, signal) => {
      const failure = code === 0 ? null : signal !== null ? `stopped by ${signal}` : `exit code ${code}`;
      resolve({ output, missing: false, failure });
    });
  });
}

const VERSION = /\d+(?:\.\d+)+[\w.+-]*/;

interface ProgramProbe {
  readonly name: string;
  readonly use: string;
  /** Programs that would do, in order of preference. */
  readonly programs: readonly (readonly [program: string, ...args: string[]])[];
  readonly install: string;
}

async function probeProgram({ name, use, programs, install }: ProgramProbe): Promise<Finding> {
  const wrong: string[] = [];
  for (const [program, ...args] of programs) {
    const answer = await ask(program, args);
    const found = VERSION.exec(answer.output);
    if (found !== null && (answer.failure === null || !answer.missing)) {
      return { name, present: true, version: `${program} ${found[0]}`, absence: null, use };
    }
    if (!answer.missing)
      wrong.push(`${program} does not tell its version (${answer.failure ?? 'no number in its answer'})`);
  }
  const names = programs.map(([program]) => program).join(' or ');
  const absence = wrong.length > 0 ? wrong.join('; ') : `${names} is not on PATH; ${install}`;
  return { name, present: false, version: null, absence, use };
}

/** The shared libraries that the dynamic linker knows: soname to path. */
async function linkerCache(): Promise<Map<string, string>> {
  const libraries = new Map<string, string>();
  for (const program of ['ldconfig', '/sbin/ldconfig']) {
    const answer = await ask(program, ['-p']);
    for (const line of answer.output.matchAll(/^\s+(\S+) .*=> (\S+)$/gm)) {
      if (!libraries.has(line[1]!)) libraries.set(line[1]!, line[2]!);
    }
    if (libraries.size > 0) break;
  }
  return libraries;
}

interface LibraryProbe {
  readonly name: string;
  readonly use: string;
  readonly sonames: RegExp;
  readonly install: string;
  /** A file whose text names the version of the driver. */
  readonly driverFiles?: readonly string[];
}

function probeLibrary(libraries: ReadonlyMap<string, string>, probe: LibraryProbe): Finding {
  const { name, use, install, driverFiles = [] } = probe;
  const driver = driverFiles
    .filter((file) => existsSync(file))
    .map((file) => VERSION.exec(readFileSync(file, 'utf8'))?.[0])
    .find((text) => text !== undefined);
  const found = [...libraries.keys()].find((soname) => probe.sonames.test(soname));
  if (found !== undefined) {
    const described =
      driver === undefined ? libraries.get(found)! : `${libraries.get(found)}, driver ${driver}`;
    return { name, present: true, version: described, absence: null, use };
  }
  const pattern = probe.sonames.source.replace(/[\^$\\]/g, '').replace(/\(.*?\)[?*+]*/g, '*');
  const kernel = driver === undefined ? '' : ` (the kernel driver ${driver} is there, its library is not)`;
  const absence = `no ${pattern} among the libraries of the dynamic linker${kernel}; ${install}`;
  return { name, present: false, version: null, absence, use };
}

/** The widest vector instructions of the processor, by the names that the add-on uses. */
function processorSimd(): string {
  const flags = new Set(
    existsSync('/proc/cpuinfo')
      ? (/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '').trim().split(' ')
      : [],
  );
  if (['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'].every((flag) => flags.has(flag))) return 'avx512';
  return flags.has('avx2') && flags.has('fma') ? 'avx2' : 'generic';
}

function probeAddon(): Finding[] {
  const use = 'fast kernels; without it the same results, slower';
  const processor = processorSimd();
  if (addon === null) {
    const absence = addonAbsence ?? 'unknown reason';
    return [
      { name: 'add-on', present: false, version: null, absence, use },
      {
        name: 'SIMD',
        present: false,
        version: null,
        absence: `the add-on is absent; the processor has ${processor}`,
        use: 'vector kernels',
      },
    ];
  }
  const level = addon.simdLevel;
  return [
    {
      name: 'add-on',
      present: true,
      version: `node-addon-api ${packageVersion('node-addon-api') ?? 'unknown'}`,
      absence: null,
      use,
    },
    {
      name: 'SIMD',
      present: true,
      version: `${level}${level === processor ? '' : ` (the processor has ${processor})`}`,
      absence: null,
      use: 'vector kernels',
    },
  ];
}

const programs: readonly ProgramProbe[] = [
  {
    name: 'compiler',
    use: 'builds the add-on',
    programs: [
      ['g++', '--version'],
      ['c++', '--version'],
      ['clang++', '--version'],
    ],
    install: 'Debian: apt install g++',
  },
  {
    name: 'mpirun',
    use: 'starts ranks on many nodes',
    programs: [
      ['mpirun', '--version'],
      ['mpiexec', '--version'],
    ],
    install: 'Debian: apt install openmpi-bin or mpich',
  },
  {
    name: 'Slurm',
    use: 'runs on a cluster',
    programs: [
      ['sinfo', '--version'],
      ['sbatch', '--version'],
    ],
    install: 'your site provides it; Debian: apt install slurm-wlm',
  },
  {
    name: 'MariaDB/MySQL',
    use: 'state of runs that a team shares',
    programs: [
      ['mariadbd', '--version'],
      ['mysqld', '--version'],
      ['mariadb', '--version'],
      ['mysql', '--version'],
    ],
    install: 'Debian: apt install mariadb-server; a run of your own needs no server',
  },
  {
    name: 'SQLite',
    use: 'looking into the state of a run by hand',
    programs: [['sqlite3', '--version']],
    install: 'Debian: apt install sqlite3',
  },
  {
    name: 'XRootD',
    use: 'data over the network',
    programs: [
      ['xrdcp', '--version'],
      ['xrootd', '-v'],
    ],
    install: 'Debian: apt install xrootd-client',
  },
  {
    name: 'HDF5 tools',
    use: 'looking into HDF5 files by hand',
    programs: [
      ['h5dump', '--version'],
      ['h5ls', '--version'],
    ],
    install: 'Debian: apt install hdf5-tools',
  },
];

const libraryProbes: readonly LibraryProbe[] = [
  {
    name: 'MPI library',
    use: 'messages between nodes',
    sonames: /^libmpi(ch)?\.so/,
    install: 'Debian: apt install libopenmpi3 or libmpich12',
  },
  {
    name: 'NVIDIA GPU',
    use: 'kernels on a GPU (CUDA driver)',
    sonames: /^libcuda\.so/,
    install: 'comes with the NVIDIA driver',
    driverFiles: ['/proc/driver/nvidia/version'],
  },
  {
    name: 'AMD GPU',
    use: 'kernels on a GPU (HIP)',
    sonames: /^libamdhip64\.so/,
    install: 'comes with ROCm',
    driverFiles: ['/sys/module/amdgpu/version', '/opt/rocm/.info/version'],
  },
  {
    name: 'HDF5 library',
    use: 'single reads above 2 GiB',
    sonames: /^libhdf5(_serial)?\.so/,
    install: 'Debian: apt install libhdf5-103-1; smaller reads use the embedded h5wasm',
  },
];

function present(name: string, what: string, use: string): Finding {
  return { name, present: true, version: what, absence: null, use };
}

/** Looks at the machine. Asks every program at once, so that it takes as long as the slowest answer. */
export async function examine(): Promise<Finding[]> {
  const limit = memoryLimit();
  const h5wasm = packageVersion('h5wasm');
  const [libraries, ...found] = await Promise.all([linkerCache(), ...programs.map(probeProgram)]);
  const memory =
    limit.bytes < totalmem()
      ? `${formatBytes(limit.bytes)} (${limit.origin}) of ${formatBytes(totalmem())}`
      : formatBytes(totalmem());
  return [
    present('maniple', version(), 'this program'),
    present('node', process.version.slice(1), `runs everything (${platform()} ${release()} ${arch()})`),
    present(
      'cores',
      `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}`,
      'one worker thread each',
    ),
    present('memory', memory, 'the default budget of a run'),
    ...probeAddon(),
    h5wasm === null
      ? {
          name: 'h5wasm',
          present: false,
          version: null,
          absence: 'the package is not installed; npm install',
          use: 'HDF5 files',
        }
      : present('h5wasm', h5wasm, 'HDF5 files'),
    ...found,
    ...libraryProbes.map((probe) => probeLibrary(libraries, probe)),
  ];
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'what this machine offers, and why the rest is missing',
  positionals: [],
  options: [],
  sections: [],
  examples: ['maniple doctor', 'maniple doctor --json', 'maniple doctor -v  # and what each is for'],
  async run({ verbose }) {
    const findings = await examine();
    const rows = findings.map(({ name, present: there, version: which, absence, use }) => {
      const row = [there ? 'yes' : 'no', name, (there ? which : absence) ?? ''];
      return verbose ? [...row, `(${use})`] : row;
    });
    const json = Object.fromEntries(findings.map(({ name, ...rest }) => [name, rest]));
    return { json, text: formatColumns(rows) };
  },
};
