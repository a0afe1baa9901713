// What the names of a program stand for, and what it may use of that: regions, partitions, leases, what a body was lent.
import { Attachments } from './attachments.js';
import { checkContainment, type Lent } from './brute-containment.js';
import { checkInterference } from './brute-interference.js';
import { linearNumber } from './brute-points.js';
import { checkTypes, launchOfCopy, narrowedTasks } from './copy-values.js';
import { IllegalProgramError } from './illegal-program.js';
import { launchPoints, project } from './launch-points.js';
import { fieldOf, type LivePartition, type LiveRegion, type Subregion } from './live-region.js';
import { OpenLeases } from './open-leases.js';
import {
  type Copy,
  guarded,
  type Launch,
  launchOf,
  type Place,
  type Point,
  type Requirement,
} from './program-description.js';

/** What an instance of an inner task has of its own. */
export interface Instance {
  readonly salt: number;
  /** What it was given, by its names in the body. */
  readonly lent: ReadonlyMap<string, Lent>;
  /** The program that launched it. */
  readonly outer: Places;
}

export class Places {
  /** Regions by the names that the program holds them by; of lent ones, the fields that it may use. */
  readonly regions = new Map<string, LiveRegion>();
  readonly partitions = new Map<string, LivePartition>();
  protected readonly openLeases = new OpenLeases();
  protected readonly attached = new Attachments();
  /** The program is the body of an inner task. */
  protected readonly instance: Instance | null;

  constructor(instance: Instance | null = null) {
    this.instance = instance;
    for (const [name, { region, uses }] of instance?.lent ?? []) {
      const fields = new Map([...region.fields].filter(([field]) => uses.some((use) => use.field === field)));
      this.regions.set(name, { ...region, name, fields, uses });
    }
  }

  /** A region by its own name, however it is held. */
  regionCalled(name: string): LiveRegion {
    const held = [...(this.instance?.lent.values() ?? [])].find(({ region }) => region.name === name);
    return held?.region ?? this.regions.get(name)!;
  }

  /** The points that a place names. `operation` is who asks. */
  place(place: Place, operation: string): Subregion {
    if ('region' in place) {
      const lent = this.instance?.lent.get(place.region);
      if (lent) return lent;
      const region = this.regions.get(place.region);
      if (!region) this.#refuseForeign(place.region, operation);
      if (!region) throw new IllegalProgramError('LaunchError', operation, `region ${place.region} is gone`);
      return { region, ordinals: region.points.map((_, ordinal) => ordinal) };
    }
    const { colours, parts, region } = this.#partitionCalled(place.partition, operation);
    const { colour } = place;
    if (colour.length !== colours.length || colour.some((c, a) => c < 0 || c >= colours[a]!)) {
      const message = `partition ${place.partition} has no colour [${colour}], only [0..${colours})`;
      throw new IllegalProgramError('BoundsError', operation, message);
    }
    return { region, ordinals: parts[linearNumber(colour, colours)]! };
  }

  #partitionCalled(name: string, operation: string): LivePartition {
    const partition = this.partitions.get(name);
    if (partition) return partition;
    this.#refuseForeign(name, operation);
    throw new IllegalProgramError('LaunchError', operation, `the region of partition ${name} is gone`);
  }

  /** Whether a name is known to the program or to one that it is the body of. */
  knows(name: string): boolean {
    if (this.regions.has(name) || this.partitions.has(name)) return true;
    return this.instance?.outer.knows(name) ?? false;
  }

  /** Throws where a region or partition belongs to an outer program, which did not lend it. */
  #refuseForeign(name: string, operation: string): void {
    if (!this.instance?.outer.knows(name)) return;
    throw new IllegalProgramError(
      'ContainmentError',
      operation,
      `${name} belongs to an outer task`,
      undefined,
      {
        requirement: -1,
        rule: 'region',
        points: [],
      },
    );
  }

  /** The subregion that a launch point gets from a requirement. */
  subregion(requirement: Requirement, point: Point, launch: Launch): Subregion {
    const { target, declares } = requirement;
    if (declares) throw new IllegalProgramError('LaunchError', launch.name, 'the region has other fields');
    if (!('projection' in target)) return this.place(target, launch.name);
    const { colours } = this.#partitionCalled(target.partition, launch.name);
    const colour = project(target.projection, point, launch, colours);
    if (!colour) throw new IllegalProgramError('BoundsError', launch.name, `no colour for point [${point}]`);
    return this.place({ partition: target.partition, colour }, launch.name);
  }

  /** Names of attachments that were not detached. */
  get attachments(): readonly string[] {
    return this.attached.names;
  }

  /** Names of leases that were not released. */
  get leases(): readonly string[] {
    return this.openLeases.names;
  }

  /** Throws where an operation that uses one field in one way uses what its task does not hold, or what is leased. */
  protected refuseOne(
    operation: string,
    subregion: Subregion,
    field: string,
    kind: 'read' | 'overwrite',
  ): void {
    const target = { region: subregion.region.name };
    const launch = launchOf({ name: operation }, [{ target, fields: [{ field, privilege: { kind } }] }]);
    this.checkHeld(launch, [[subregion]]);
  }

  /** Throws where a launch uses what its task does not hold, or what is leased. */
  protected checkHeld(launch: Launch, tasks: readonly (readonly Subregion[])[]): void {
    if (this.instance) checkContainment(launch, tasks, [...this.instance.lent.values()]);
    this.openLeases.refuse(launch, tasks);
    this.attached.refuse(launch, tasks);
  }

  /** What the points of a copy hold, requirement by requirement, after all checks. */
  copyTasks(copy: Copy): { readonly launch: Launch; readonly tasks: readonly (readonly Subregion[])[] } {
    const launch = launchOfCopy(copy);
    const points = launchPoints(launch);
    const held = points.map((point) => launch.requirements.map((r) => this.subregion(r, point, launch)));
    for (const [r, { fields }] of launch.requirements.entries())
      for (const { field } of fields) for (const task of held) fieldOf(task[r]!.region, field, copy.name);
    if (held.length > 0) checkTypes(copy, held[0]!);
    const tasks = held.map((task) => narrowedTasks(copy, task));
    checkInterference(guarded(launch), points, tasks);
    this.checkHeld(guarded(launch), tasks);
    return { launch, tasks };
  }

  /** The subregion of every requirement of every point, after all checks. */
  protected tasksOf(launch: Launch): readonly (readonly Subregion[])[] {
    const points = launchPoints(launch);
    const tasks = points.map((point) => launch.requirements.map((r) => this.subregion(r, point, launch)));
    checkInterference(guarded(launch), points, tasks);
    this.checkHeld(guarded(launch), tasks);
    return tasks;
  }
}
