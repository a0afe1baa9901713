// Regions that are attached to data outside: what the data hold, element by element, and what nobody may do meanwhile.
import { keyOf, pointsOf } from './brute-points.js';
import { programValue } from './generic-body.js';
import { IllegalProgramError } from './illegal-program.js';
import type { LiveRegion, Subregion } from './live-region.js';
import type { Attach, FieldDescription, Launch, Point, Program } from './program-description.js';
import { store, type Value } from './values.js';

interface Open extends Subregion {
  readonly operation: Attach;
  /** One element for every point of the bounding box, lanes fastest; and where in it the attached points are. */
  readonly source: Value[];
  readonly places: ReadonlyMap<number, number>;
}

/** What the bounding box of some points holds before it is attached, in row-major order; and where in it each of them is. */
export function sourceValues(
  { salt, mode }: Attach,
  { kind, lanes, range }: FieldDescription,
  points: readonly Point[],
): { readonly values: Value[]; readonly places: readonly number[] } {
  const axes = points[0]!.map((_, axis) => points.map((point) => point[axis]!));
  const box = { lo: axes.map((xs) => Math.min(...xs)), hi: axes.map((xs) => Math.max(...xs)) };
  const all = pointsOf({ kind: 'box', box });
  const values = all.flatMap((point) =>
    Array.from({ length: lanes }, (_, lane) =>
      mode === 'create' ? store(kind, 0) : programValue(salt, point, lane, kind, range),
    ),
  );
  const placeOf = new Map(all.map((point, place) => [keyOf(point), place]));
  return { values, places: points.map((point) => placeOf.get(keyOf(point))!) };
}

/** The fields that a program attaches somewhere, as `REGION.FIELD`. */
export function attachedFields({ operations }: Program): ReadonlySet<string> {
  const regionOf = new Map<string, string>();
  const fields = new Set<string>();
  for (const operation of operations) {
    if (operation.kind === 'region') regionOf.set(operation.name, operation.name);
    if (operation.kind !== 'partition' && operation.kind !== 'attach') continue;
    const place = operation.kind === 'partition' ? operation.of : operation.target;
    const region = regionOf.get('region' in place ? place.region : place.partition)!;
    if (operation.kind === 'partition') regionOf.set(operation.name, region);
    else fields.add(`${region}.${operation.field}`);
  }
  return fields;
}

export class Attachments {
  readonly #open = new Map<string, Open>();

  get names(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Throws where some of the elements are attached already. */
  attach(operation: Attach, subregion: Subregion): void {
    const { name, field } = operation;
    const refuse = (message: string) => new IllegalProgramError('LaunchError', name, message);
    if (subregion.ordinals.length === 0) throw refuse('there is nothing to attach');
    for (const open of this.#open.values()) {
      if (open.operation.field !== field || open.region !== subregion.region) continue;
      if (subregion.ordinals.some((o) => open.places.has(o)))
        throw refuse(`attached already by ${open.operation.name}`);
    }
    const { region, ordinals } = subregion;
    const description = region.fields.get(field)!;
    const { values, places: found } = sourceValues(
      operation,
      description,
      ordinals.map((o) => region.points[o]!),
    );
    const places = new Map(ordinals.map((o, i) => [o, found[i]!]));
    this.#open.set(name, { ...subregion, operation, source: values, places });
    const { lanes } = description;
    const elements = subregion.region.values.get(field)!;
    for (const [o, place] of places)
      for (let lane = 0; lane < lanes; lane++) elements[o * lanes + lane] = values[place * lanes + lane]!;
  }

  /** What a flush or a detach is about. */
  open(attachment: string, operation: string): Subregion & { readonly operation: Attach } {
    const open = this.#open.get(attachment);
    if (!open) throw new IllegalProgramError('LaunchError', operation, `${attachment} is no attachment`);
    return open;
  }

  /** Brings what was written to the source, and tells what that holds; nothing where nobody can see it. */
  flush(attachment: string, detach: boolean): readonly Value[] {
    const { operation, source, places, region } = this.#open.get(attachment)!;
    const { field, mode } = operation;
    if (mode !== 'read') {
      const { lanes } = region.fields.get(field)!;
      const elements = region.values.get(field)!;
      for (const [o, place] of places)
        for (let lane = 0; lane < lanes; lane++) source[place * lanes + lane] = elements[o * lanes + lane]!;
    }
    // A file that is made has no name before it is whole.
    return mode === 'create' && operation.source === 'file' && !detach ? [] : [...source];
  }

  /** Ends an attachment: the elements are zeros. Tells what the source holds then. */
  detach(attachment: string, discard: boolean): readonly (Value | string)[] {
    const { operation, source, places, region } = this.#open.get(attachment)!;
    const { field, mode } = operation;
    const made = mode === 'create' && operation.source === 'file';
    const shown = discard ? [...source] : this.flush(attachment, true);
    const { kind, lanes } = region.fields.get(field)!;
    const elements = region.values.get(field)!;
    for (const o of places.keys())
      for (let lane = 0; lane < lanes; lane++) elements[o * lanes + lane] = store(kind, 0);
    this.#open.delete(attachment);
    if (!discard || mode === 'read') return shown;
    if (made) return ['no file'];
    // A shared array may have been the memory of the region.
    return operation.source === 'shared' ? [] : shown;
  }

  /** Throws where a region that is to be freed is attached to be written; else its attachments end with it. */
  free(region: LiveRegion, operation: string): void {
    const ending = [...this.#open].filter(([, open]) => open.region === region);
    const written = ending.find(([, open]) => open.operation.mode !== 'read');
    if (written)
      throw new IllegalProgramError('LaunchError', operation, `${written[0]} has not been detached`);
    for (const [name] of ending) this.#open.delete(name);
  }

  /** Throws where tasks write what is attached to be read. */
  refuse({ name, requirements }: Launch, tasks: readonly (readonly Subregion[])[]): void {
    for (const { operation, region, places } of this.#open.values()) {
      if (operation.mode !== 'read') continue;
      requirements.forEach(({ fields }, r) => {
        if (!fields.some(({ field, privilege }) => field === operation.field && privilege.kind !== 'read'))
          return;
        for (const task of tasks) {
          const shared = task[r]!.region === region ? task[r]!.ordinals.filter((o) => places.has(o)) : [];
          if (shared.length === 0) continue;
          const message = `writes what ${operation.name} attached to be read`;
          throw new IllegalProgramError('LaunchError', name, message, undefined, {
            requirement: r,
            points: shared.map((o) => region.points[o]!),
          });
        }
      });
    }
  }
}
