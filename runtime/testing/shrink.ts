// The smallest program that still fails: delta debugging over operations, then over requirements, fields, launch
// points, partitions and region points. Only legal programs are tried.
import { pointsOf } from './brute-points.js';
import { IllegalProgramError } from './illegal-program.js';
import { interpret } from './interpreter.js';
import { unguarded, withoutOrphans } from './orphans.js';
import {
  type Copy,
  type CreatePartition,
  type CreateRegion,
  type Domain,
  type Inner,
  type Launch,
  lentName,
  namesUsed,
  type Operation,
  type Point,
  type Program,
  type Requirement,
  type Target,
} from './program-description.js';

/** Whether a program still shows the failure. */
export type Fails = (program: Program) => boolean | Promise<boolean>;

function isLegal(program: Program): boolean {
  try {
    interpret(program);
    return true;
  } catch (error) {
    if (error instanceof IllegalProgramError) return false;
    throw error;
  }
}

/** The list without one of its elements, for each element. */
const without = <T>(list: readonly T[]): T[][] => list.map((_, i) => list.toSpliced(i, 1));

/** Every way to make a set of points smaller by half. */
function smallerDomains(domain: Domain): Domain[] {
  if (domain.kind === 'box') {
    const { lo, hi } = domain.box;
    return lo.flatMap((x, axis): Domain[] => {
      const middle = Math.floor((x + hi[axis]!) / 2);
      if (hi[axis] === x) return [];
      return [
        { kind: 'box', box: { lo, hi: hi.with(axis, middle) } },
        { kind: 'box', box: { lo: lo.with(axis, middle + 1), hi } },
      ];
    });
  }
  const points = pointsOf(domain);
  if (points.length < 2) return [];
  const half = points.length >> 1;
  const { rank } = domain;
  const listed = (some: Point[]): Domain => ({ kind: 'points', rank, points: some });
  return [
    listed(points.slice(0, half)),
    listed(points.slice(half)),
    listed(points.slice(1)),
    listed(points.slice(0, -1)),
  ];
}

function smallerRegions(region: CreateRegion): CreateRegion[] {
  return [
    ...without(region.fields)
      .filter((fields) => fields.length > 0)
      .map((fields) => ({ ...region, fields })),
    ...smallerDomains(region.domain).map((domain) => ({ ...region, domain })),
    ...region.fields.flatMap((field, f) =>
      field.lanes > 1 && !field.range
        ? [{ ...region, fields: region.fields.with(f, { ...field, lanes: 1 }) }]
        : [],
    ),
    ...region.fields.flatMap((field, f) =>
      field.kind !== 'i32'
        ? [{ ...region, fields: region.fields.with(f, { ...field, kind: 'i32' as const }) }]
        : [],
    ),
  ];
}

function smallerRequirements(requirement: Requirement): Requirement[] {
  const { target, fields } = requirement;
  const smaller = without(fields)
    .filter((rest) => rest.length > 0)
    .map((rest): Requirement => ({ target, fields: rest }));
  fields.forEach(({ coherence, ...exclusive }, f) => {
    if (coherence) smaller.push({ target, fields: fields.with(f, exclusive) });
  });
  if ('projection' in target && target.projection.kind !== 'identity') {
    smaller.push({ target: { ...target, projection: { kind: 'identity' } }, fields });
  }
  return smaller;
}

function withoutGang({ gang: _, ...launch }: Launch): Launch {
  return launch;
}

function withoutFailure({ fails: _, ...launch }: Launch): Launch {
  return launch;
}

