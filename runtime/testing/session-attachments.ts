// What a session attaches to data outside: what its program says, and where it is asked for whatever else there is.
import type { Attachment } from '../program/attachment.js';
import type { Context } from '../program/context.js';
import type { TaskFuture } from '../program/future.js';
import { attachedFields, sourceValues } from './attachments.js';
import { type Outside, OutsideData } from './outside-data.js';
import type { Attach, Detach, FieldDescription, Flush, Program } from './program-description.js';
import type { AnyRegion } from './runtime-partition.js';
import type { Value } from './values.js';

interface Attached {
  readonly attachment: Attachment;
  readonly operation: Attach;
  readonly outside: Outside;
  readonly region: AnyRegion;
}

/** The end of a flush or of an attachment, and what the source shows then. */
export interface Ended {
  readonly name: string;
  readonly over: TaskFuture<void>;
  show(): readonly (Value | string)[];
}

export class SessionAttachments {
  readonly #ctx: Context;
  readonly #data = new OutsideData();
  readonly #attached = new Map<string, Attached>();
  /** Attachments that the program knows nothing of. */
  readonly #besides = new Map<AnyRegion['tree'], Attachment>();
  /** Fields that the program attaches itself, as `REGION.FIELD`. */
  readonly #own: ReadonlySet<string>;

  constructor(ctx: Context, program: Program) {
    this.#ctx = ctx;
    this.#own = attachedFields(program);
  }

  /** Attaches what the program does not attach itself to arrays of zeros. */
  attachAll(region: AnyRegion): void {
    const { indexSpace, tree } = region;
    if (indexSpace.empty) return;
    const box = indexSpace.lo.reduce((product, low, axis) => product * (indexSpace.hi[axis]! - low + 1), 1);
    const sources = Object.entries(region.space.fields)
      .filter(([field]) => !this.#own.has(`${tree.name}.${field}`))
      .map(([field, { array, lanes }]) => [field, new array(box * lanes)]);
    if (sources.length === 0) return;
    this.#besides.set(tree, this.#ctx.attach(region, Object.fromEntries(sources), { mode: 'update' }));
  }

  attach(operation: Attach, region: AnyRegion, description: FieldDescription): void {
    const { name, field, mode } = operation;
    const { values } = sourceValues(operation, description, [...region.indexSpace]);
    const outside = this.#data.make(operation, description, values);
    const attachment = this.#ctx.attach(region, { [field]: outside.source } as never, { mode });
    this.#attached.set(name, { attachment, operation, outside, region });
  }

  flush({ name, attachment: attached }: Flush): Ended {
    const { attachment, outside, operation } = this.#attached.get(attached)!;
    // A file that is made has no name before the detach.
    const silent = operation.source === 'file' && operation.mode === 'create';
    return { name, over: attachment.flush(), show: () => (silent ? [] : outside.read()) };
  }

  /** The source is the program's own from now on, and can be looked at whenever the end has come. */
  detach({ name, attachment: attached, discard }: Detach): Ended {
    const { attachment, outside, operation } = this.#attached.get(attached)!;
    const over = attachment.detach(discard ? { flush: false } : {});
    // A shared array may be the memory of the region itself.
    const silent = discard && operation.source === 'shared' && operation.mode !== 'read';
    return { name, over, show: () => (silent ? [] : outside.read()) };
  }

  /** A region is about to be freed: what the program knows nothing of is no hindrance. */
  leave({ tree }: AnyRegion): void {
    // A leased region cannot be freed, and says so.
    if (tree.leases.length > 0) return;
    void this.#besides.get(tree)?.detach();
    this.#besides.delete(tree);
  }

  /** The program is over, and what is still attached of a region is given up. */
  end({ tree }: AnyRegion): void {
    for (const { attachment, region } of this.#attached.values())
      if (region.tree === tree && !attachment.detached) void attachment.detach({ flush: false });
  }

  /** Removes the files. */
  remove(): void {
    this.#data.remove();
  }
}
