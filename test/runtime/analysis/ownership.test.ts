// Who holds what, against a word of bits for every point.
import t from 'tap';
import { type Effect, type Needs, OwnershipTable } from '../../../runtime/analysis/ownership.js';
import { IndexSpace } from '../../../runtime/spaces/index.js';
import { keyedDraw } from '../../../runtime/testing/keyed-random.js';

/** Draws numbers below `n`. */
function draws(seed: number): (n: number) => number {
  const { between } = keyedDraw(seed);
  return (n) => between(0, n - 1);
}

const SIZE = 24;
const root = IndexSpace.extent([SIZE]);

function drawSpace(draw: (n: number) => number): IndexSpace {
  if (draw(3) === 0) {
    const points = Array.from({ length: 1 + draw(8) }, () => [draw(SIZE)]);
    return IndexSpace.points(1, points);
  }
  const lo = draw(SIZE);
  return IndexSpace.box([lo], [lo + draw(SIZE - lo)]);
}

const bits = (space: IndexSpace) => Array.from({ length: SIZE }, (_, i) => space.contains([i]));

/** Runs random launches on a state; the first thing that is wrong, or null. */
function wrong(seed: number, ranks: number): string | null {
  const draw = draws(seed);
  const table = new OwnershipTable(ranks);
  let state = table.everywhere(root);
  const holders = new Array<number>(SIZE).fill(2 ** ranks - 1);
  for (let step = 0; step < 30; step++) {
    const effect = (['read', 'update', 'overwrite'] as const)[draw(3)]! as Effect;
    // What ranks write they write alone, or all of them alike.
    let left = root;
    const everywhere = draw(4) === 0;
    const all = drawSpace(draw);
    const needs: Needs = Array.from({ length: ranks }, () => {
      if (everywhere) return all;
      if (draw(3) === 0) return null;
      const need = effect === 'read' ? drawSpace(draw) : drawSpace(draw).intersect(left);
      left = left.minus(need);
      return need;
    });
    const where = `seed ${seed}, step ${step}, ${effect}`;
    const { moves, next } = state.after(needs, effect);
    if (state.after(needs, effect).next !== next) return `${where}: it is not kept`;
    const arrived = new Array<number>(SIZE).fill(0);
    for (const { from, to, space } of moves) {
      for (const [i, inside] of bits(space).entries()) {
        if (!inside) continue;
        if (((holders[i]! >> from) & 1) === 0)
          return `${where}: rank ${from} sends ${i}, which it does not hold`;
        if (((arrived[i]! >> to) & 1) === 1) return `${where}: ${i} comes to rank ${to} twice`;
        arrived[i]! |= 1 << to;
      }
    }
    for (let i = 0; i < SIZE; i++) {
      let used = 0;
      for (const [rank, need] of needs.entries()) if (need?.contains([i])) used |= 1 << rank;
      const missing = effect === 'overwrite' ? 0 : used & ~holders[i]!;
      if (arrived[i] !== missing) return `${where}: at ${i} arrived ${arrived[i]}, missing was ${missing}`;
      if (used !== 0) holders[i] = effect === 'read' ? holders[i]! | used : used;
      const piece = next.pieces.find(({ space }) => space.contains([i]));
      if (piece?.holders !== holders[i])
        return `${where}: ${i} is held by ${piece?.holders}, not ${holders[i]}`;
    }
    const points = drawSpace(draw);
    const counts = next.held(points);
    for (let rank = 0; rank < ranks; rank++) {
      const count = bits(points).filter((inside, i) => inside && (holders[i]! >> rank) & 1).length;
      if (counts[rank] !== count) return `${where}: rank ${rank} holds ${count}, not ${counts[rank]}`;
    }
    state = next;
  }
  return null;
}

t.test('elements move from who holds them to who lacks them, and to nobody else', (t) => {
  const found: string[] = [];
  for (let seed = 0; seed < 300; seed++) {
    const what = wrong(seed, 2 + (seed % 3));
    if (what !== null) found.push(what);
  }
  t.same(found.slice(0, 3), []);
  t.end();
});

t.test('a program that repeats itself comes back to the same states', (t) => {
  const table = new OwnershipTable(2);
  const halves: Needs = [IndexSpace.box([0], [11]), IndexSpace.box([12], [23])];
  const halos: Needs = [IndexSpace.box([0], [12]), IndexSpace.box([11], [23])];
  let state = table.everywhere(root).after(halves, 'overwrite').next;
  const first = state;
  for (let step = 0; step < 5; step++) {
    const { moves, next } = state.after(halos, 'read');
    t.same(
      moves.map(({ from, to, space }) => [from, to, String(space)]),
      [
        [0, 1, String(IndexSpace.box([11], [11]))],
        [1, 0, String(IndexSpace.box([12], [12]))],
      ],
    );
    t.equal(next.after(halos, 'read').moves.length, 0, 'what was sent is not sent again');
    state = next.after(halves, 'update').next;
    t.equal(state, first);
  }
  t.end();
});
