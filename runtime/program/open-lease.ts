// Taking a lease: the record that waits for its turn, and the views once that has come.
import { LaunchError } from '../errors.js';
import { guardBut } from '../execution/guard.js';
import { decodeView } from '../execution/view.js';
import { Kind } from '../graph/layout.js';
import { usageOf } from '../privileges/index.js';
import type { Fields } from '../regions/index.js';
import type { Caps, Views } from './capabilities.js';
import { checkHostUse } from './containment.js';
import type { Engine } from './engine.js';
import { createHandle, type ProgramScope } from './handle.js';
import { Lease } from './lease.js';
import { checkRestrictions, type Resolved } from './legality.js';
import { makeOne } from './one-record.js';
import type { RegionPlace } from './ports.js';
import type { Projections } from './projections.js';
import { replicationOf } from './ranks/replication.js';
import type { Requirement } from './requirement.js';
import type { OpenLease } from './tree.js';
import { bringAttached, groupsOf, makeInstances, ONE, privilegeOf, rename } from './uses.js';

/** Takes a lease; resolves once everything before it that conflicts has ended. */
export async function openLease<F extends Fields, C extends Caps>(
  engine: Engine,
  scope: ProgramScope,
  projections: Projections,
  region: RegionPlace,
  requirement: Requirement<F, C, unknown>,
  site: { readonly stack?: string },
): Promise<Lease<F, C>> {
  const { tree, place: partition, colour } = region;
  tree.check();
  const { uses } = requirement;
  if ((requirement.space as unknown) !== tree.fields) {
    throw new LaunchError(
      `lease: the requirement is of other fields than region ${tree.name} has (${tree.fields.names.join(', ')}): use the same fieldSpace object.`,
    );
  }
  if (uses.some(({ usage }) => privilegeOf(usage) === 'reduce')) {
    throw new LaunchError(
      `lease: region ${tree.name} cannot be leased for a reduction, which tasks make in parts: ask for updates.`,
    );
  }
  if (uses.some(({ usage }) => usageOf(usage).coherence !== 'exclusive')) {
    throw new LaunchError(
      `lease: region ${tree.name} is leased exclusively: ask for it without atomic() and shared().`,
    );
  }
  const colours = projections.constant(partition, ONE, colour);
  const resolved: Resolved = { name: 'lease', tree, partition, uses, colours };
  const what = `lease of ${tree.name}`;
  checkHostUse(what, scope, tree, ONE, resolved);
  if (tree.restricted) checkRestrictions(resolved, 1, 'lease');
  engine.checkRunning(scope, what, site);
  const handle = createHandle(scope, what, ONE, site, () => []);
  const state = { record: -1, over: false };
  handle.lease = state;
  let views = 0;
  const issue = () => {
    engine.memory.prepare();
    bringAttached([resolved], 1);
    replicationOf(engine, scope)?.bringEverywhere(resolved);
    makeInstances(resolved, 1);
    rename(engine, resolved, 1);
    engine.openLaunch(handle, Kind.host, 0);
    const binding = tree.bind(partition, uses, colours ?? [0]);
    views = binding.unit;
    engine.hold(handle, binding);
    handle.uses.push({ fields: uses, instances: binding.instances, partition, colours });
    tree.use(handle, uses);
    engine.runLog?.requires(handle, [resolved]);
    makeOne(engine, handle, () => {
      for (const { usage, fields } of groupsOf(uses)) {
        for (const sets of tree.state.classes(fields))
          engine.analysis.use(sets, sets.cover(partition), partition, colour, usage);
      }
    });
  };
  replicationOf(engine, scope)?.calledOn(what, site, resolved);
  // From the call on, whatever conflicts is refused, even while the lease itself waits for room.
  const open: OpenLease = { partition, colour, uses, site };
  tree.leases.push(open);
  const end = () => {
    if (state.over) return;
    state.over = true;
    scope.leases.delete(end);
    tree.closeLease(open);
    // Before its turn it is no lease yet: its record ends like any other.
    if (state.record >= 0) engine.endLease(handle);
  };
  scope.leases.add(end);
  try {
    let late = false;
    engine.window.submit(scope, () => {
      try {
        issue();
      } catch (error) {
        if (!late) throw error;
        engine.abandon(handle, error);
      }
      return true;
    });
    late = true;
    if (state.record < 0) await engine.ended(handle);
    if (handle.closed) await engine.values(handle);
  } catch (error) {
    if (!state.over) tree.closeLease(open);
    state.over = true;
    scope.leases.delete(end);
    throw error;
  }
  // The body that asked for it is over, and did not wait for it.
  if (state.over) return new Lease(tree.name, state, NO_VIEW as Views<F, C>, end);
  const { heap } = engine;
  const names = uses.map(({ name }) => name);
  const guard = engine.options.check ? guardBut([]) : undefined;
  const view = decodeView(heap, heap.load(views, colour), names, null, guard);
  // A view has its fields under their names; that they are those of the requirement was bound above.
  return new Lease(tree.name, state, view as unknown as Views<F, C>, end);
}

const NO_VIEW: unknown = {};
