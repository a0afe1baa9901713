// What illegal programs are made of: a legal program that has run, and draws.
import { pointsOfExtent } from './brute-points.js';
import type { Interpreter } from './interpreter.js';
import type { Draw } from './keyed-random.js';
import type { LivePartition, LiveRegion } from './live-region.js';
import type {
  Copy,
  FieldUse,
  Inner,
  Launch,
  Operation,
  Place,
  Point,
  Privilege,
  Requirement,
  Target,
} from './program-description.js';

/** The name of the operation that breaks the rule. */
export const BROKEN = 'broken';

/** Operations that are legal but for the last one, or for one in its body; undefined where there is nothing to break. */
export type Breaker = (material: Material) => Operation[] | undefined;

export class Material {
  readonly draw: Draw;
  readonly state: Interpreter;
  readonly regions: readonly LiveRegion[];
  readonly partitions: readonly LivePartition[];

  constructor(draw: Draw, state: Interpreter) {
    this.draw = draw;
    this.state = state;
    this.regions = [...state.regions.values()];
    this.partitions = [...state.partitions.values()].filter((p) => p.parts.length > 0);
  }

  get read(): Privilege {
    return { kind: 'read' };
  }

  write(): Privilege {
    return this.draw.pick([{ kind: 'update' }, { kind: 'overwrite' }] as const);
  }

  field({ fields }: LiveRegion): string {
    return this.draw.pick([...fields.keys()]);
  }

  /** A field that all reductions of integers fit; undefined where a region has none. */
  integer({ fields }: LiveRegion): string | undefined {
    const fitting = [...fields.values()].filter(({ kind, range }) => !range && !kind.startsWith('f'));
    return fitting.length > 0 ? this.draw.pick(fitting).name : undefined;
  }

  /** The region, or a subregion of it that holds a point. */
  place(region: LiveRegion): Place {
    const places = this.parts(region);
    return places.length > 0 && this.draw.chance(0.6) ? this.draw.pick(places) : { region: region.name };
  }

  /** Subregions of a region that hold a point. */
  parts(region: LiveRegion): (Place & { readonly partition: string })[] {
    return this.partitions
      .filter((p) => p.region === region)
      .flatMap(({ name, colours, parts }) =>
        pointsOfExtent(colours).flatMap((colour, i) =>
          parts[i]!.length > 0 ? [{ partition: name, colour }] : [],
        ),
      );
  }

  /** Subregions of a region that hold a point, and not all of them. */
  properParts(region: LiveRegion): Place[] {
    return this.parts(region).filter(
      (place) => this.state.place(place, '').ordinals.length < region.points.length,
    );
  }

  /** Two fields of one type, which may be one field. */
  pair({ fields }: LiveRegion): [string, string] {
    const all = [...fields.values()];
    for (const a of all)
      for (const b of all) if (a !== b && a.kind === b.kind && a.lanes === b.lanes) return [a.name, b.name];
    return [all[0]!.name, all[0]!.name];
  }

  use(target: Target, field: string, privilege: Privilege, coherence?: FieldUse['coherence']): Requirement {
    return { target, fields: [{ field, privilege, ...(coherence && { coherence }) }] };
  }

  launch(domain: Point | null, ...requirements: Requirement[]): Launch {
    return { kind: 'launch', name: BROKEN, salt: 1, domain, requirements, argument: 0 };
  }

  copy(to: Target, from: Target, fields: readonly [string, string], more: Partial<Copy> = {}): Copy {
    return { kind: 'copy', name: BROKEN, domain: null, to, from, fields: [fields], ...more };
  }

  /** An inner task that holds something, and what its body launches. */
  inner(requirements: Requirement[], body: readonly Operation[]): Inner {
    const [name, domain] = ['inside', this.draw.chance(0.4) ? [1] : null];
    return { kind: 'inner', name, salt: 1, domain, requirements, argument: 0, body };
  }
}
