// From what a program gives (a region, or a partition with a projection) to what a launch needs to know of it.
import { LaunchError } from '../errors.js';
import type { FieldSpace } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { Engine } from './engine.js';
import type { Resolved } from './legality.js';
import type { Projections } from './projections.js';
import { Partition, ProjectedPartition, Region } from './region.js';
import type { FieldUse } from './requirement.js';

// biome-ignore lint/suspicious/noExplicitAny: any region of any fields
export type AnyRegion = Region<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: any projected partition
export type AnyProjected = ProjectedPartition<any, any, any>;

/** What was given for `name`, checked to be a region or a projected partition of this run that was not freed. */
export function checkPlace(
  engine: Engine,
  given: unknown,
  name: string,
  where: string,
): AnyRegion | AnyProjected {
  if (given === undefined)
    throw new LaunchError(`${where}: no region was given for its requirement ${name}.`);
  if (!(given instanceof Region) && !(given instanceof ProjectedPartition)) {
    throw new LaunchError(
      `${where}: what was given for ${name} is ${given instanceof Partition ? 'a partition: say partition.at()' : 'no region'}.`,
    );
  }
  const tree = given instanceof Region ? given.tree : given.partition.tree;
  if (tree.engine !== engine)
    throw new LaunchError(`${where}: the region given for ${name} belongs to another run.`);
  tree.check();
  return given;
}

/** The requirement `name` of a launch: what was given for it, used by the points of a domain. */
export function resolveUse(
  engine: Engine,
  projections: Projections,
  given: unknown,
  space: FieldSpace,
  uses: readonly FieldUse[],
  domain: IndexSpace,
  name: string,
  where: string,
): Resolved {
  const place = checkPlace(engine, given, name, where);
  if ((place.space as unknown) !== space) {
    throw new LaunchError(
      `${where}: the region given for ${name} has other fields than the task declares (${space.names.join(', ')}): use the same fieldSpace object.`,
    );
  }
  if (place instanceof Region) {
    const { tree, place: partition, colour } = place;
    return { name, tree, partition, uses, colours: projections.constant(partition, domain, colour) };
  }
  const { partition, project } = place;
  const { tree, index } = partition;
  const colours = projections.project(index, domain, project, `${where}, requirement ${name}`);
  const inverse = projections.inverse(colours);
  return { name, tree, partition: index, uses, colours, ...(inverse && { inverse }) };
}
