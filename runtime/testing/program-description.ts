// A program as plain data (JSON), which the interpreter, the real runtime and the shrinker all read.
import type { Kind, ReductionName, ValueRange } from './values.js';

/** A point: one integer per axis. */
export type Point = readonly number[];

/** A box of points, both corners included. */
export interface Box {
  readonly lo: Point;
  readonly hi: Point;
}

/** A set of points: a box, a list of boxes that may overlap, or a list of points in any order. */
export type Domain =
  | { readonly kind: 'box'; readonly box: Box }
  | { readonly kind: 'boxes'; readonly rank: number; readonly boxes: readonly Box[] }
  | { readonly kind: 'points'; readonly rank: number; readonly points: readonly Point[] };

export interface FieldDescription {
  readonly name: string;
  readonly kind: Kind;
  readonly lanes: number;
  /** Written values stay in this range: the field holds colours (one lane) or pointers (one lane per axis). */
  readonly range?: ValueRange;
}

/** A region, or the subregion of one colour of a partition. */
export type Place = { readonly region: string } | { readonly partition: string; readonly colour: Point };

/** How the subspaces of a partition of `of` are found. Colours are the points 0 .. colours - 1 in each axis. */
export type PartitionRule =
  | { readonly rule: 'equal'; readonly colours: Point }
  | { readonly rule: 'weights'; readonly colours: Point; readonly weights: readonly number[] }
  | { readonly rule: 'blocks'; readonly block: Point }
  | {
      readonly rule: 'restriction';
      readonly colours: Point;
      /** One row per axis of the space, one column per axis of the colours. */
      readonly transform: readonly Point[];
      readonly extent: Box;
    }
  | { readonly rule: 'byDomain'; readonly colours: Point; readonly domains: readonly Domain[] }
  | { readonly rule: 'byField'; readonly colours: Point; readonly field: string }
  /** The points of `of` that the pointer field `field` of the source partition's subregions points to. */
  | { readonly rule: 'image'; readonly source: string; readonly field: string }
  /** The points of `of` whose pointer field `field` points into the target partition's subregions. */
  | { readonly rule: 'preimage'; readonly target: string; readonly field: string }
  /** The same with the boxes from `field` (lo) to `upper` (hi, inclusive). */
  | { readonly rule: 'imageRange'; readonly source: string; readonly field: string; readonly upper: string }
  | {
      readonly rule: 'preimageRange';
      readonly target: string;
      readonly field: string;
      readonly upper: string;
    }
  /** What `of` shares with the subregions of any partition of as many axes. */
  | { readonly rule: 'mirrored'; readonly target: string }
  /** What the subregion `of` shares with those of another partition of the same parent. */
  | { readonly rule: 'cross'; readonly right: string }
  | {
      readonly rule: 'pending';
      readonly colours: Point;
      readonly sets: readonly {
        readonly how: 'union' | 'intersection' | 'difference';
        readonly domains: readonly Domain[];
      }[];
    }
  | {
      readonly rule: 'union' | 'intersection' | 'difference';
      readonly left: string;
      readonly right: string;
    };

/** Which colour each launch point takes. `linear` numbers go over points or colours in lexicographic order. */
export type Projection =
  | { readonly kind: 'identity' }
  /** colour[a] = (point[a] + offset[a]) mod colours[a]; the ranks agree. */
  | { readonly kind: 'offset'; readonly offset: Point }
  | { readonly kind: 'constant'; readonly colour: Point }
  /** The linear number of the launch point, modulo the number of colours. */
  | { readonly kind: 'linear' }
  /** The linear number of the colour of every launch point. */
  | { readonly kind: 'table'; readonly colours: readonly number[] };

export type Privilege =
  | { readonly kind: 'read' }
  | { readonly kind: 'update' }
  | { readonly kind: 'overwrite' }
  | { readonly kind: 'reduce'; readonly operator: ReductionName };

export interface FieldUse {
  readonly field: string;
  readonly privilege: Privilege;
  /** Exclusive where it is left out. Generated tasks use such fields only in ways whose order does not matter. */
  readonly coherence?: 'atomic' | 'simultaneous';
}

/**
 * A region or subregion, or a partition and which colour each launch point takes; `inverse`: points of one colour may conflict,
 * and run in their order.
 */
export type Target =
  | Place
  | { readonly partition: string; readonly projection: Projection; readonly inverse?: true };

export interface Requirement {
  readonly target: Target;
  /** Each field at most once. */
  readonly fields: readonly FieldUse[];
  /** In illegal programs, the fields that the task declares, where the region has others. */
  readonly declares?: readonly FieldDescription[];
}

/** The number that a launch passes to its tasks: a constant, or an earlier future (of one point of a future map). */
export type Argument = number | { readonly future: string; readonly point?: Point };

