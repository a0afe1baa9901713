// The tree of a reduction among ranks: every fold happens once, where both of its values are, and the root comes to its place.
import t from 'tap';
import { passagesOf } from '../../../runtime/mapping/tree-shares.js';

/** Folds names of blocks on the tree, rank by rank; what the rank of the root has at last. */
function folded(owners: readonly number[], root: number): string {
  const ranks = Math.max(root, ...owners) + 1;
  /** By rank: names of the nodes that it has, by level and place. */
  const has = Array.from({ length: ranks }, () => new Map<string, string>());
  const passages = passagesOf(owners, root);
  let n = owners.length;
  for (const [block, rank] of owners.entries()) has[rank]!.set(`0 ${block}`, `${block}`);
  for (let level = 0; ; level++) {
    for (const { from, to, index } of passages.filter((passage) => passage.level === level)) {
      const key = `${level} ${index}`;
      const name = has[from]!.get(key);
      if (name === undefined) return `rank ${from} has no ${key}`;
      has[from]!.delete(key);
      has[to]!.set(key, name);
    }
    if (n === 1) return has[root]!.get(`${level} 0`) ?? 'the root is not there';
    for (const own of has) {
      for (let index = 0; index < n; index += 2) {
        const left = own.get(`${level} ${index}`);
        const right = own.get(`${level} ${index + 1}`);
        if (left === undefined) continue;
        if (index + 1 < n && right === undefined) return `${level} ${index} lacks its sibling`;
        own.set(`${level + 1} ${index >> 1}`, right === undefined ? left : `(${left} ${right})`);
      }
    }
    n = (n + 1) >> 1;
  }
}

t.test('the fold is that of one rank', (t) => {
  const wrong: string[] = [];
  for (let blocks = 1; blocks <= 64; blocks++) {
    const one = folded(new Array<number>(blocks).fill(0), 0);
    for (const ranks of [2, 3, 4, 7]) {
      const owners = Array.from({ length: blocks }, (_, block) => Math.floor((block * ranks) / blocks));
      for (let root = 0; root < ranks; root++) {
        const found = folded(owners, root);
        if (found !== one) wrong.push(`${blocks} blocks, ${ranks} ranks, root at ${root}: ${found}`);
      }
    }
  }
  t.same(wrong.slice(0, 3), []);
  t.end();
});

t.test('a rank gives away few nodes, whatever the number of blocks', (t) => {
  const owners = Array.from({ length: 64 }, (_, block) => Math.floor((block * 4) / 64));
  t.same(
    passagesOf(owners, 0).map(({ level, index, from, to }) => [level, index, from, to]),
    [
      [4, 1, 1, 0],
      [4, 3, 3, 2],
      [5, 1, 2, 0],
    ],
  );
  t.end();
});
