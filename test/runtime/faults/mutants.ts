// The mutants of the analysis, generated from the places where random programs show that something can be wrong: every
// cell of the interference table, every kind of edge on every path, every pair of operations, every table, and the steps
// of the protocol.
import { type MeetingTable, PATHS } from '../../../runtime/analysis/faults.js';
import { EXECUTION_INTERFERENCE, USAGE_CODES, usageOf } from '../../../runtime/privileges/index.js';
import { formatUsage } from '../../../runtime/privileges/usage.js';
import { brokenBuilders } from './broken-builders.js';
import { mainReaches, reaches } from './cell-program.js';
import type { Sample } from './corpus.js';
import { ALL_ORDERED, conflicts, joins, reduces, type SiteIndex } from './index-of-sites.js';
import { type Fault, relationOf } from './probe.js';

export interface Mutant {
  readonly name: string;
  readonly fault: () => Fault;
  /** Programs that come by the place, the first to be tried. */
  readonly samples: readonly Sample[];
}

/** The uses that a launch can make: relaxed ones are simultaneous, and nobody discards what he read. */
const codes = Array.from({ length: USAGE_CODES }, (_, code) => code).filter((code) => {
  const { privilege, coherence, discardOutput } = usageOf(code);
  return privilege !== 'none' && coherence !== 'relaxed' && discardOutput !== true;
});

const reads = (code: number): boolean => usageOf(code).privilege === 'read';

/**
 * The pairs of uses that the table decides. Two reductions are applied in program order whatever it says, and readers are
 * not looked for by readers.
 */
export const cells: readonly (readonly [earlier: number, later: number])[] = codes.flatMap((a) =>
  codes.filter((b) => !(reduces(a) && reduces(b)) && !(reads(a) && reads(b))).map((b) => [a, b] as const),
);

/** Random programs tried for a cell before those that are made for it. */
const RANDOM_FIRST = 4;

/** Every cell turned over: an order becomes none, and what was none an order. */
export function cellMutants(index: SiteIndex): Mutant[] {
  return cells.map(([a, b]) => {
    const right = conflicts(a, b);
    return {
      name: `${formatUsage(usageOf(a))}, then ${formatUsage(usageOf(b))}: ${right ? 'no order' : 'an order'}`,
      fault: () => {
        const interference = EXECUTION_INTERFERENCE.slice();
        interference[a * USAGE_CODES + b] = right ? 0 : 1;
        return { interference };
      },
      samples: [
        ...index.samples(`cell: ${a} ${b}`).slice(0, RANDOM_FIRST),
        ...mainReaches.map((main) => ({
          family: 'cell' as const,
          uses: [usageOf(a), usageOf(b)] as const,
          reach: reaches.findIndex((reach) => reach.every((word, i) => word === main[i])),
        })),
      ],
    };
  });
}

/** Every kind of dependence left out on every path on which it comes up. */
export function edgeMutants(index: SiteIndex): Mutant[] {
  return index.keys
    .filter((key) => key.startsWith('edge: '))
    .map((key) => ({
      name: `without ${key.slice(6)}`,
      fault: () => ({
        orders: (meets, earlier, later, path) =>
          meets && `edge: ${relationOf(earlier, later)}, ${path}` !== key,
      }),
      samples: index.samples(key),
    }));
}

const kinds = ['read', 'update', 'overwrite', 'reduction'];

/** Every kind of dependence on every path on which it can come up. */
export const dependences: readonly string[] = [
  ...kinds
    .flatMap((a) => kinds.map((b) => `${a} before ${b}`))
    .filter((relation) => relation !== 'read before read' && relation !== 'reduction before reduction')
    .concat('reduction before the same reduction', 'reduction before another reduction')
    .flatMap((relation) =>
      PATHS.filter((path) => {
        if (path === 'all' || path === 'writers join') return relation.endsWith('before read');
        if (path === 'wide') return relation.startsWith('read');
        // A fold uses all that its launch reduces, as a partition of one colour that nobody else uses.
        const reductions = relation.split('reduction').length - 1;
        if (path === 'same') return reductions !== 1;
        if (path === 'table') return reductions !== 2;
        return path !== 'joined writers' && !joins(path);
      }).map((path) => `${relation}, ${path}`),
    ),
  'join before read, joined writers',
  ...PATHS.filter(joins).map((path) => `read before read, ${path}`),
];

/** On every path, an order where the uses do not conflict, and one where they share no point. */
export function extraMutants(index: SiteIndex): Mutant[] {
  return PATHS.flatMap((path): Mutant[] => [
    ...(index.count(`free: ${path}`) === 0
      ? []
      : [
          {
            name: `an order without a conflict, ${path}`,
            fault: (): Fault => ({
              interference: ALL_ORDERED,
              orders: (meets, earlier, later, found) =>
                meets && (found === path || joins(found) || conflicts(earlier, later)),
            }),
            samples: index.samples(`free: ${path}`),
          },
        ]),
    ...(index.count(`apart: ${path}`) === 0
      ? []
      : [
          {
            name: `an order without a common point, ${path}`,
            fault: (): Fault => ({ orders: (meets, _earlier, _later, found) => meets || found === path }),
            samples: index.samples(`apart: ${path}`),
          },
        ]),
  ]);
}