export interface CreateRegion {
  readonly kind: 'region';
  readonly name: string;
  readonly domain: Domain;
  readonly fields: readonly FieldDescription[];
}
export interface CreatePartition {
  readonly kind: 'partition';
  readonly name: string;
  readonly of: Place;
  readonly by: PartitionRule;
}
export interface Launch {
  readonly kind: 'launch';
  readonly name: string;
  /** Goes into everything the tasks compute; stays with the launch when other operations are removed. */
  readonly salt: number;
  /** The extents of an index launch; null for a single launch. */
  readonly domain: Point | null;
  /** The first point of an index launch; zeros where it is left out. */
  readonly origin?: Point;
  /** The launch point whose task throws, before it touches anything; empty for a single launch. */
  readonly fails?: Point;
  /** The points run at the same time, and exchange a sum between reading and writing. */
  readonly gang?: true;
  readonly requirements: readonly Requirement[];
  readonly argument: Argument;
  /** A predicate: where it does not hold nothing happens, and every point returns `otherwise`. */
  readonly when?: string;
  /** 0 where it is left out. */
  readonly otherwise?: number;
}
/**
 * A launch of an inner task: every point runs the operations of the body, with all numbers that they make mixed with the
 * point and the argument. `NAME/0`, `NAME/1` ... are what it was given through its requirements; what it makes is known
 * within the body alone. It returns a number made of all that its body saw. Before anything else every instance fills
 * what it overwrites with ones, as nobody says what that held.
 */
export interface Inner {
  readonly kind: 'inner';
  readonly name: string;
  readonly salt: number;
  readonly domain: Point | null;
  readonly origin?: Point;
  /** The point whose body throws, after all its operations. */
  readonly fails?: Point;
  /** The body does not wait for what it launches, and is told of no failure. */
  readonly hasty?: true;
  readonly requirements: readonly Requirement[];
  readonly argument: Argument;
  readonly when?: string;
  readonly otherwise?: number;
  readonly body: readonly Operation[];
}
/** A condition on an earlier number (about every second number holds), or on earlier conditions. */
export interface MakePredicate {
  readonly kind: 'predicate';
  readonly name: string;
  readonly by:
    | { readonly rule: 'is'; readonly of: string; readonly point?: Point }
    | { readonly rule: 'not'; readonly of: string }
    | { readonly rule: 'and' | 'or'; readonly left: string; readonly right: string };
}
export interface ReduceFutures {
  readonly kind: 'reduceFutures';
  readonly name: string;
  /** An index launch. */
  readonly of: string;
  readonly operator: 'sum' | 'prod' | 'min' | 'max';
}
export interface Fill {
  readonly kind: 'fill';
  readonly name: string;
  readonly target: Target;
  /** The extents of an index fill. */
  readonly domain?: Point;
  readonly field: string;
  /** An integer that every lane of every point takes, or one for each lane. */
  readonly value: number | readonly number[];
  readonly when?: string;
}
/** A field of pointers: coordinates of points, one lane per axis. */
export interface PointerField {
  readonly target: Target;
  readonly field: string;
}
/** Copies fields; with `gather` from where pointers lead, with `scatter` to where they lead. */
export interface Copy {
  readonly kind: 'copy';
  readonly name: string;
  /** The extents of an index copy; null for a single one. */
  readonly domain: Point | null;
  readonly from: Target;
  readonly to: Target;
  /** Destination and source, of one kind and as many lanes. */
  readonly fields: readonly (readonly [to: string, from: string])[];
  /** The k-th point to the k-th point. */
  readonly byOrder?: boolean;
  readonly gather?: PointerField;
  readonly scatter?: PointerField;
  readonly reduce?: ReductionName;
  /** Pointers that lead nowhere are left out; else the copy fails. */
  readonly drop?: boolean;
  readonly when?: string;
}
/** A number computed from a future by the launching thread. */
export interface MapFuture {
  readonly kind: 'mapFuture';
  readonly name: string;
  readonly of: string;
  /** The point, where `of` is an index launch. */
  readonly point?: Point;
}
/** The program takes a lease, works on it like a task, and keeps it until it is released. No reductions. */
export interface TakeLease {
  readonly kind: 'lease';
  readonly name: string;
  readonly salt: number;
  readonly target: Place;
  readonly fields: readonly FieldUse[];
}
export interface ReleaseLease {
  readonly kind: 'release';
  readonly name: string;
  readonly lease: string;
}
/** The program waits for the contents of a region or subregion and looks at them. */
export interface Read {
  readonly kind: 'read';
  readonly name: string;
  readonly target: Place;
  readonly field: string;
}
/** The program itself sets all values of a field of a region or subregion. */
export interface Write {
  readonly kind: 'write';
  readonly name: string;
  readonly target: Place;
  readonly field: string;
  readonly salt: number;
}
/** A field of a region or subregion becomes what is outside: one element for every point of the bounding box. */
export interface Attach {
  readonly kind: 'attach';
  readonly name: string;
  readonly target: Place;
  readonly field: string;
  readonly source: 'array' | 'shared' | 'file';
  readonly mode: 'read' | 'update' | 'create';
  readonly salt: number;
}
/** What was written goes to the source, which the program waits for and looks at. */
export interface Flush {
  readonly kind: 'flush';
  readonly name: string;
  readonly attachment: string;
}
/** The source is the program's again, and the elements are zeros. */
export interface Detach {
  readonly kind: 'detach';
  readonly name: string;
  readonly attachment: string;
  /** Nothing is written. */
  readonly discard?: true;
}
export interface Fence {
  readonly kind: 'fence';
  readonly name: string;
}
export interface FreeRegion {
  readonly kind: 'free';
  readonly name: string;
  readonly region: string;
}

