// The tasks of a generated program. A worker finds tasks by module and name, so the shapes of all launches of a
// program travel in the query of this module's address: whoever imports that address makes the same tasks.

import { deflateSync, inflateSync } from 'node:zlib';
import type { TaskContext } from '../execution/leaf.js';
import type { Shape as ViewShape } from '../execution/view.js';
import type { Context } from '../program/context.js';
import { task } from '../program/declare-task.js';
import { type Requirement as Declared, overwrites, reads, reduces, updates } from '../program/requirement.js';
import type { Task } from '../program/task.js';
import {
  type FieldSpace,
  type Fields,
  type FieldType,
  f32,
  f64,
  fieldSpace,
  i32,
  i64,
  u32,
  vec,
} from '../regions/index.js';
import { type FieldAccess, genericBody, type RequirementAccess } from './generic-body.js';
import type { FieldDescription, FieldUse, Point, Privilege } from './program-description.js';
import { fold, type Kind, type Value } from './values.js';

/** What a task must know of one requirement. */
export interface RequirementShape {
  /** All fields of the region. */
  readonly fields: readonly FieldDescription[];
  readonly uses: readonly FieldUse[];
}

/** What a task must know of its launch. */
export interface TaskShape {
  /** A single launch, whose point is the empty one. */
  readonly single: boolean;
  readonly requirements: readonly RequirementShape[];
  /** An inner task, whose body the driver runs. */
  readonly inner?: true;
}

/** What a launch passes to its tasks; `fails` is the point that throws an error with the message `failure`. */
export interface TaskArguments {
  readonly salt: number;
  readonly argument: number;
  readonly fails?: Point;
  readonly failure?: string;
}

/** What a launch of an inner task passes to its bodies: whose they are, and the name of the operation. */
export interface BodyArguments {
  readonly session: number;
  readonly name: string;
  readonly argument: number;
}

// biome-ignore lint/suspicious/noExplicitAny: the shapes are known at run time alone
export type GeneratedTask = Task<any, TaskArguments, number>;

const types: Readonly<Record<Kind, FieldType>> = { i32, u32, i64, f32, f64 };

const spaces = new Map<string, FieldSpace<Fields>>();

/** The field space of a list of fields: always the same object for the same list, as launches demand. */
export function fieldSpaceOf(fields: readonly FieldDescription[]): FieldSpace<Fields> {
  const key = JSON.stringify(fields.map(({ name, kind, lanes }) => [name, kind, lanes]));
  let space = spaces.get(key);
  if (!space) {
    const typed = fields.map(({ name, kind, lanes }): [string, FieldType] => [
      name,
      lanes === 1 ? types[kind] : vec(types[kind] as FieldType<Float64Array, 1>, lanes),
    ]);
    spaces.set(key, (space = fieldSpace(Object.fromEntries(typed))));
  }
  return space;
}

function declareUse(space: FieldSpace<Fields>, { field, privilege, coherence }: FieldUse) {
  const exclusive = declarePrivilege(space, field, privilege) as Declared<Fields, Record<string, never>>;
  if (coherence === undefined) return exclusive;
  return coherence === 'atomic' ? exclusive.atomic() : exclusive.simultaneous();
}

function declarePrivilege(space: FieldSpace<Fields>, field: string, privilege: Privilege) {
  switch (privilege.kind) {
    case 'read':
      return reads(space, field);
    case 'update':
      return updates(space, field);
    case 'overwrite':
      return overwrites(space, field);
    case 'reduce':
      return reduces(space, privilege.operator, field);
  }
}

export function declare({ fields, uses }: RequirementShape): Declared<Fields, Record<string, never>> {
  const space = fieldSpaceOf(fields);
  const parts = uses.map((use) => declareUse(space, use));
  const joined = parts.slice(1).reduce((all, part) => all.and(part as never), parts[0]!);
  return joined as unknown as Declared<Fields, Record<string, never>>;
}

type Elements = Record<number, Value> & { fold(i: number, value: Value): void };
/** A view as it is for any fields. */
export type AnyView = ViewShape & Readonly<Record<string, Elements>>;

/** Offsets and coordinates of the points of a view, which stay the same as long as the view does. */
function placesOf(view: ViewShape): { offsets: number[]; coordinates: number[][] } {
  const offsets = [...view.points];
  return { offsets, coordinates: offsets.map((offset) => view.coord(offset)) };
}

