// A probe in the analysis and a builder of records beside it: together they tell of every order what it is for and how it
// was found, and may leave it out.
import type {
  AnalysisFaults,
  AnalysisProbe,
  Forgetting,
  MeetingTable,
  Path,
} from '../../../runtime/analysis/faults.js';
import { RecordBuilder } from '../../../runtime/analysis/record-builder.js';
import { type Graph, Kind } from '../../../runtime/graph/layout.js';
import { usageOf } from '../../../runtime/privileges/index.js';

/** An order between two records, before it is imposed. */
export interface Edge {
  /** The uses of the earlier and of the later record, and how they met; null where a value is taken. */
  readonly use: { readonly earlier: number; readonly later: number; readonly path: Path } | null;
  readonly from: string;
  readonly to: string;
  readonly data: boolean;
}

/** What a fault changes. Everything that it does not name is right. */
export interface Fault {
  readonly interference?: Uint8Array;
  readonly orders?: (meets: boolean, earlier: number, later: number, path: Path) => boolean;
  readonly forgets?: (right: boolean, where: Forgetting) => boolean;
  readonly meets?: (table: MeetingTable) => MeetingTable;
  /** Whether an edge is made. */
  readonly edge?: (edge: Edge) => boolean;
  /** What happens when a record is done with, in place of what should. */
  readonly builder?: (graph: Graph, starve: () => void) => RecordBuilder;
}

/** What an operation is, for people: `copy`, `fill`, `read`, `fold`. */
function operationOf(graph: Graph, slot: number, name: string): string {
  switch (graph.kind[slot]) {
    case Kind.join:
      return 'join';
    case Kind.apply:
      return 'fold';
    case Kind.foldResults:
      return 'reduction of futures';
    case Kind.inner:
      return 'inner task';
    case Kind.gang:
      return 'gang';
    case Kind.atomic:
      return 'atomic task';
    case Kind.host:
    case Kind.io:
      return name.split(' ')[0]!;
    default:
      return name === 'copy' || name === 'fill' || name === 'predicate' ? name : 'task';
  }
}

class ProbeBuilder extends RecordBuilder {
  /** How the analysis came to the edge that it makes next. */
  use: Edge['use'] = null;
  readonly #keeps: (edge: Edge) => boolean;
  readonly #nameOf: (slot: number) => string;

  constructor(
    graph: Graph,
    starve: () => void,
    nameOf: (slot: number) => string,
    keeps: (edge: Edge) => boolean,
  ) {
    super(graph, starve);
    this.#nameOf = nameOf;
    this.#keeps = keeps;
  }

  override after(predecessor: number, generation: number, data: boolean): void {
    const { graph, use } = this;
    this.use = null;
    if (graph.generation[predecessor] === generation) {
      const name = (record: number) => {
        const slot = graph.launch[record]!;
        return operationOf(graph, slot, this.#nameOf(slot));
      };
      if (!this.#keeps({ use, from: name(predecessor), to: name(this.current), data })) return;
    }
    super.after(predecessor, generation, data);
  }
}

/** The switches of a run with a fault. Of one run: they must be made anew for the next. */
export function faultsOf(fault: Fault): AnalysisFaults {
  const { interference, orders, forgets, meets, edge, builder } = fault;
  let probed: ProbeBuilder | null = null;
  const probe: AnalysisProbe = {
    orders(right, earlier, later, path) {
      const ordered = orders === undefined ? right : orders(right, earlier, later, path);
      if (ordered && probed !== null) probed.use = { earlier, later, path };
      return ordered;
    },
    forgets: forgets ?? ((right) => right),
    meets: meets ?? ((table) => table),
  };
  return {
    ...(interference !== undefined && { interference }),
    ...((orders ?? forgets ?? meets ?? edge) !== undefined && { probe }),
    ...(edge !== undefined && {
      builder: (graph, starve, nameOf) => {
        probed = new ProbeBuilder(graph, starve, nameOf, edge);
        return probed;
      },
    }),
    ...(builder !== undefined && { builder }),
  };
}

/** The privilege of a use, with the operator of a reduction; `join` for a join of many. */
function privilegeOf(code: number): string {
  if (code < 0) return 'join';
  const { privilege, reduction } = usageOf(code);
  return reduction ?? privilege;
}

/** Two uses as a kind of dependence: `read before update`, `reduction before the same reduction`. */
export function relationOf(earlier: number, later: number): string {
  const [a, b] = [privilegeOf(earlier), privilegeOf(later)];
  const plain = ['join', 'read', 'update', 'overwrite'];
  const [first, second] = [plain.includes(a) ? a : 'reduction', plain.includes(b) ? b : 'reduction'];
  if (first === 'reduction' && second === 'reduction')
    return a === b ? 'reduction before the same reduction' : 'reduction before another reduction';
  return `${first} before ${second}`;
}