/** Pairs of operations that fewer of the programs have are left out with one of the two alone. */
const PAIR_SAMPLES = 12;

/**
 * Mutants of operations that nothing notices, or by luck: on one thread, where the mutants run, what the I/O lane or the
 * program itself does comes later than tasks that are ready, whether or not an edge says so.
 */
const UNNOTICED = /^(from .* )?to (flush|load|publish|store)$|^from lease$|^from detach to task$/;

/**
 * Every kind of operation without the edges to it, without those from it, and every pair without those between. Where two
 * operations meet by a use and by a value, one of the two edges alone decides nothing: both are left out.
 */
export function operationMutants(index: SiteIndex): Mutant[] {
  const groups = new Map<string, { sites: Set<string>; samples: Set<Sample> }>();
  const add = (name: string, site: string): void => {
    const group = groups.get(name) ?? { sites: new Set(), samples: new Set() };
    groups.set(name, group);
    group.sites.add(site);
    for (const sample of index.samples(site)) group.samples.add(sample);
  };
  const seen = new Set(index.keys);
  for (const site of index.keys) {
    const named = /^operation: (use|value), (.*) before (.*)$/.exec(site);
    if (named === null) continue;
    const [, kind, from, to] = named as unknown as [string, string, string, string];
    const other = kind === 'use' ? 'value' : 'use';
    const how = seen.has(`operation: ${other}, ${from} before ${to}`) ? 'any' : kind;
    add(`${how}, from ${from}`, site);
    add(`${how}, to ${to}`, site);
    // What joins pass on is known by its path.
    const paired = index.samples(site).length >= PAIR_SAMPLES && from !== 'join' && to !== 'join';
    if (paired) add(`${how}, from ${from} to ${to}`, site);
  }
  const noticeable = [...groups].filter(([name]) => !UNNOTICED.test(name.replace(/^\w+, /, '')));
  return noticeable.map(([name, { sites, samples }]) => ({
    name: `without ${name}`,
    fault: () => ({
      edge: ({ use, from, to }) =>
        !sites.has(`operation: ${use === null ? 'value' : 'use'}, ${from} before ${to}`),
    }),
    samples: [...samples],
  }));
}

/** A table with rows of its own. */
function rows(
  { start, sets, covers }: MeetingTable,
  row: (cells: { set: number; covers: number }[]) => { set: number; covers: number }[],
): MeetingTable {
  const found: { set: number; covers: number }[] = [];
  const starts = [0];
  for (let colour = 0; colour + 1 < start.length; colour++) {
    const cells = Array.from({ length: start[colour + 1]! - start[colour]! }, (_, k) => ({
      set: sets[start[colour]! + k]!,
      covers: covers[start[colour]! + k]!,
    }));
    starts.push(found.push(...row(cells)));
  }
  return {
    start: Int32Array.from(starts),
    sets: Int32Array.from(found, ({ set }) => set),
    covers: Uint8Array.from(found, (cell) => cell.covers),
  };
}

/** What is looked up or remembered wrongly. */
export function memoryMutants(index: SiteIndex): Mutant[] {
  const forgetting = (['superfluous', 'wide seen', 'reshape', 'split'] as const).map(
    (place): Mutant => ({
      name: `forgets users: ${place}`,
      fault: () => ({ forgets: (right, where) => right || where === place }),
      samples: index.samples(`forget: ${place} false`),
    }),
  );
  const any = index.samples('edge: update before read, table');
  const meetings: Record<string, (table: MeetingTable) => MeetingTable> = {
    'the first set of a row is left out': (table) => rows(table, (cells) => cells.slice(1)),
    'the last set of a row is left out': (table) => rows(table, (cells) => cells.slice(0, -1)),
    'every set counts as covered': (table) =>
      rows(table, (cells) => cells.map(({ set }) => ({ set, covers: 1 }))),
    'rows begin one too late': ({ start, ...table }) => ({
      ...table,
      start: start.map((at) => Math.min(at + 1, table.sets.length)),
    }),
    'a row has a set that the colour does not meet': (table) =>
      rows(table, (cells) => {
        const set = cells.length > 0 ? cells[0]!.set - 1 : -1;
        return set < 0 ? cells : [{ set, covers: 0 }, ...cells];
      }),
  };
  return [
    ...forgetting,
    ...Object.entries(meetings).map(
      ([name, meets]): Mutant => ({ name, fault: () => ({ meets }), samples: any }),
    ),
  ];
}

/** The protocol of records and edges. */
export function protocolMutants(): Mutant[] {
  return Object.entries(brokenBuilders).map(([name, builder]) => ({
    name,
    fault: () => ({ builder }),
    samples: [],
  }));
}