export function accessTo(view: AnyView, { fields, uses }: RequirementShape): RequirementAccess {
  const { offsets, coordinates } = placesOf(view);
  return {
    size: offsets.length,
    rank: view.lo.length,
    coordinate: (i, axis) => coordinates[i]![axis]!,
    fields: uses.map(({ field, privilege, coherence }): FieldAccess => {
      const { kind, lanes, range } = fields.find(({ name }) => name === field)!;
      const elements = view[field]!;
      return {
        kind,
        lanes,
        range,
        privilege: privilege.kind,
        coherence,
        operator: privilege.kind === 'reduce' ? privilege.operator : undefined,
        get: (i, lane) => elements[offsets[i]! * lanes + lane]!,
        set: (i, lane, value) => {
          elements[offsets[i]! * lanes + lane] = value;
        },
        add: (i, lane, value) => {
          const at = offsets[i]! * lanes + lane;
          // An atomic task is alone with its elements: reading and then writing is enough, and shows when it is not.
          if (coherence === 'atomic') elements[at] = fold(kind, 'sum', elements[at]!, value);
          else Atomics.add(elements as unknown as Int32Array, at, value as number);
        },
        fold: (i, lane, value) => elements.fold(offsets[i]! * lanes + lane, value),
      };
    }),
  };
}

/** Runs the body of an inner task; set by the driver, as bodies run on the launching thread alone. */
export const bodies: {
  run: (regions: Readonly<Record<string, unknown>>, args: BodyArguments, ctx: Context) => Promise<number>;
} = { run: () => Promise.reject(new Error('nobody drives inner tasks here')) };

function innerTaskOf(module: string, number: number, shape: TaskShape): GeneratedTask {
  return task({
    module,
    name: `shape${number}`,
    leaf: false,
    regions: Object.fromEntries(shape.requirements.map((requirement, r) => [`r${r}`, declare(requirement)])),
    run: (regions: Readonly<Record<string, unknown>>, args: BodyArguments, ctx: Context) =>
      bodies.run(regions, args, ctx),
  }) as unknown as GeneratedTask;
}

function taskOf(module: string, number: number, shape: TaskShape): GeneratedTask {
  if (shape.inner) return innerTaskOf(module, number, shape);
  const names = shape.requirements.map((_, r) => `r${r}`);
  return task({
    module,
    name: `shape${number}`,
    regions: Object.fromEntries(
      shape.requirements.map((requirement, r) => [names[r]!, declare(requirement)]),
    ),
    run: (
      views: Readonly<Record<string, unknown>>,
      { salt, argument, fails, failure }: TaskArguments,
      context: TaskContext,
    ) => {
      const point = shape.single ? [] : context.point;
      if (fails && String(fails) === String(point)) throw new Error(failure);
      const { gang } = context;
      return genericBody(
        { salt, argument, point },
        shape.requirements.map((requirement, r) => accessTo(views[names[r]!] as AnyView, requirement)),
        gang === null ? undefined : (value) => gang.broadcast(gang.allreduce('sum', value), gang.size - 1),
      );
    },
  }) as unknown as GeneratedTask;
}

const query = 'shapes';

const made = new Map<string, GeneratedTask[]>();

/** A task per shape, in their order: the same tasks for the same shapes. */
export function generatedTasks(shapes: readonly TaskShape[]): GeneratedTask[] {
  const module = new URL(import.meta.url);
  module.search = '';
  // Requirements repeat the fields of their regions: all that is only a hundredth when it is compressed.
  module.searchParams.set(query, deflateSync(JSON.stringify(shapes)).toString('base64url'));
  let tasks = made.get(module.href);
  if (!tasks)
    made.set(module.href, (tasks = shapes.map((shape, number) => taskOf(module.href, number, shape))));
  return tasks;
}

const shapes = new URL(import.meta.url).searchParams.get(query);
/** The tasks that the query of this module's address names; none without one. */
export const tasks: readonly GeneratedTask[] =
  shapes === null
    ? []
    : generatedTasks(JSON.parse(inflateSync(Buffer.from(shapes, 'base64url')).toString()) as TaskShape[]);