/** One operation. `name` is unique among all operations; it names the region, the partition or the future made. */
export type Operation =
  | CreateRegion
  | CreatePartition
  | Launch
  | Inner
  | MakePredicate
  | ReduceFutures
  | MapFuture
  | Fill
  | Copy
  | TakeLease
  | ReleaseLease
  | Read
  | Write
  | Attach
  | Flush
  | Detach
  | Fence
  | FreeRegion;

export interface Program {
  readonly seed: number;
  readonly operations: readonly Operation[];
}

/** What an inner task is given through a requirement, within its body. */
export const lentName = (inner: string, requirement: number): string => `${inner}/${requirement}`;

/** What an inner task fills with ones before anything else; what is shared its body cannot fill. */
export const isPrelude = ({ privilege, coherence }: FieldUse): boolean =>
  privilege.kind === 'overwrite' && coherence !== 'simultaneous';

/** An inner launch as a launch: its requirements, domain and argument. */
export function outerLaunch({ kind: _, body: __, hasty: ___, ...launch }: Inner): Launch {
  return { ...launch, kind: 'launch' };
}

/** The launch as it is analysed: under a predicate even what it overwrites may have to be kept. */
export function guarded(launch: Launch): Launch {
  if (launch.when === undefined) return launch;
  const requirements = launch.requirements.map(({ target, fields }) => ({
    target,
    fields: fields.map((use) =>
      use.privilege.kind === 'overwrite' ? { ...use, privilege: { kind: 'update' } as const } : use,
    ),
  }));
  return { ...launch, requirements };
}

/** A launch that uses what another operation uses, to be checked and ordered like one. */
export function launchOf(
  { name, domain, when }: Pick<Fill, 'name' | 'when'> & { readonly domain?: Point | null },
  requirements: readonly Requirement[],
): Launch {
  const launch: Launch = { kind: 'launch', name, salt: 0, domain: domain ?? null, requirements, argument: 0 };
  return when === undefined ? launch : { ...launch, when };
}

/** Names of the earlier operations that an operation cannot do without, those within a body left out. */
export function namesUsed(operation: Operation): string[] {
  const names = namesNeeded(operation);
  return 'when' in operation && operation.when !== undefined ? [...names, operation.when] : names;
}

function namesNeeded(operation: Operation): string[] {
  const place = (p: Target) => ('region' in p ? p.region : p.partition);
  switch (operation.kind) {
    case 'region':
    case 'fence':
      return [];
    case 'partition': {
      const { by } = operation;
      const others = 'left' in by ? [by.left, by.right] : [];
      if ('source' in by) others.push(by.source);
      if ('target' in by) others.push(by.target);
      if (by.rule === 'cross') others.push(by.right);
      return [place(operation.of), ...others];
    }
    case 'predicate': {
      const { by } = operation;
      return 'left' in by ? [by.left, by.right] : [by.of];
    }
    case 'launch':
    case 'inner': {
      const names = operation.requirements.map(({ target }) =>
        'region' in target ? target.region : target.partition,
      );
      if (typeof operation.argument !== 'number') names.push(operation.argument.future);
      return names;
    }
    case 'reduceFutures':
    case 'mapFuture':
      return [operation.of];
    case 'copy': {
      const { to, from, gather, scatter } = operation;
      return [to, from, gather?.target, scatter?.target].flatMap((target) => (target ? [place(target)] : []));
    }
    case 'release':
      return [operation.lease];
    case 'lease':
    case 'fill':
    case 'read':
    case 'write':
    case 'attach':
      return [place(operation.target)];
    case 'flush':
    case 'detach':
      return [operation.attachment];
    case 'free':
      return [operation.region];
  }
}
