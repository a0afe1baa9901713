// Attaching regions to data outside of the runtime (Legion: attach and detach of external resources). Between the two the
// data belong to the run: they are read when an operation first needs them, and written when the program asks for it.
import { rmSync } from 'node:fs';
import { whole } from '../analysis/equivalence-sets.js';
import { formatPoint, LaunchError } from '../errors.js';
import { rowMajor } from '../memory/attach/raw-file.js';
import {
  type AttachMode,
  FileSource,
  formatShape,
  type Store,
  type Wanted,
} from '../memory/attach/source.js';
import { boxOf, boxVolume } from '../memory/view-layout.js';
import type { TypedArray } from '../privileges/index.js';
import { type Fields, fieldIndex } from '../regions/index.js';
import { type IndexSpace, unionAll } from '../spaces/index.js';
import { AttachedMemory } from './attached-memory.js';
import { checkScope } from './containment.js';
import type { Engine } from './engine.js';
import { TaskFuture } from './future.js';
import { createHandle, type LaunchHandle, type ProgramScope } from './handle.js';
import { launchSite } from './launch-site.js';
import { checkLeases } from './legality.js';
import type { FuturePort } from './ports.js';
import type { ArrayOf } from './region.js';
import { type ArrayStore, type AttachedPart, Residence } from './residence.js';
import type { Claim, Tree } from './tree.js';
import { ONE, OVERWRITE, READ, UPDATE, useOf } from './uses.js';

/** What fields are attached to: a file, or an array of the field's own kind. */
export type AttachedSources<F extends Fields> = {
  readonly [K in keyof F]?: FileSource | ArrayOf<F[K]>;
};

/** How a region is attached. */
export interface AttachOptions {
  /**
   * `read` (the default): operations that write the attached elements are refused. `update`: what they write goes to the
   * source at a flush or at the detach. `create`: the source is made new, of zeros; a file appears at the detach, complete.
   */
  readonly mode?: AttachMode;
}

export interface DetachOptions {
  /** Write what was written; default true. Without, a file that was to be made is not made. */
  readonly flush?: boolean;
}

const MODES: readonly AttachMode[] = ['read', 'update', 'create'];

/** One field of an attachment. */
interface AttachedField {
  readonly field: number;
  readonly space: IndexSpace;
  readonly parts: readonly AttachedPart[];
}

/** Sources for one part of a region. */
export interface AttachedRegion {
  readonly space: IndexSpace;
  readonly sources: Readonly<Record<string, unknown>>;
}

const memories = new WeakMap<Engine, AttachedMemory>();

function memoryOf(engine: Engine): AttachedMemory {
  let memory = memories.get(engine);
  if (memory === undefined) memories.set(engine, (memory = new AttachedMemory(engine)));
  return memory;
}

/** Fields smaller than this part of the budget are one tile. */
const SMALL = 1 / 8;

/**
 * Data outside of the runtime that are the elements of a region, from `ctx.attach` to `detach`.
 *
 * ```ts
 * const attachment = ctx.attach(frames, { counts: rawFile('dark.raw', { kind: 'u16' }) });
 * ctx.index([10], accumulate, { block: blocks.at(), pixel });   // reads what each block needs
 * await attachment.detach();                                    // the file is the program's again
 * ```
 */
export class Attachment implements Disposable {
  readonly #engine: Engine;
  readonly #futures: FuturePort;
  readonly #scope: ProgramScope;
  readonly #tree: Tree;
  readonly #fields: readonly AttachedField[];
  readonly #claims: readonly Claim[];
  readonly #mode: AttachMode;
  /** Files that are being made. */
  readonly #unfinished: Set<Store>;
  #detached = false;

