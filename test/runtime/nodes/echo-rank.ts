// A rank that sends back what it gets: the first half of the messages from its event loop, the rest blocked.
import { type MessagePort, workerData } from 'node:worker_threads';
import { sleepLauncher } from '../../../runtime/execution/sleep.js';
import type { Graph } from '../../../runtime/graph/layout.js';
import { Loopback, type SharedLoopback } from '../../../runtime/nodes/loopback.js';
import { Mail, Topic } from '../../../runtime/nodes/mail.js';

const { shared, port } = workerData as { shared: SharedLoopback; port: MessagePort };
const control = new Int32Array(new SharedArrayBuffer(4 * 288));
const transport = new Loopback(shared, 1, [port, null]);
await transport.connect(control);
const mail = new Mail(transport);
const alive = setInterval(() => {}, 2 ** 30);
for (let i = 0; i < 200; i++) {
  let done = false;
  mail.receive(0, Topic.values, i, (bytes) => {
    mail.send(0, Topic.values, i, bytes);
    done = true;
  });
  while (!done) {
    if (i < 100) {
      const rung = new Promise<void>((resolve) => transport.arm(resolve));
      if (!mail.progress()) await rung;
    } else if (!mail.progress()) {
      // The graph is known to sleepLauncher by its control words alone.
      sleepLauncher({ control } as Graph, 1, () => !mail.progress());
    }
  }
}
while (!mail.sent) mail.progress();
clearInterval(alive);
