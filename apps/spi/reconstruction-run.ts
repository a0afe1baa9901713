// The reconstruction as the verbs run it: the task graph of `apps/spinifel` on the runtime, with what its tasks did when.
import type { Timeline } from '../../runtime/index.js';
import type { ReportTask, ReportTimes } from '../report/report-data.js';
import { runtimeOptions, startRuntime } from '../run/start-runtime.js';
import { imagesRegion, reconstruct } from '../spinifel/program.js';
import type { ReconstructionRun } from './engine.js';
import { workDone } from './work.js';

/** Part of the work that is done when the last generation has ended; the rest is phasing. */
const GENERATIONS_PART = 0.6;

export const reconstructionRun: ReconstructionRun = async (input, options, settings, hooks) => {
  const { images, count, detector } = input;
  const began_ms = performance.timeOrigin + performance.now();
  /** When each generation ended, seconds from the beginning. */
  const ends_s: number[] = [];
  let timeline: Timeline = { entries: [], taskNames: [], lost: 0 };
  const done = workDone();
  hooks.step(0, 1, 'generation 1');
  const result = await startRuntime(
    (ctx) => {
      const region = imagesRegion(ctx, count, images.length / count);
      region.write('photons', images);
      return reconstruct(ctx, region, detector, options, (end) => {
        ends_s.push((performance.timeOrigin + performance.now() - began_ms) / 1000);
        hooks.generation(end);
        const next = end.number + 1;
        const label = next < end.of ? `generation ${next + 1} of ${end.of}` : 'phasing';
        hooks.step(GENERATIONS_PART * (done[end.number] ?? 1), 1, label);
      });
    },
    {
      ...runtimeOptions(settings),
      onTimeline: (recorded) => {
        timeline = recorded;
      },
    },
    hooks.signal,
  );
  const tasks = reportTasks(timeline, began_ms);
  return { result, tasks, times: timesOf(tasks, ends_s) };
};

function reportTasks({ entries, taskNames }: Timeline, began_ms: number): ReportTask[] {
  return entries.map(({ lane, task, first, points, start, end }) => ({
    worker: lane,
    name: taskNames[task] ?? `task ${task}`,
    start: (start - began_ms) / 1000,
    end: (end - began_ms) / 1000,
    first,
    points,
  }));
}

/**
 * Seconds of each kind of task between the ends of the generations, shared by the workers: what the workers were busy
 * with, as wall-clock time. A task counts where it began; what runs ahead of its generation counts with the one before.
 */
function timesOf(tasks: readonly ReportTask[], ends_s: readonly number[]): ReportTimes[] {
  const workers = 1 + tasks.reduce((most, { worker }) => Math.max(most, worker), 0);
  const parts = [...ends_s.map((_, i) => `generation ${i + 1}`), 'map'].map((part) => ({
    part,
    seconds: new Map<string, number>(),
  }));
  for (const { name, start, end } of tasks) {
    const later = ends_s.findIndex((ended) => start < ended);
    const { seconds } = parts[later < 0 ? ends_s.length : later]!;
    seconds.set(name, (seconds.get(name) ?? 0) + (end - start) / workers);
  }
  return parts.map(({ part, seconds }) => ({
    part,
    phases: [...seconds].map(([name, spent]) => ({ name, seconds: spent })),
  }));
}
