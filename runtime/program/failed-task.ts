// The error of a task that failed: which point of which launch, where it was launched, with which regions.
import { TaskError, WorkerLostError } from '../errors.js';
import type { LaunchHandle } from './handle.js';
import { launchSite } from './launch-site.js';

/** The error of a point of a launch that failed for a reason of its own. */
export function failedTask(
  handle: LaunchHandle,
  point: number,
  cause: unknown,
  lost: boolean | undefined = false,
): TaskError {
  const { scope, task, number, domain, site } = handle;
  return new (lost ? WorkerLostError : TaskError)(
    {
      task,
      point: domain.at(point),
      operation: number,
      path: [...scope.path, number],
      launchSite: launchSite(site),
      regions: handle.regions(),
    },
    cause,
  );
}