  /** @internal */
  constructor(
    engine: Engine,
    futures: FuturePort,
    tree: Tree,
    regions: readonly AttachedRegion[],
    mode: AttachMode,
    site: { readonly stack?: string },
  ) {
    this.#engine = engine;
    this.#futures = futures;
    this.#tree = tree;
    this.#scope = tree.scope;
    this.#mode = mode;
    const made: Store[] = [];
    try {
      this.#fields = fieldsOf(tree, regions, mode, site, made);
    } catch (error) {
      for (const store of made) discard(store);
      throw error;
    }
    const unfinished = new Set(made);
    if (made.length > 0)
      engine.endings.push(() => {
        for (const store of unfinished) discard(store);
      });
    this.#unfinished = unfinished;
    this.#claims = this.#fields.map(({ field, space }) => ({
      field,
      space,
      writes: mode !== 'read',
      site,
    }));
    tree.claims.push(...this.#claims);
    engine.window.submit(tree.scope, () => {
      this.#begin();
      return true;
    });
  }

  #begin(): void {
    const tree = this.#tree;
    const engine = this.#engine;
    const memory = memoryOf(engine);
    for (const { field, space, parts } of this.#fields) {
      const known = tree.residences?.get(field);
      let residence = known;
      if (residence === undefined) {
        const whole = space.covers(tree.space);
        const { bytesPerElement } = tree.fields.fields[tree.fields.names[field]!]!;
        const small = boxVolume(tree.box) * bytesPerElement <= SMALL * engine.options.memory;
        const { source } = parts[0]!;
        const array = whole && parts.length === 1 && 'array' in source ? source.array : null;
        const instance = whole ? tree.giveUp(field, array) : tree.instance(field);
        residence = new Residence(memory.portOf(tree), field, instance, whole, tree.box, small);
        tree.reside(residence, memory);
        memory.watch(tree, residence);
      }
      for (const part of parts) residence.add(part);
    }
  }

  /** Whether it was ended. */
  get detached(): boolean {
    return this.#detached;
  }

  /** Writes what was written so far to the source; resolves when it is there. A file that is made new has no name before the detach. */
  flush(): TaskFuture<void> {
    this.#check('flush');
    return this.#end('flush', true, false);
  }

  /**
   * Ends the attachment, in program order: resolves when everything before that uses the data has ended, and (with `flush`,
   * the default) what was written is in the source. The elements of the region are zeros again.
   */
  detach(options: DetachOptions = {}): TaskFuture<void> {
    this.#check('detach');
    const future = this.#end('detach', options.flush ?? true, true);
    this.#detached = true;
    const { claims } = this.#tree;
    for (const claim of this.#claims) claims.splice(claims.indexOf(claim), 1);
    return future;
  }

  /** The same at the end of a `using` block. */
  [Symbol.dispose](): void {
    if (!this.#detached && !this.#tree.freed) this.detach();
  }

  #check(what: string): void {
    const { name } = this.#tree;
    if (this.#detached)
      throw new LaunchError(`${what}: this attachment of region ${name} was detached before.`);
    this.#tree.check();
    for (const { field, space } of this.#claims) {
      const uses = useOf(field, this.#tree.fields.names[field]!, UPDATE);
      checkLeases({ name: what, tree: this.#tree, partition: whole(space), uses, colours: null }, 1, what);
    }
  }

  #end(what: 'flush' | 'detach', flush: boolean, detach: boolean): TaskFuture<void> {
    const engine = this.#engine;
    const tree = this.#tree;
    const site: { stack?: string } = {};
    Error.captureStackTrace(site, detach ? Attachment.prototype.detach : Attachment.prototype.flush);
    const name = `${what} of ${tree.name}`;
    engine.checkRunning(this.#scope, name, site);
    const handle = createHandle(this.#scope, name, ONE, site, () => [tree.name]);
    let late = false;
    engine.window.submit(this.#scope, () => {
      try {
        this.#issue(handle, flush && this.#mode !== 'read', detach, site);
      } catch (error) {
        if (!late) throw error;
        engine.abandon(handle, error);
      }
      return true;
    });
    late = true;
    return new TaskFuture<void>(this.#futures, handle, 0);
  }

  #issue(handle: LaunchHandle, flush: boolean, detach: boolean, site: { readonly stack?: string }): void {
    const tree = this.#tree;
    const memory = memoryOf(this.#engine);
    const ended = this.#fields.map(({ field, space, parts }) => ({
      residence: tree.residences!.get(field)!,
      space,
      parts,
    }));
    const stored = flush ? ended.flatMap(({ residence, space }) => residence.storeAll(space)) : [];
    const sources = stored.map(({ handle }) => handle);
    if (flush && detach) {
      for (const { residence, parts } of ended) {
        for (const part of parts)
          if ('layout' in part.source && part.source.at !== part.source.path) {
            const before = stored.filter((one) => one.part === part).map((one) => one.handle);
            sources.push(memory.publish(tree, residence, part, before));
          }
      }
    }
    // A failure before is a failure of what is flushed; where nothing is, it has been told elsewhere.
    const usage = !flush ? OVERWRITE : detach ? UPDATE : READ;
    memory.end(handle, tree, ended, usage, sources, () => {
      if (!detach) return;
      // Tasks that hold none of its elements may still come: with views of nothing, which lie somewhere all the same.
      for (const { residence } of ended)
        if (residence.direct) this.#engine.memory.release(residence.instance);
      if (!flush) for (const store of this.#unfinished) discard(store);
      this.#unfinished.clear();
    });
    if (!detach) return;
    for (const { residence, space, parts } of ended) {
      residence.remove(parts, space);
      if (residence.parts.length > 0) continue;
      memory.forget(residence);
      tree.leave(residence);
    }
    for (const { residence, space } of ended)
      if (!residence.tiled && !residence.direct) memory.clear(tree, residence.field, space, site);
  }
}

/** Removes a file that was to be made. */
function discard(store: Store): void {
  if (store.at !== store.path) rmSync(store.at, { force: true });
}

/** Checks everything that was given, and opens the sources. */
function fieldsOf(
  tree: Tree,
  regions: readonly AttachedRegion[],
  mode: AttachMode,
  site: { readonly stack?: string },
  made: Store[],
): AttachedField[] {
  const parts = new Map<number, AttachedPart[]>();
  for (const { space, sources } of regions) {
    if (typeof sources !== 'object' || sources === null || Object.keys(sources).length === 0)
      throw new LaunchError(
        'attach: no field is named: give a source for at least one, as { field: source }.',
      );
    for (const [name, source] of Object.entries(sources)) {
      const field = fieldIndex(tree.fields, name);
      checkFree(tree, field, name, space);
      const found = parts.get(field) ?? [];
      parts.set(field, found);
      const box = boxOf(space);
      const part = {
        field,
        space,
        origin: box.lo.slice(0, box.rank),
        source: openSource(tree, name, space, source, mode),
        writes: mode !== 'read',
        site,
      };
      if ('layout' in part.source && part.source.at !== part.source.path) made.push(part.source);
      found.push(part);
    }
  }
  return [...parts].map(([field, found]) => ({
    field,
    space: found.length === 1 ? found[0]!.space : unionAll(found.map(({ space }) => space)),
    parts: found,
  }));
}

/** Throws where some of the elements are attached already, or leased. */
function checkFree(tree: Tree, field: number, name: string, space: IndexSpace): void {
  for (const claim of tree.claims) {
    const witness = claim.field === field ? claim.space.witness(space) : null;
    if (witness === null) continue;
    throw new LaunchError(
      `attach: field ${name} of region ${tree.name} is attached already at point ${formatPoint(witness)} (at ${launchSite(claim.site)}): detach that first.`,
    );
  }
  const uses = useOf(field, name, OVERWRITE);
  checkLeases({ name: 'attach', tree, partition: whole(space), uses, colours: null }, 1, 'attach');
  if (tree.valid !== null && !tree.valid.covers(space)) {
    throw new LaunchError(
      `attach: field ${name} of region ${tree.name} would be attached past its valid prefix ${tree.valid}: grow it first.`,
    );
  }
}

function openSource(
  tree: Tree,
  name: string,
  space: IndexSpace,
  source: unknown,
  mode: AttachMode,
): Store | ArrayStore {
  const type = tree.fields.fields[name]!;
  const box = boxOf(space);
  const extent = box.extent.slice(0, box.rank);
  const what = `field ${name} of region ${tree.name}`;
  if (source instanceof FileSource) {
    const { kind, lanes, bytesPerElement: bytesPerPoint } = type;
    const wanted: Wanted = { what, kind, lanes, bytesPerPoint, extent, mode };
    return source.open(wanted);
  }
  if (!ArrayBuffer.isView(source) || source instanceof DataView) {
    throw new LaunchError(
      `attach: what was given for ${what} is no source: give rawFile(path, ...), npy.source(path), await hdf5.source(path, dataset), or a ${type.array.name}.`,
    );
  }
  const array = source as unknown as TypedArray;
  if (array.constructor !== type.array) {
    throw new LaunchError(
      `attach: ${what} is ${type.kind}, so it is attached to a ${type.array.name}, not to a ${array.constructor.name}.`,
    );
  }
  const wanted = boxVolume(box) * type.lanes;
  if (array.length !== wanted) {
    throw new LaunchError(
      `attach: ${what} takes an array of ${wanted} numbers (${formatShape(extent)} points of ${type.lanes}), not of ${array.length}.`,
    );
  }
  if (mode === 'create') {
    if (type.kind === 'i64' || type.kind === 'u64') (array as BigInt64Array).fill(0n);
    else (array as Float64Array).fill(0);
  }
  return { array, strides: rowMajor(extent, 1) };
}

/** Attaches parts of one region. */
export function attach(
  engine: Engine,
  futures: FuturePort,
  scope: ProgramScope,
  tree: Tree,
  regions: readonly AttachedRegion[],
  options: AttachOptions,
  site: { readonly stack?: string },
): Attachment {
  tree.check();
  scope.check('attach');
  checkScope(tree, scope, 'attach');
  if (tree.grants !== null) {
    throw new LaunchError(
      `attach: region ${tree.name} was given to inner task ${scope.task}: attach it where it was made.`,
    );
  }
  if (engine.ranks !== null) {
    throw new LaunchError(
      `attach: region ${tree.name} cannot be attached in a run of several ranks, which does not know yet which rank reads what: read the file in a task, or run on one rank.`,
    );
  }
  const { mode = 'read' } = options;
  if (!MODES.includes(mode))
    throw new LaunchError(`attach: there is no mode ${String(mode)}: there are ${MODES.join(', ')}.`);
  engine.checkRunning(scope, 'attach', site);
  return new Attachment(engine, futures, tree, regions, mode, site);
}
