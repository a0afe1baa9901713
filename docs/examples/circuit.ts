// A sparse graph, cut by what its data say: wires between nodes, in pieces that each own some nodes. Charge flows through the
// wires; a piece updates the nodes that only it touches, and reduces into those that it shares with others. (The circuit
// simulation of M. Bauer et al., "Legion", SC 2012, with dependent partitioning as in S. Treichler et al., OOPSLA 2016.)
//
//   npx maniple run circuit.ts --pieces 4 --nodes 400 --steps 20
import { parseArgs } from 'node:util';
import { type Ctx, f64, fieldSpace, i32, overwrites, reads, reduces, task, u8, updates } from 'maniple';

const Wire = fieldSpace({ from: i32, to: i32, conductance: f64, current: f64 });
const Node = fieldSpace({ piece: i32, shared: u8, voltage: f64, charge: f64 });
const module = import.meta.url;

export const flow = task({
  module,
  name: 'flow',
  regions: {
    wires: reads(Wire, 'from', 'to', 'conductance').and(overwrites(Wire, 'current')),
    near: reads(Node, 'voltage'),
  },
  run({ wires, near }) {
    for (const i of wires.points) {
      const [a, b] = [near.at(wires.from[i]!), near.at(wires.to[i]!)];
      wires.current[i] = wires.conductance[i]! * (near.voltage[a]! - near.voltage[b]!);
    }
  },
});

export const deliver = task({
  module,
  name: 'deliver',
  regions: {
    wires: reads(Wire, 'from', 'to', 'current'),
    near: reads(Node, 'shared'),
    inner: updates(Node, 'charge'), // this piece's alone
    border: reduces(Node, 'sum', 'charge'), // others add to these as well, at the same time
  },
  run({ wires, near, inner, border }, { time }: { time: number }) {
    const add = (node: number, charge: number) => {
      if (near.shared[near.at(node)]! === 1) border.charge.fold(border.at(node), charge);
      else inner.charge[inner.at(node)]! += charge;
    };
    for (const i of wires.points) {
      add(wires.from[i]!, -time * wires.current[i]!);
      add(wires.to[i]!, time * wires.current[i]!);
    }
  },
});

export const charge = task({
  module,
  name: 'charge',
  regions: { nodes: updates(Node, 'voltage', 'charge') },
  run({ nodes }): number {
    let total = 0;
    for (const i of nodes.points) {
      nodes.voltage[i]! += nodes.charge[i]!; // every node has the capacity 1
      nodes.charge[i] = 0;
      total += nodes.voltage[i]!;
    }
    return total;
  },
});

export default async function main(ctx: Ctx, args: readonly string[]) {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const options = { pieces: text('4'), nodes: text('400'), steps: text('20') };
  const { values } = parseArgs({ args: [...args], options });
  const [pieces, count, steps] = [Number(values.pieces), Number(values.nodes), Number(values.steps)];
  const nodes = ctx.region([count], Node, { name: 'nodes' });
  const wires = ctx.region([3 * count], Wire, { name: 'wires' });
  const to = (i: number) => (i % 10 === 0 ? ctx.random() * count : i / 3 + 1 + (i % 3)); // mostly to near nodes
  const ends = Array.from({ length: 3 * count }, (_, i) => Math.floor(to(i)) % count);
  nodes.write(
    'piece',
    Array.from({ length: count }, (_, i) => Math.floor((i * pieces) / count)),
  );
  nodes.write(
    'voltage',
    Array.from({ length: count }, () => ctx.random()),
  );
  wires.write(
    'from',
    ends.map((_, i) => Math.floor(i / 3)),
  );
  wires.write('to', ends);
  ctx.fill(wires, 'conductance', 0.1);

  const owned = nodes.partition.byField('piece', [pieces]);
  const outgoing = wires.partition.preimage(owned, 'from').assertDisjoint(); // the wires of each piece
  const incoming = wires.partition.preimage(owned, 'to');
  const leaving = wires.partition.minus(outgoing, incoming);
  const entering = wires.partition.minus(incoming, outgoing);
  const ghost = nodes.partition.image(leaving, 'to'); // nodes of others
  const shared = nodes.partition // nodes of its own that others touch, or that touch others
    .union(nodes.partition.image(leaving, 'from'), nodes.partition.image(entering, 'to'))
    .assertDisjoint();
  const inner = nodes.partition.minus(owned, shared);
  const border = nodes.partition.union(shared, ghost);
  const near = nodes.partition.union(owned, ghost);
  ctx.indexFill([pieces], shared.at(), 'shared', 1);

  const start = await nodes.read('voltage');
  const before = start.reduce((a, b) => a + b);
  let total = ctx.index([pieces], charge, { nodes: owned.at() }).reduce('sum');
  for (let n = 0; n < steps; n++) {
    ctx.index([pieces], flow, { wires: outgoing.at(), near: near.at() });
    const held = { wires: outgoing.at(), near: near.at(), inner: inner.at(), border: border.at() };
    ctx.index([pieces], deliver, held, { time: 0.5 });
    total = ctx.index([pieces], charge, { nodes: owned.at() }).reduce('sum');
  }
  const kept = Math.abs((await total) - before) < 1e-9 * before;
  const volume = ({ index }: Pick<typeof border, 'index'>) =>
    index.subspaces.reduce((sum, part) => sum + part.volume, 0);
  console.log(`${volume(inner)} nodes of one piece, ${volume(shared)} shared, ${volume(ghost)} ghosts`);
  console.log(
    `charge ${before.toFixed(6)} before, ${(await total).toFixed(6)} after: ${kept ? 'kept' : 'LOST'}`,
  );
  return { start, voltage: await nodes.read('voltage'), from: await wires.read('from'), to: ends };
}
