// Exactly which elements failures have left unwritten, and whom that reaches. Slow, and used only once a task has failed:
// until then nothing here is called. The protocol is told in ../execution/README.md ("Failures").
import type { RecordBuilder } from '../analysis/record-builder.js';
import type { Instance, Spoilt } from '../memory/instance.js';
import { EXECUTION_INTERFERENCE, isOrder, USAGE_CODES, usageOf } from '../privileges/index.js';
import { type IndexSpace, unionAll } from '../spaces/index.js';
import { type LaunchHandle, type RegionUse, recordOf } from './handle.js';

/** Entries of one instance before those of one failure are joined. */
const ENTRIES_MAX = 32;

/** The earlier of two failures; 0 is none. */
const earlier = (a: number, b: number): number => (a === 0 ? b : b === 0 ? a : Math.min(a, b));

export class Spoils {
  readonly #builder: RecordBuilder;

  constructor(builder: RecordBuilder) {
    this.#builder = builder;
  }

  /** A record has ended: what it would have written is spoilt when it failed or was skipped, and good otherwise. */
  ended(handle: LaunchHandle, record: number): void {
    const { graph } = this.#builder;
    const root = graph.poison[record]!;
    const { operation } = handle;
    // What it moved is as it was, unless it failed itself.
    if (handle.moves && graph.failure[handle.slot] === 0) return;
    this.#each(handle, record, (instance, space, usage) => {
      const { privilege, coherence } = usageOf(usage);
      if (privilege === 'read') return;
      if (root !== 0) spoil(instance, { space, operation, root, usage });
      // Others that write at the same time or in any order may have failed: only who comes after all of them makes it good.
      else if (privilege === 'overwrite' && coherence === 'exclusive') clean(instance, space, operation);
    });
  }

  /** The first failure, in program order, that has reached what a record takes; 0 is none. All it waits for has ended. */
  rootOf(handle: LaunchHandle, record: number): number {
    const builder = this.#builder;
    let root = handle.elsewhere;
    for (const { source, index } of handle.futures) {
      const at = recordOf(source, index);
      root = earlier(root, builder.rootOf(source.records[at]!, source.generations[at]!));
    }
    const { reduces } = handle;
    if (reduces !== null) {
      for (let i = 0; i < reduces.records.length; i++) {
        root = earlier(root, builder.rootOf(reduces.records[i]!, reduces.generations[i]!));
      }
    }
    this.#each(handle, record, (instance, space, usage) => {
      if (usageOf(usage).privilege === 'overwrite') return;
      for (const spoilt of instance.spoilt ?? []) {
        if (!follows(spoilt.usage, usage)) continue;
        if (earlier(root, spoilt.root) !== root && spoilt.space.overlaps(space)) root = spoilt.root;
      }
    });
    return root;
  }

  /** What a record touches, field by field. Reductions are the business of the record that applies them. */
  #each(
    { uses, reduces }: LaunchHandle,
    record: number,
    visit: (instance: Instance, space: IndexSpace, usage: number) => void,
  ): void {
    const { graph } = this.#builder;
    const first = graph.first[record]!;
    const end = first + graph.points[record]!;
    for (const { fields, instances, partition, colours } of uses as readonly RegionUse[]) {
      fields.forEach(({ usage }, i) => {
        if ((usageOf(usage).privilege === 'reduce') !== (reduces !== null)) return;
        for (let point = first; point < end; point++) {
          const space = partition.subspaces[colours === null ? point : colours[point]!]!;
          if (!space.empty) visit(instances[i]!, space, usage);
        }
      });
    }
  }
}

/** Whether a use comes after an earlier one: what merely takes turns with it, or runs beside it, does not. */
function follows(earlier: number, later: number): boolean {
  const [a, b] = [usageOf(earlier), usageOf(later)];
  return (
    isOrder(EXECUTION_INTERFERENCE[earlier * USAGE_CODES + later]!) ||
    (a.privilege === 'reduce' && b.privilege === 'reduce')
  );
}

/** Elements that earlier operations spoilt are no longer theirs. */
function clean(instance: Instance, space: IndexSpace, operation: number): void {
  if (instance.spoilt === null) return;
  const left: Spoilt[] = [];
  for (const entry of instance.spoilt) {
    // Points of one operation that share elements come one after the other.
    if (entry.operation > operation || !entry.space.overlaps(space)) left.push(entry);
    else {
      const rest = entry.space.minus(space);
      if (!rest.empty) left.push({ ...entry, space: rest });
    }
  }
  instance.spoilt = left.length === 0 ? null : left;
}

function spoil(instance: Instance, entry: Spoilt): void {
  if (usageOf(entry.usage).coherence === 'exclusive') clean(instance, entry.space, entry.operation);
  const entries = [...(instance.spoilt ?? []), entry];
  instance.spoilt = entries.length > ENTRIES_MAX ? joined(entries) : entries;
}

/** One entry for all that one operation left unwritten because of one failure. */
function joined(entries: readonly Spoilt[]): Spoilt[] {
  const groups = new Map<string, Spoilt[]>();
  for (const entry of entries) {
    const key = `${entry.operation} ${entry.root} ${entry.usage}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].map((group) => ({
    ...group[0]!,
    space: unionAll(
      group.map(({ space }) => space),
      group[0]!.space.rank,
    ),
  }));
}

/** Whether anything of a space is spoilt. */
export function isSpoilt({ spoilt }: Instance, space: IndexSpace): boolean {
  return spoilt?.some((entry) => entry.space.overlaps(space)) ?? false;
}

/** Nothing of a space is spoilt any more, whoever would have written it: an inner task begins or ends there. */
export function forgetSpoilt(instance: Instance, space: IndexSpace): void {
  clean(instance, space, Number.POSITIVE_INFINITY);
}
