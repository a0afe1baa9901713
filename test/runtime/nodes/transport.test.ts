// Messages between ranks: what is sent arrives, whole, in order, at who asked for it, however small the ring is.
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import t from 'tap';
import { createLoopback, Loopback } from '../../../runtime/nodes/loopback.js';
import { Mail, Topic } from '../../../runtime/nodes/mail.js';
import { ByteRing, ringBytes } from '../../../runtime/nodes/ring.js';
import { RANKS_MAX, TAG_LIMIT, type Transfer } from '../../../runtime/nodes/transport.js';
import { keyedDraw } from '../../../runtime/testing/keyed-random.js';

/** Draws numbers below `n`. */
function draws(seed: number): (n: number) => number {
  const { between } = keyedDraw(seed);
  return (n) => between(0, n - 1);
}

const message = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 13 + (i >> 8)) & 255);

t.test('a ring passes bytes on in order, whatever the sizes', (t) => {
  const ring = new ByteRing(new SharedArrayBuffer(ringBytes(64)), 0, 64);
  const draw = draws(1);
  const all = message(20_000, 3);
  const got = new Uint8Array(all.length);
  let put = 0;
  let taken = 0;
  while (taken < all.length) {
    put += ring.put(all.subarray(0, Math.min(all.length, put + draw(70))), put);
    taken += ring.take(got.subarray(0, Math.min(got.length, taken + draw(70))), taken);
  }
  t.same(got, all);
  t.equal(ring.filled, 0);
  t.equal(ring.put(message(100, 0), 0), 64, 'no more than there is room for');
  t.equal(ring.put(message(100, 0), 0), 0);
  t.end();
});

t.test('messages of three ranks, in any order, with rings of 64 bytes', (t) => {
  const shared = createLoopback(3, 64);
  const ranks = [0, 1, 2].map((rank) => new Loopback(shared, rank));
  const draw = draws(7);
  const expected: Uint8Array[] = [];
  const got: { bytes: Uint8Array; transfer: Transfer }[] = [];
  const sent: Transfer[] = [];
  const later: (() => void)[] = [];
  for (let i = 0; i < 2000; i++) {
    const from = draw(3);
    const to = (from + 1 + draw(2)) % 3;
    const tag = draw(5);
    const bytes = message(draw(4) === 0 ? draw(1000) : draw(20), i);
    sent.push(ranks[from]!.isend(to, tag, bytes));
    expected.push(bytes);
    const receive = () => {
      const into = new Uint8Array(bytes.length + draw(8));
      got[i] = { bytes: into, transfer: ranks[to]!.irecv(from, tag, into) };
    };
    // Of one pair and tag, receives are posted in the order of the messages, but maybe late.
    later.push(receive);
    if (draw(3) === 0) for (const post of later.splice(0)) post();
    if (draw(2) === 0) ranks[draw(3)]!.progress();
  }
  for (const post of later) post();
  for (let moved = true; moved; ) {
    moved = false;
    for (const rank of ranks) moved = rank.progress() || moved;
  }
  t.ok(
    sent.every(({ done }) => done),
    'everything has left',
  );
  const wrong = got.findIndex(
    ({ bytes, transfer }, i) =>
      !transfer.done ||
      transfer.length !== expected[i]!.length ||
      Buffer.compare(bytes.subarray(0, transfer.length), expected[i]!) !== 0,
  );
  t.equal(wrong, -1, 'everything has arrived where it was asked for');
  t.end();
});

t.test('a receive is done only when all of the message is there', (t) => {
  const shared = createLoopback(2, 64);
  const [a, b] = [new Loopback(shared, 0), new Loopback(shared, 1)];
  const into = new Uint8Array(200);
  const receive = b.irecv(0, 3, into);
  const send = a.isend(1, 3, message(200, 1));
  t.notOk(send.done);
  b.progress();
  t.notOk(receive.done);
  for (let i = 0; i < 8; i++) {
    a.progress();
    b.progress();
  }
  t.ok(send.done);
  t.ok(receive.done);
  t.same(into, message(200, 1));
  t.notOk(a.progress(), 'nothing is left to do');
  t.end();
});