function smallerLaunches(launch: Launch): Launch[] {
  const { requirements, domain } = launch;
  return [
    ...without(requirements)
      .filter((rest) => rest.length > 0)
      .map((rest) => ({ ...launch, requirements: rest })),
    ...requirements.flatMap((requirement, r) =>
      smallerRequirements(requirement).map((smaller) => ({
        ...launch,
        requirements: requirements.with(r, smaller),
      })),
    ),
    ...(domain ?? []).flatMap((n, axis) =>
      n > 1 ? [1, n >> 1, n - 1].map((fewer) => ({ ...launch, domain: domain!.with(axis, fewer) })) : [],
    ),
    ...(launch.gang ? [withoutGang(launch)] : []),
    ...(launch.fails ? [withoutFailure(launch)] : []),
    ...(launch.when === undefined ? [] : [unguarded(launch)]),
    ...(launch.origin ? [{ ...launch, origin: launch.origin.map(() => 0) }] : []),
    ...(typeof launch.argument === 'number' && launch.argument === 0 ? [] : [{ ...launch, argument: 0 }]),
  ];
}

function smallerInners(inner: Inner): Inner[] {
  const { fails: _, hasty: __, ...common } = inner;
  const { body, domain, requirements } = inner;
  return [
    ...[body.slice(0, body.length >> 1), body.slice(body.length >> 1)].map((half) => ({
      ...inner,
      body: half,
    })),
    ...without(body).map((fewer) => ({ ...inner, body: fewer })),
    ...body.flatMap((operation, i) =>
      smallerOperations(operation).map((smaller) => ({ ...inner, body: body.with(i, smaller) })),
    ),
    // The others would be lent under other names.
    ...(requirements.length > 1 ? [{ ...inner, requirements: requirements.slice(0, -1) }] : []),
    ...requirements.flatMap((requirement, r) =>
      smallerRequirements(requirement).map((smaller) => ({
        ...inner,
        requirements: requirements.with(r, smaller),
      })),
    ),
    ...(domain ?? []).flatMap((n, axis) =>
      n > 1 ? [1, n - 1].map((fewer) => ({ ...inner, domain: domain!.with(axis, fewer) })) : [],
    ),
    ...(inner.when === undefined ? [] : [unguarded(inner)]),
    ...(inner.fails || inner.hasty ? [common] : []),
    ...(inner.argument === 0 ? [] : [{ ...inner, argument: 0 }]),
  ];
}

function smallerPartitions(partition: CreatePartition): CreatePartition[] {
  const { by } = partition;
  if (by.rule === 'equal') {
    return by.colours.flatMap((n, axis) =>
      n > 1 ? [{ ...partition, by: { ...by, colours: by.colours.with(axis, n >> 1) } }] : [],
    );
  }
  const colours: Point = 'colours' in by ? by.colours : [2];
  return [{ ...partition, by: { rule: 'equal', colours } }];
}

function smallerOperations(operation: Operation): Operation[] {
  switch (operation.kind) {
    case 'region':
      return smallerRegions(operation);
    case 'partition':
      return smallerPartitions(operation);
    case 'launch':
      return smallerLaunches(operation);
    case 'inner':
      return smallerInners(operation);
    case 'attach':
      return operation.source === 'array' ? [] : [{ ...operation, source: 'array' }];
    case 'fill':
      return operation.when === undefined ? [] : [unguarded(operation)];
    case 'copy':
      return smallerCopies(operation);
    case 'lease':
      return without(operation.fields)
        .filter((fields) => fields.length > 0)
        .map((fields) => ({ ...operation, fields }));
    default:
      return [];
  }
}

function smallerCopies({ reduce, ...copy }: Copy): Copy[] {
  const smaller = without(copy.fields)
    .filter((fields) => fields.length > 0)
    .map((fields): Copy => ({ ...copy, fields, ...(reduce && { reduce }) }));
  if (reduce) smaller.push(copy);
  if (copy.when !== undefined) smaller.push({ ...unguarded(copy), ...(reduce && { reduce }) });
  return smaller;
}

