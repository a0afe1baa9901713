// What fills and copies mean, element by element on plain arrays.
import { keyOf } from './brute-points.js';
import { IllegalProgramError } from './illegal-program.js';
import type { Subregion } from './live-region.js';
import {
  type Copy,
  type Fill,
  type Launch,
  launchOf,
  type Point,
  type Privilege,
  type Requirement,
} from './program-description.js';
import { fold, operatorsOf, store, type Value } from './values.js';

/** Fills one subregion. */
export function fillValues(
  { field, value }: Pick<Fill, 'field' | 'value'>,
  { region, ordinals }: Subregion,
): void {
  const { kind, lanes } = region.fields.get(field)!;
  const values = region.values.get(field)!;
  for (const o of ordinals) {
    for (let lane = 0; lane < lanes; lane++)
      values[o * lanes + lane] = store(kind, typeof value === 'number' ? value : value[lane]!);
  }
}

/** A copy as a launch with one requirement each for destination, source and pointers. */
export function launchOfCopy(copy: Copy): Launch {
  const { to, from, fields, gather, scatter, reduce, drop } = copy;
  const read: Privilege = { kind: 'read' };
  // Where some points keep their values, those are needed.
  const write: Privilege = { kind: reduce || scatter || drop ? 'update' : 'overwrite' };
  const requirements: Requirement[] = [
    { target: to, fields: fields.map(([field]) => ({ field, privilege: write })) },
    {
      target: from,
      fields: [...new Set(fields.map(([, field]) => field))].map((field) => ({ field, privilege: read })),
    },
  ];
  for (const pointers of [gather, scatter])
    if (pointers)
      requirements.push({ target: pointers.target, fields: [{ field: pointers.field, privilege: read }] });
  return launchOf(copy, requirements);
}

interface Parts {
  readonly to: Subregion;
  readonly from: Subregion;
  readonly gather: Subregion | undefined;
  readonly scatter: Subregion | undefined;
}

function partsOf({ gather, scatter }: Copy, task: readonly Subregion[]): Parts {
  return {
    to: task[0]!,
    from: task[1]!,
    gather: gather && task[2],
    scatter: scatter && task[gather ? 3 : 2],
  };
}

/** Copies convert nothing, and pointers have a lane for every axis. */
export function checkTypes(copy: Copy, task: readonly Subregion[]): void {
  const { to, from, gather, scatter } = partsOf(copy, task);
  const refuse = (what: string) => new IllegalProgramError('LaunchError', copy.name, what);
  for (const [target, source] of copy.fields) {
    const [a, b] = [to.region.fields.get(target)!, from.region.fields.get(source)!];
    if (a.kind !== b.kind || a.lanes !== b.lanes)
      throw refuse(`${target} and ${source} have different types`);
    if (copy.reduce && !operatorsOf(a.kind).includes(copy.reduce))
      throw refuse(`no ${copy.reduce} of ${a.kind}`);
  }
  for (const [pointers, field, into] of [
    [gather, copy.gather?.field, from],
    [scatter, copy.scatter?.field, to],
  ] as const) {
    if (pointers && pointers.region.fields.get(field!)!.lanes !== into.region.rank)
      throw refuse('the pointers have another number of coordinates');
  }
}

/** The subregion whose points a copy goes over. */
const walked = ({ to, from, gather, scatter }: Parts): Subregion => (scatter ? (gather ?? from) : to);

/** What a copy really uses: of the other side and of the pointers, the points it goes over. */
export function narrowedTasks(copy: Copy, task: readonly Subregion[]): readonly Subregion[] {
  const parts = partsOf(copy, task);
  const { to, from, gather, scatter } = parts;
  if (copy.byOrder) {
    if (to.ordinals.length !== from.ordinals.length)
      throw new IllegalProgramError(
        'BoundsError',
        copy.name,
        'the two sides have different numbers of points',
      );
    return task;
  }
  const over = walked(parts);
  const points = over.ordinals.map((o) => over.region.points[o]!);
  const only = (part: Subregion): Subregion => {
    if (part === over) return part;
    if (part.region.rank !== over.region.rank)
      throw new IllegalProgramError('LaunchError', copy.name, 'the two sides have different numbers of axes');
    const held = new Set(part.ordinals);
    const ordinals = points.map((point) => {
      const o = part.region.ordinalOf.get(keyOf(point));
      if (o === undefined || !held.has(o))
        throw new IllegalProgramError(
          'BoundsError',
          copy.name,
          `the point [${point}] is missing on one side`,
        );
      return o;
    });
    return { region: part.region, ordinals };
  };
  const rest: Subregion[] = [];
  if (gather) rest.push(only(gather));
  if (scatter) rest.push(only(scatter));
  return [to, gather ? from : scatter ? from : only(from), ...rest];
}

/** Copies; false, and nothing changed, where a pointer leads nowhere. `apply` false only looks. */
export function copyValues(copy: Copy, task: readonly Subregion[], apply: boolean): boolean {
  const parts = partsOf(copy, task);
  const { to, from, gather, scatter } = parts;
  const over = walked(parts);
  const lead = (through: Subregion, field: string, k: number, into: Subregion): number | undefined => {
    const { lanes } = through.region.fields.get(field)!;
    const o = through.ordinals[k]!;
    const point: Point = through.region.values
      .get(field)!
      .slice(o * lanes, (o + 1) * lanes)
      .map(Number);
    const target = into.region.ordinalOf.get(keyOf(point));
    return target !== undefined && into.ordinals.includes(target) ? target : undefined;
  };
  const moves: [target: number, source: number][] = [];
  for (let k = 0; k < over.ordinals.length; k++) {
    const source = gather ? lead(gather, copy.gather!.field, k, from) : from.ordinals[k]!;
    const target = scatter ? lead(scatter, copy.scatter!.field, k, to) : to.ordinals[k]!;
    if (source !== undefined && target !== undefined) moves.push([target, source]);
    else if (!copy.drop) return false;
  }
  if (!apply) return true;
  for (const [field, sourceField] of copy.fields) {
    const { kind, lanes } = to.region.fields.get(field)!;
    const values = to.region.values.get(field)!;
    const sources = from.region.values.get(sourceField)!;
    for (const [target, source] of moves) {
      for (let lane = 0; lane < lanes; lane++) {
        const value: Value = sources[source * lanes + lane]!;
        const at = target * lanes + lane;
        values[at] = copy.reduce ? fold(kind, copy.reduce, values[at]!, value) : value;
      }
    }
  }
  return true;
}
