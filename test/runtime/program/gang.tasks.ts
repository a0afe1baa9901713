// Tasks that run as gangs: their points wait for each other.
import { f64, fieldSpace, i32, overwrites, reads, reduces, task, updates } from '../../../runtime/index.js';

export const Line = fieldSpace({ x: f64, y: f64, flag: i32, sum: f64 });
const module = import.meta.url;

/** Jacobi steps on one's own cells, with the neighbours' edges exchanged at barriers. */
export const relax = task({
  module,
  name: 'relax',
  regions: { own: updates(Line, 'x'), edges: updates(Line, 'y').simultaneous() },
  run({ own, edges }, { steps }: { steps: number }, { gang }) {
    const { rank, size } = gang!;
    const n = own.volume;
    let change = 0;
    for (let step = 0; step < steps; step++) {
      edges.y[2 * rank] = own.x[0]!;
      edges.y[2 * rank + 1] = own.x[n - 1]!;
      gang!.barrier();
      const left = rank > 0 ? edges.y[2 * rank - 1]! : 0;
      const right = rank < size - 1 ? edges.y[2 * rank + 2]! : 1;
      gang!.barrier();
      const old = own.x.slice();
      let mine = 0;
      for (let i = 0; i < n; i++) {
        const next = 0.5 * ((i > 0 ? old[i - 1]! : left) + (i < n - 1 ? old[i + 1]! : right));
        mine = Math.max(mine, Math.abs(next - old[i]!));
        own.x[i] = next;
      }
      change = gang!.allreduce('max', mine);
    }
    return change;
  },
});

/** All collectives once. */
export const collect = task({
  module,
  name: 'collect',
  run(_, { base }: { base: number }, { gang, point }) {
    const { rank, size } = gang!;
    const sum = gang!.allreduce('sum', base + rank + 0.1);
    const largest = gang!.reduce('max', rank, size - 1);
    const name = gang!.broadcast(rank === 1 % size ? { from: `member ${rank}` } : null, 1 % size);
    const all = gang!.allgather(rank % 2 === 0 ? rank : `odd ${rank}`);
    gang!.barrier();
    return { point, sum, largest, name, all, size };
  },
});

/** Fails in one member while the others wait. */
export const failingMember = task({
  module,
  name: 'failingMember',
  regions: { out: overwrites(Line, 'x') },
  run({ out }, { fails, late }: { fails: readonly number[]; late: boolean }, { gang }) {
    for (const i of out.points) out.x[i] = 1;
    if (late) gang!.barrier();
    if (fails.includes(gang!.rank)) throw new Error(`member ${gang!.rank} had enough`);
    gang!.barrier();
  },
});

/** Members that do not agree on what they call. */
export const quarrel = task({
  module,
  name: 'quarrel',
  run(_, { how }: { how: 'ends' | 'calls' | 'catches' }, { gang }) {
    if (gang!.rank === 0) {
      if (how === 'calls') gang!.allreduce('sum', 1);
      return;
    }
    try {
      gang!.barrier();
    } catch (error) {
      if (how !== 'catches') throw error;
    }
  },
});

/** Reduces while it waits for the others. */
export const addUp = task({
  module,
  name: 'addUp',
  regions: { all: reduces(Line, 'sum', 'sum'), own: reads(Line, 'x') },
  run({ all, own }, _, { gang }) {
    const total = gang!.allreduce('sum', own.x[0]!);
    for (const i of all.points) all.sum.fold(i, total + gang!.rank);
  },
});

/** Talks through memory: member r waits until member r - 1 has raised its flag. */
export const chain = task({
  module,
  name: 'chain',
  regions: { flags: updates(Line, 'flag').simultaneous() },
  run({ flags }, _, { gang }) {
    const { rank } = gang!;
    if (rank > 0) while (Atomics.load(flags.flag, rank - 1) === 0) Atomics.wait(flags.flag, rank - 1, 0, 5);
    Atomics.store(flags.flag, rank, 1);
    Atomics.notify(flags.flag, rank);
    return rank;
  },
});

/** Atomic members: each has its elements alone, and they still run together. */
export const atomicMember = task({
  module,
  name: 'atomicMember',
  regions: { own: updates(Line, 'flag').atomic() },
  run({ own }, _, { gang }) {
    gang!.barrier();
    for (const i of own.points) own.flag[i]! += 1;
    gang!.barrier();
  },
});

export const lonely = task({
  module,
  name: 'lonely',
  run: (_, __, { gang }) => gang === null,
});

export const busy = task({
  module,
  name: 'busy',
  regions: { v: updates(Line, 'y') },
  run({ v }, { rounds }: { rounds: number }) {
    let x = 1;
    for (let i = 0; i < rounds; i++) x = Math.sqrt(x + i);
    for (const i of v.points) v.y[i]! += x > 0 ? 1 : 0;
  },
});

export const sleepy = task({
  module,
  name: 'sleepy',
  async: true,
  run: async () => {},
});

/** Relaxes what it is given with a gang, along edges of its own; then says what the members found. */
export const relaxInside = task({
  module,
  name: 'relaxInside',
  leaf: false,
  regions: { v: updates(Line, 'x') },
  async run({ v }, { steps }: { steps: number }, ctx) {
    const own = v.partition.equal([4]);
    const edges = ctx.region([8], Line);
    const first = ctx.index([4], relax, { own: own.at(), edges }, { steps }, { gang: true });
    ctx.index([4], relax, { own: own.at(), edges }, { steps }, { gang: true });
    return (await first)[0]!;
  },
});
