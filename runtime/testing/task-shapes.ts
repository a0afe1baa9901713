// The kinds of task that a program launches: launches of one shape run one task.
import type { TaskShape } from './generated-tasks.js';
import { type FieldDescription, lentName, type Operation, type Program } from './program-description.js';

/** The shape of every launch of a program, each once; the bodies of inner tasks included. */
export function shapesOf(program: Program): { shapes: TaskShape[]; numberOf: ReadonlyMap<string, number> } {
  const fieldsOf = new Map<string, readonly FieldDescription[]>();
  const shapes: TaskShape[] = [];
  const known = new Map<string, number>();
  const numberOf = new Map<string, number>();
  const visit = (operation: Operation): void => {
    if (operation.kind === 'region') fieldsOf.set(operation.name, operation.fields);
    if (operation.kind === 'partition') {
      const { of } = operation;
      fieldsOf.set(operation.name, fieldsOf.get('region' in of ? of.region : of.partition)!);
    }
    if (operation.kind !== 'launch' && operation.kind !== 'inner') return;
    const shape: TaskShape = {
      ...(operation.kind === 'inner' && { inner: true }),
      single: operation.domain === null,
      requirements: operation.requirements.map(({ target, fields: uses, declares }) => ({
        fields: declares ?? fieldsOf.get('region' in target ? target.region : target.partition)!,
        uses,
      })),
    };
    const key = JSON.stringify(shape);
    let number = known.get(key);
    if (number === undefined) known.set(key, (number = shapes.push(shape) - 1));
    numberOf.set(operation.name, number);
    if (operation.kind !== 'inner') return;
    for (const [r, { fields }] of shape.requirements.entries())
      fieldsOf.set(lentName(operation.name, r), fields);
    for (const inside of operation.body) visit(inside);
  };
  for (const operation of program.operations) visit(operation);
  return { shapes, numberOf };
}

/** How many kinds of task a program has: one run of the runtime takes 1024 at most. */
export const countShapes = (program: Program): number => shapesOf(program).shapes.length;