t.test('what cannot be is refused', (t) => {
  t.throws(() => createLoopback(0), /ranks is 0, but must be an integer from 1 to 30/);
  t.throws(() => createLoopback(RANKS_MAX + 1), /ranks is 31/);
  t.throws(() => createLoopback(2, 100), /a power of two of bytes, not 100/);
  const shared = createLoopback(2, 64);
  const [a, b] = [new Loopback(shared, 0), new Loopback(shared, 1)];
  t.throws(() => a.isend(0, 1, new Uint8Array(1)), /rank 0 of 2 has no messages with rank 0/);
  t.throws(() => a.isend(2, 1, new Uint8Array(1)), /has no messages with rank 2/);
  t.throws(() => a.isend(1, TAG_LIMIT, new Uint8Array(1)), /a tag is an integer/);
  b.irecv(0, 1, new Uint8Array(3));
  a.isend(1, 1, new Uint8Array(4));
  t.throws(() => b.progress(), /a message of 4 bytes with tag 1 does not fit the 3 bytes for it/);
  t.end();
});

t.test('mail of any length, asked for before or after it came', (t) => {
  const shared = createLoopback(2, 1 << 12);
  const [a, b] = [new Mail(new Loopback(shared, 0)), new Mail(new Loopback(shared, 1))];
  const lengths = [0, 1, 1015, 1016, 1017, 5000, 100_000];
  const got = new Map<string, Uint8Array>();
  const topics = [Topic.values, Topic.elements];
  const expect = (topic: number) => {
    for (const [i] of lengths.entries())
      b.receive(0, topic, i, (bytes) => {
        got.set(`${topic} ${i}`, bytes.slice());
      });
  };
  expect(Topic.values);
  for (const topic of topics)
    for (const [i, length] of lengths.entries()) a.send(1, topic, i, message(length, i + topic));
  for (let i = 0; i < 20; i++) b.progress();
  expect(Topic.elements);
  for (let i = 0; i < 400; i++) {
    a.progress();
    b.progress();
  }
  t.ok(a.sent);
  t.equal(b.expected, 0);
  const wrong = topics.flatMap((topic) =>
    lengths.filter(
      (length, i) =>
        Buffer.compare(got.get(`${topic} ${i}`) ?? Buffer.of(), message(length, i + topic)) !== 0,
    ),
  );
  t.same(wrong, []);
  t.end();
});

t.test('between threads: a rank that sleeps is woken, in its event loop and blocked', async (t) => {
  const shared = createLoopback(2);
  const { port1, port2 } = new MessageChannel();
  const peer = new Worker(new URL('./echo-rank.js', import.meta.url), {
    workerData: { shared, port: port2 },
    transferList: [port2],
  });
  const control = new Int32Array(new SharedArrayBuffer(4 * 64));
  const transport = new Loopback(shared, 0, [null, port1]);
  await transport.connect(control);
  const mail = new Mail(transport);
  const rounds = 200;
  let seen = 0;
  const start = performance.now();
  for (let i = 0; i < rounds; i++) {
    const bytes = message(i * 37, i);
    let back: Uint8Array | null = null;
    mail.receive(1, Topic.values, i, (answer) => {
      back = answer;
    });
    mail.send(1, Topic.values, i, bytes);
    while (back === null) {
      const rung = new Promise<void>((resolve) => transport.arm(resolve));
      if (mail.progress()) continue;
      await rung;
    }
    if (Buffer.compare(back, bytes) === 0) seen++;
  }
  t.equal(seen, rounds, `${rounds} messages there and back in ${Math.round(performance.now() - start)} ms`);
  await once(peer, 'exit');
  transport.close();
});
