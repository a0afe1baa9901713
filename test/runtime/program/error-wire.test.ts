// Errors that ranks tell each other arrive as what they were: class, fields, exit code, causes.
import { deserialize, serialize } from 'node:v8';
import t from 'tap';
import * as errors from '../../../runtime/errors.js';
import { type ErrorWire, fromWire, toWire } from '../../../runtime/program/ranks/error-wire.js';

const sent = (error: unknown): Error => fromWire(deserialize(serialize(toWire(error))) as ErrorWire);

/** An error of a program, with something in it that no message can hold. */
class OddError extends errors.QualityError {
  readonly shells = 7;
  readonly retry = () => {};
}

const failed = {
  task: 'fit',
  point: [1, 2],
  operation: 3,
  path: [3],
  launchSite: 'a.js:1:2',
  regions: ['r'],
};
const damaged = new errors.DataError('x.h5', 'byte 7', 'it is damaged');
const calls: [errors.RankCall, errors.RankCall] = [
  { what: 'task a', site: 'a.js:1:1' },
  { what: 'task b', site: 'b.js:1:1' },
];
const taskError = new errors.TaskError(failed, damaged);
const samples: readonly errors.ManipleError[] = [
  damaged,
  taskError,
  new errors.WorkerLostError(failed, new Error('gone')),
  new errors.UpstreamError('next', taskError),
  new errors.CancelledError('fit', 'a.js:1:2', new errors.InterruptedError('Ctrl-C')),
  new errors.LaunchError('refused'),
  new errors.ContainmentError('refused', 'field', 'v', null, [1]),
  new errors.InterferenceError('refused', 'a', 'b', [4]),
  new errors.OutOfMemoryError('full', [{ what: 'r', bytes: 8 }]),
  new errors.ReplicaMismatchError([0, 1], calls, { name: 'the task', values: ['a', 'b'] }),
  new errors.RankError(2, taskError),
];

t.test('errors of the runtime keep class, message, fields and exit code', (t) => {
  for (const error of samples) {
    const got = sent(error) as errors.ManipleError;
    t.equal(got.constructor, error.constructor, error.name);
    t.equal(got.message, error.message);
    t.equal(got.name, error.name);
    t.equal(got.exitCode, error.exitCode, `${error.name}: exit code`);
    const { root: _, ...fields } = error as Partial<errors.UpstreamError>;
    t.match({ ...got }, { ...fields });
    if (error.cause instanceof Error) t.equal((got.cause as Error).constructor, error.cause.constructor);
  }
  const upstream = sent(new errors.UpstreamError('next', taskError)) as errors.UpstreamError;
  t.ok(upstream.root instanceof errors.TaskError);
  t.equal(upstream.root, upstream.cause);
  t.end();
});

t.test('errors of others are told as far as they can be', (t) => {
  const odd = sent(new OddError('not good enough'));
  t.ok(odd instanceof errors.QualityError);
  t.match(odd, { name: 'OddError', message: 'not good enough', exitCode: 6, shells: 7 });
  const type = sent(new TypeError('no such thing', { cause: 'a string' }));
  t.match(type, { name: 'TypeError', message: 'no such thing', cause: { message: 'a string' } });
  t.match(sent('a string'), { message: 'it threw a string' });
  const circle = new Error('round');
  circle.cause = circle;
  t.equal(sent(circle).message, 'round');
  t.end();
});
