// The layout that all threads share: no word is two things.
import t from 'tap';
import { createGraph, Word } from '../../../runtime/graph/layout.js';

t.test('every word of the control block is one thing', (t) => {
  const words = Object.values(Word);
  t.equal(new Set(words).size, words.length, `two names share a word: ${words.join(' ')}`);
  const { control } = createGraph({ records: 16, edges: 16, launches: 4, tasks: 4, workers: 2 });
  t.ok(Math.max(...words) < control.length);
  t.end();
});
