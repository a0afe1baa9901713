// Bodies of inner tasks that break one rule: they hand on what their task does not hold (Legion's rules of containment).
import { BROKEN, type Breaker, type Material } from './broken-material.js';
import type { LiveRegion } from './live-region.js';
import {
  type FieldUse,
  lentName,
  type Operation,
  type Place,
  type Privilege,
} from './program-description.js';

const lent = (requirement: number): Place => ({ region: lentName('inside', requirement) });
const sum: Privilege = { kind: 'reduce', operator: 'sum' };

/** A body that uses a field of a place in one way, through one of the operations that can. */
function using(m: Material, place: Place, field: string, privilege: Privilege): Operation {
  const launch = m.launch(m.draw.chance(0.5) ? [1] : null, m.use(place, field, privilege));
  const inner = { ...m.inner([m.use(place, field, privilege)], []), name: BROKEN };
  const others: Operation[] = [];
  if (privilege.kind !== 'reduce')
    others.push({ kind: 'lease', name: BROKEN, salt: 1, target: place, fields: [{ field, privilege }] });
  if (privilege.kind === 'read') others.push({ kind: 'read', name: BROKEN, target: place, field });
  if (privilege.kind === 'overwrite')
    others.push(
      { kind: 'fill', name: BROKEN, target: place, field, value: 1 },
      { kind: 'write', name: BROKEN, target: place, field, salt: 1 },
    );
  return m.draw.pick<Operation>([launch, launch, inner, ...others]);
}

/** Two different fields of a region. */
function twoFields(m: Material, { fields }: LiveRegion): readonly [string, string] | undefined {
  const [a, b] = m.draw.shuffled([...fields.keys()]);
  return a !== undefined && b !== undefined ? [a, b] : undefined;
}

export const brokenBodies = {
  'an inner task hands on a region that it was not lent': (m) => {
    const [region, other] = [m.draw.pick(m.regions), m.draw.pick(m.regions)];
    const held = m.use({ region: region.name }, m.field(region), m.write());
    const place = m.place(other);
    const field = m.field(other);
    const body = m.draw.pick<Operation>([
      m.launch(null, m.use(place, field, m.read)),
      m.launch([1], m.use(place, field, m.write())),
      { kind: 'fill', name: BROKEN, target: place, field, value: 1 },
      { ...m.inner([m.use(place, field, m.read)], []), name: BROKEN },
    ]);
    return [m.inner([held], [body])];
  },
  'an inner task hands on points that it does not hold': (m) => {
    const region = m.draw.pick(m.regions);
    const fields = twoFields(m, region);
    const parts = m.properParts(region);
    if (!fields || parts.length === 0) return undefined;
    const [small, large] = fields;
    // The small field on a part, another one on the whole: the small one does not reach as far.
    const held = [m.use(m.draw.pick(parts), small, m.write()), m.use({ region: region.name }, large, m.read)];
    return [m.inner(held, [using(m, lent(1), small, m.draw.pick([m.read, m.write()]))])];
  },
  'an inner task hands on a field that it does not hold': (m) => {
    const region = m.draw.pick(m.regions);
    const fields = twoFields(m, region);
    if (!fields) return undefined;
    const held = m.use(m.place(region), fields[0], m.write());
    return [m.inner([held], [using(m, lent(0), fields[1], m.draw.pick([m.read, m.write()]))])];
  },
  'an inner task hands on more than it may do': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.integer(region);
    if (field === undefined) return undefined;
    const [held, asked] = m.draw.pick<readonly [Privilege, Privilege]>([
      [m.read, { kind: 'update' }],
      [m.read, { kind: 'overwrite' }],
      [m.read, sum],
      [sum, m.read],
      [sum, { kind: 'update' }],
      [sum, { kind: 'overwrite' }],
    ]);
    return [m.inner([m.use(m.place(region), field, held)], [using(m, lent(0), field, asked)])];
  },
  'an inner task folds with another operator than it may': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.integer(region);
    if (field === undefined) return undefined;
    const other: Privilege = { kind: 'reduce', operator: m.draw.pick(['prod', 'min', 'xor']) };
    return [m.inner([m.use(m.place(region), field, sum)], [using(m, lent(0), field, other)])];
  },
  'an inner task uses alone what it shares': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.integer(region);
    if (field === undefined) return undefined;
    const held = m.use(m.place(region), field, { kind: 'update' }, 'simultaneous');
    const coherence: FieldUse['coherence'] = m.draw.pick([undefined, 'atomic']);
    const launch = m.launch(
      null,
      m.use(lent(0), field, m.draw.pick([m.read, { kind: 'update' }, sum]), coherence),
    );
    return [m.inner([held], [m.draw.chance(0.6) ? launch : using(m, lent(0), field, m.write())])];
  },
  'an inner task frees what it was lent': (m) => {
    const region = m.draw.pick(m.regions);
    const held = m.use({ region: region.name }, m.field(region), m.write());
    return [m.inner([held], [{ kind: 'free', name: BROKEN, region: lentName('inside', 0) }])];
  },
  'an inner task attaches what it was lent': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const attach = {
      kind: 'attach',
      name: BROKEN,
      target: lent(0),
      field,
      source: 'array',
      mode: 'update',
      salt: 1,
    } as const;
    return [m.inner([m.use(m.place(region), field, m.write())], [attach])];
  },
  'an inner task waits for a future of another': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const before: Operation = {
      ...m.launch(null, m.use({ region: region.name }, field, m.read)),
      name: 'before',
    };
    const launch = { ...m.launch(null, m.use(lent(0), field, m.read)), argument: { future: 'before' } };
    return [before, m.inner([m.use(m.place(region), field, m.write())], [launch])];
  },
  'an inner task is guarded by a predicate of another': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const before: Operation = {
      ...m.launch(null, m.use({ region: region.name }, field, m.read)),
      name: 'before',
    };
    const predicate: Operation = { kind: 'predicate', name: 'whether', by: { rule: 'is', of: 'before' } };
    const launch = m.draw.pick<Operation>([
      { ...m.launch(null, m.use(lent(0), field, m.read)), when: 'whether' },
      { kind: 'fill', name: BROKEN, target: lent(0), field, value: 1, when: 'whether' },
    ]);
    return [before, predicate, m.inner([m.use(m.place(region), field, { kind: 'update' })], [launch])];
  },
} satisfies Record<string, Breaker>;
