// Random inner tasks: a launch whose tasks are programs of their own, on what they are given.
import { IllegalProgramError } from './illegal-program.js';
import type { Interpreter } from './interpreter.js';
import type { Draw } from './keyed-random.js';
import { launchPoints } from './launch-points.js';
import { withoutOrphans } from './orphans.js';
import { type Inner, type Launch, lentName, type Operation } from './program-description.js';

/** Inner tasks within inner tasks, at most. */
export const depthMax = 3;

/** Instances by the dozen say no more than a few. */
const pointsMax = 9;

const repairsMax = 8;

/** A launch that was drawn, as one of an inner task without a body; undefined where it has too many points. */
export function innerOf(draw: Draw, id: string | number, launch: Launch): Inner | undefined {
  const { kind: _, gang: __, ...rest } = launch;
  if (launchPoints(launch).length > pointsMax) return undefined;
  const hasty = draw.chance(0.25) && ({ hasty: true } as const);
  return { ...rest, ...hasty, kind: 'inner', name: `i${id}`, body: [] };
}

/** Whether the program itself waits for an operation. */
function waits(operation: Operation): boolean {
  const { kind } = operation;
  return (
    kind === 'read' ||
    kind === 'lease' ||
    kind === 'fence' ||
    (kind === 'partition' && 'field' in operation.by)
  );
}

/** The inner task with a body: drawn for one instance, and mended until it is legal for all. */
export function withBody(
  inner: Inner,
  program: Interpreter,
  drawBody: (instance: Interpreter) => readonly Operation[],
): Inner | undefined {
  const drawn = program.rehearse(inner, drawBody);
  if (!drawn) return undefined;
  let body = inner.hasty ? drawn.filter((operation) => !waits(operation)) : drawn;
  const lent = inner.requirements.map((_, r) => lentName(inner.name, r));
  for (let repair = 0; repair < repairsMax && body.length > 0; repair++) {
    body = withoutOrphans(body, lent);
    const whole: Inner = { ...inner, body };
    const illegal = problemOf(program, whole);
    if (!illegal) return body.length > 0 ? whole : undefined;
    body = body.filter(({ name }) => name !== illegal.operation);
  }
  return undefined;
}

/** What is illegal of an inner task for some of its instances, if anything is. */
function problemOf(program: Interpreter, inner: Inner): IllegalProgramError | undefined {
  try {
    program.try(inner);
    return undefined;
  } catch (error) {
    if (error instanceof IllegalProgramError) return error;
    throw error;
  }
}
