// The settings that every command shares: how a run is executed, not what it computes.
import { boolean, choice, integer, optional, path, real, section, setting, size } from './setting.js';

export const runSection = section('run', 'How a run is executed.', {
  out: setting(optional(path('DIR')), null, 'where the results go; each command has its own default', {
    flag: 'out',
  }),
  workers: setting(
    optional(integer({ min: 1, max: 1024 })),
    null,
    'worker threads; by default one for each core',
    {
      flag: 'workers',
    },
  ),
  memory: setting(optional(size()), null, 'memory budget; by default what the cgroup allows', {
    flag: 'memory',
    unit: 'bytes',
  }),
  spill: setting(
    optional(path('DIR')),
    null,
    'where memory goes that does not fit the budget; by default the folder for temporary files',
    { flag: 'spill' },
  ),
  watchdog_s: setting(
    real({ min: 0 }),
    60,
    'seconds without the end of a task before it is said what the program waits for; 0: never',
    { unit: 's' },
  ),
  mode: setting(
    choice('tasks', 'bulk', 'inorder'),
    'tasks',
    'the executor: tasks as they become ready; bulk with a barrier after every launch; one by one in order',
    { flag: 'mode' },
  ),
  placement: setting(
    choice('block', 'lpt'),
    'block',
    'how bulk mode deals points to workers: blocks of neighbours, or longest processing time first',
    { flag: 'placement' },
  ),
  seed: setting(integer({ min: 0 }), 1, 'the seed of all randomness', { flag: 'seed' }),
  profile: setting(optional(path('FILE.mprof')), null, 'record a profile of the run', { flag: 'profile' }),
  check: setting(boolean(), false, 'check views, random numbers and writes while running (slower)', {
    flag: { name: 'check', sets: true },
  }),
  trace: setting(boolean(), true, 'find repeated launches and replay them', {
    flag: { name: 'no-trace', sets: false, doc: 'do not replay repeated launches' },
  }),
  steal: setting(boolean(), true, 'let idle workers take work from busy ones', {
    flag: { name: 'no-steal', sets: false, doc: 'leave every task where it was placed' },
  }),
  mapper: setting(choice('default', 'random'), 'default', 'where tasks are placed', {
    flag: { name: 'random-mapper', sets: 'random', doc: 'place tasks at random; for tests' },
  }),
});
