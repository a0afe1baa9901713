// The fixed tree of a reduction among ranks. A node belongs to the rank of its first block. So a rank folds what it can by
// itself, and gives away the nodes whose left sibling belongs to another rank: that one folds them in, in its turn.

/** A node of the tree: its level, counted from the blocks, its place there, and its number level by level. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
  readonly number: number;
}

/** A node that goes from one rank to another. */
export interface Passage extends TreeNode {
  readonly from: number;
  readonly to: number;
}

/** The nodes that change ranks; `owners` has the rank of every block, and the root goes to `root`. */
export function passagesOf(owners: ArrayLike<number>, root: number): Passage[] {
  const passages: Passage[] = [];
  let before = 0;
  let n = owners.length;
  for (let level = 0; n >= 1; level++) {
    const ownerOf = (index: number) => owners[index << level]!;
    for (let index = 0; index < n; index++) {
      const from = ownerOf(index);
      const to = n === 1 ? root : (index & 1) === 1 ? ownerOf(index - 1) : from;
      if (to !== from) passages.push({ level, index, number: before + index, from, to });
    }
    before += n;
    n = n === 1 ? 0 : (n + 1) >> 1;
  }
  return passages;
}
