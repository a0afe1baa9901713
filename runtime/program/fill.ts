// Fills: one value for all points of a region, or of the subregions of an index launch.
import { LaunchError } from '../errors.js';
import { BUILTIN, builtinLeaf, FILLED } from '../execution/builtin.js';
import { Kind } from '../graph/layout.js';
import type { Element } from '../privileges/index.js';
import { type FieldSpace, type FieldType, fieldIndex } from '../regions/index.js';
import { IndexSpace } from '../spaces/index.js';
import { chunksOf } from './chunks.js';
import { TaskFuture } from './future.js';
import { guardUses } from './guarded.js';
import { checkOptions, type FillOptions } from './launch-options.js';
import type { Launcher } from './launcher.js';
import { checkPlace, resolveUse } from './place.js';
import { type ArrayOf, Region } from './region.js';
import { ONE, OVERWRITE, useOf } from './uses.js';

/** What a field can be filled with: one number for all lanes, one per lane, or a future of such. */
export type FillValue<T> =
  | Element<ArrayOf<T>>
  | number
  | readonly (Element<ArrayOf<T>> | number)[]
  | TaskFuture<number>
  | TaskFuture<readonly number[]>;

/** Sets one field of all points of a region, or of what the points of a domain are given, to one value. */
export function fill(
  launcher: Launcher,
  points: IndexSpace | null,
  given: unknown,
  field: string,
  value: unknown,
  site: { stack?: string },
  options?: FillOptions,
): void {
  if (options !== undefined) checkOptions(options, 'fill');
  const { engine, projections } = launcher;
  const place = checkPlace(engine, given, 'region', 'fill');
  const space = place.space as FieldSpace;
  const index = fieldIndex(space, field);
  const type = space.fields[field]!;
  const checked = value instanceof TaskFuture ? value : fillValue(type, field, value);
  const uses = useOf(index, FILLED, OVERWRITE);
  let domain = points ?? ONE;
  let resolved = resolveUse(engine, projections, place, space, uses, domain, 'region', 'fill');
  const leaf = builtinLeaf('fill')!;
  if (points !== null)
    launcher.checkLegal({ name: 'fill', module: BUILTIN, leaf }, domain, [resolved], field);
  else if (place instanceof Region) {
    const chunks = chunksOf(place, [index], place.volume * type.bytesPerElement);
    if (chunks !== null) {
      domain = IndexSpace.extent([chunks.subspaces.length]);
      resolved = { ...resolved, partition: chunks, colours: null };
    }
  }
  const args = type.complex ? { value: checked, complex: true } : { value: checked };
  launcher.issue(
    domain,
    'fill',
    leaf,
    { module: BUILTIN, name: 'fill' },
    Kind.task,
    options?.when === undefined ? [resolved] : guardUses([resolved]),
    args,
    site,
    () => [`${resolved.tree.name} {${field}}`],
    options,
  );
}

/** A value as the task gets it: one number (or bigint) for all lanes, or one for each. */
function fillValue(type: FieldType, field: string, value: unknown): unknown {
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return lane(type, field, value);
  const lanes = Array.from(value as ArrayLike<unknown>, (one) => lane(type, field, one));
  if (lanes.length === type.lanes || (type.complex && lanes.length === 2)) return lanes;
  throw new LaunchError(
    `fill: field ${field} has ${type.lanes} lanes, so it is filled with one number or with ${type.lanes}, not with ${lanes.length}.`,
  );
}

function lane({ kind }: FieldType, field: string, value: unknown): number | bigint {
  const big = kind === 'i64' || kind === 'u64';
  if (big && typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === (big ? 'bigint' : 'number')) return value as number | bigint;
  throw new LaunchError(
    `fill: field ${field} is ${kind}, so it cannot be filled with ${String(value)} (${typeof value}).`,
  );
}
