// The log of a record that a lost thread had.
import { endBits, type LaneRecorder } from '../events/lane-log.js';
import { LaneWord } from '../graph/lanes.js';
import { type Graph, runsTask } from '../graph/layout.js';

/** Writes down the end of a record that a lost thread had brought to its end, if that did not. */
export function logEnd(
  graph: Graph,
  recorder: LaneRecorder | null,
  line: Int32Array,
  record: number,
  done: boolean,
): void {
  if (recorder === null || line[LaneWord.logged] === 1) return;
  const slot = graph.launch[record]!;
  const kind = runsTask(graph.kind[slot]!) ? 1 + graph.task[slot]! : 0;
  recorder.begin(kind);
  recorder.end(graph.number[record]!, kind, endBits(!done, done && graph.poison[record] !== 0));
}
