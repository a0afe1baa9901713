// The exit codes of every command, in one place. They are part of the contract: scripts and schedulers rely on them.

export const EXIT = {
  done: 0,
  /** A defect of ours; a report to send is printed. */
  defect: 1,
  /** Usage or configuration. */
  usage: 2,
  /** Input data missing, damaged or inconsistent. */
  data: 3,
  /** A needed engine (MPI, GPU, database, Slurm) is absent. */
  engine: 4,
  /** A task of the user's program failed. */
  task: 5,
  /** Not converged, or quality below what was asked. */
  quality: 6,
  /** Stopped early with a checkpoint; the same command resumes. */
  preempted: 75,
  interrupted: 130,
} as const;

const KNOWN: ReadonlySet<number> = new Set(Object.values(EXIT));

/** The exit code that an error carries as `exitCode`; 1 for an error that carries none, which nobody foresaw. */
export function exitCodeOf(error: unknown): number {
  const code =
    typeof error === 'object' && error !== null && 'exitCode' in error ? error.exitCode : undefined;
  return typeof code === 'number' && KNOWN.has(code) ? code : EXIT.defect;
}
