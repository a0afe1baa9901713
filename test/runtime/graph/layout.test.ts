// The layout that all threads share: no word is two things.
import t from 'tap';
import { LaneWord } from '../../../runtime/graph/lanes.js';
import { createGraph, lineOf, Word } from '../../../runtime/graph/layout.js';

t.test('every word of the control block is one thing', (t) => {
  const words = Object.values(Word);
  t.equal(new Set(words).size, words.length, `two names share a word: ${words.join(' ')}`);
  const graph = createGraph({ records: 16, edges: 16, launches: 4, tasks: 4, workers: 2 });
  t.ok(Math.max(...words) < graph.control.length);
  const { words: size, ...lane } = LaneWord;
  t.equal(new Set(Object.values(lane)).size, Object.keys(lane).length);
  t.ok(Math.max(...Object.values(lane)) < size);
  t.equal(lineOf(graph, 3).length, size, 'workers, the I/O lane and the launching thread have a line');
  t.end();
});
