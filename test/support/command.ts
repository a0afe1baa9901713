// Runs the maniple command as a person would: a process of its own, with a clean home.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout } from './needs.js';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of a spawned command: nothing of the user's configuration or cache, no MANIPLE_ settings. */
export function cleanEnvironment(home: string, extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('MANIPLE_') || name === 'MANIPLE_NO_ADDON' || name === 'MANIPLE_SIMD',
  );
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
    ...extra,
  };
}

export const mainFile: string = join(checkout, 'dist/apps/maniple/main.js');

/** Runs `maniple ...args` in `folder` and waits for its end. */
export function maniple(args: readonly string[], folder: string, extra: Record<string, string> = {}): Ended {
  const done = spawnSync(process.execPath, [mainFile, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 300_000,
    env: cleanEnvironment(folder, extra),
  });
  if (done.error) throw done.error;
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** A new empty folder, removed when the process ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'maniple-test-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
