// The cost of telling one listener about one event: eventemitter3 and node:events.
import { EventEmitter as NodeEmitter } from 'node:events';
import { EventEmitter } from 'eventemitter3';
import { heading, perCall, row } from './timing.mjs';

heading('one `emit`');
let sum = 0;
for (const [name, emitter] of [
  ['eventemitter3, 1 listener', new EventEmitter()],
  ['node:events, 1 listener', new NodeEmitter()],
]) {
  emitter.on('task', (id) => {
    sum += id;
  });
  row(
    name,
    await perCall((n) => {
      for (let i = 0; i < n; i++) emitter.emit('task', i);
    }, 1_000_000),
  );
}
for (const [name, emitter] of [
  ['eventemitter3, nobody listens', new EventEmitter()],
  ['node:events, nobody listens', new NodeEmitter()],
]) {
  row(
    name,
    await perCall((n) => {
      for (let i = 0; i < n; i++) emitter.emit('task', i);
    }, 1_000_000),
  );
}
if (Number.isNaN(sum)) throw new Error('no event arrived');
