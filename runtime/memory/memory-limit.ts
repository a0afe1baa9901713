// How much memory a run may use, as the machine and the control groups have it.
import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** A memory limit and who sets it. */
export interface MemoryLimit {
  readonly bytes: number;
  readonly origin: string;
}

/** The least of the machine's memory and the limits of the cgroups (v2 and v1) that this process runs in. */
export function memoryLimit(): MemoryLimit {
  let limit: MemoryLimit = { bytes: totalmem(), origin: 'machine' };
  const group = existsSync('/proc/self/cgroup') ? readFileSync('/proc/self/cgroup', 'utf8') : '';
  const v2 = /^0::(\/.*)$/m.exec(group)?.[1] ?? '/';
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(group)?.[1] ?? '/';
  const files = [
    '/sys/fs/cgroup/memory/memory.limit_in_bytes',
    `/sys/fs/cgroup/memory${v1}/memory.limit_in_bytes`,
  ];
  // In v2 every group above counts too.
  for (let path = v2; ; path = path.slice(0, path.lastIndexOf('/'))) {
    files.push(`/sys/fs/cgroup${path.replace(/\/$/, '')}/memory.max`);
    if (path.length <= 1) break;
  }
  for (const file of files) {
    const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : 'max';
    const bytes = Number(text);
    if (text !== 'max' && bytes > 0 && bytes < limit.bytes) limit = { bytes, origin: `cgroup, ${file}` };
  }
  return limit;
}