/** A field that a region has lost is lost everywhere. */
function withoutLostFields(
  operations: readonly Operation[],
  lent: readonly (readonly [string, ReadonlySet<string>])[] = [],
): Operation[] {
  const fieldsOf = new Map<string, ReadonlySet<string>>(lent);
  return operations.flatMap((operation): Operation[] => {
    const fields = fieldsOf.get(namesUsed(operation)[0] ?? '');
    if (operation.kind === 'region')
      fieldsOf.set(operation.name, new Set(operation.fields.map((f) => f.name)));
    if (operation.kind === 'partition' && fields) fieldsOf.set(operation.name, fields);
    if (
      (operation.kind === 'fill' ||
        operation.kind === 'read' ||
        operation.kind === 'write' ||
        operation.kind === 'attach') &&
      !fields?.has(operation.field)
    )
      return [];
    if (operation.kind === 'lease') {
      const kept = operation.fields.filter(({ field }) => fields?.has(field));
      return kept.length > 0 ? [{ ...operation, fields: kept }] : [];
    }
    if (operation.kind === 'copy') {
      const has = (target: Target | undefined, field: string) =>
        target === undefined ||
        fieldsOf.get('region' in target ? target.region : target.partition)?.has(field) === true;
      const { to, from, gather, scatter } = operation;
      const kept = operation.fields.filter(([t, f]) => has(to, t) && has(from, f));
      const pointed = [gather, scatter].every((field) => !field || has(field.target, field.field));
      return kept.length > 0 && pointed ? [{ ...operation, fields: kept }] : [];
    }
    if (operation.kind !== 'launch' && operation.kind !== 'inner') return [operation];
    const requirements = operation.requirements
      .map(({ target, fields: uses }) => {
        const known = fieldsOf.get('region' in target ? target.region : target.partition);
        return { target, fields: uses.filter(({ field }) => known?.has(field)) };
      })
      .filter(({ fields: uses }) => uses.length > 0);
    if (operation.kind === 'inner') {
      if (requirements.length < operation.requirements.length) return [];
      const held = requirements.map(
        ({ fields: uses }, r) =>
          [lentName(operation.name, r), new Set(uses.map(({ field }) => field))] as const,
      );
      return [{ ...operation, requirements, body: withoutLostFields(operation.body, held) }];
    }
    return requirements.length > 0 ? [{ ...operation, requirements }] : [];
  });
}

/**
 * Makes a failing program smaller until nothing more can go, or until `triesMax` programs have been run. Returns the
 * program itself when it does not fail.
 */
export async function shrink(program: Program, fails: Fails, triesMax = 3000): Promise<Program> {
  let best = program;
  let tries = 0;
  const attempt = async (operations: readonly Operation[]): Promise<boolean> => {
    const candidate = {
      seed: program.seed,
      operations: withoutOrphans(withoutLostFields(withoutOrphans(operations))),
    };
    if (tries >= triesMax || !isLegal(candidate)) return false;
    tries++;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = 0; size !== JSON.stringify(best).length && tries < triesMax; ) {
    size = JSON.stringify(best).length;
    for (let chunk = best.operations.length >> 1 || 1; chunk >= 1; chunk >>= 1) {
      // From the end: what comes last hides nothing.
      for (let end = best.operations.length; end > 0; end -= chunk) {
        const operations = best.operations.toSpliced(Math.max(0, end - chunk), Math.min(chunk, end));
        await attempt(operations);
        end = Math.min(end, best.operations.length + chunk); // orphans may have gone as well
      }
    }
    for (let i = 0; i < best.operations.length; i++) {
      for (let smaller = true; smaller && i < best.operations.length; ) {
        smaller = false;
        for (const operation of smallerOperations(best.operations[i]!)) {
          if (await attempt(best.operations.with(i, operation))) {
            smaller = true;
            break;
          }
        }
      }
    }
  }
  return best;
}

/** A test file that runs one program on the runtime; `options` are those of `runtimeExecutor`. */
export function regressionTest(program: Program, options: object, finding: string): string {
  return `// Found by the fuzzer and shrunk: ${finding.replace(/\s+/g, ' ').slice(0, 200)}
import t from 'tap';
import { describeDifference, type Program, runDifferential, runtimeExecutor } from '../../../runtime/testing/index.js';

const program: Program = ${JSON.stringify(program, null, 2)};

t.test('seed ${program.seed}', async (t) => {
  const difference = await runDifferential(program, runtimeExecutor(${JSON.stringify(options)}));
  t.equal(difference && describeDifference(difference), undefined);
});
`;
}
