// Copies, fills, leases and futures that break one rule.
import { BROKEN, type Breaker, type Material } from './broken-material.js';
import { launchPoints } from './launch-points.js';
import type { Operation, Place } from './program-description.js';
import { operatorsOf } from './values.js';

/** What conflicts with a lease of a field of a place. */
function conflicting(m: Material, place: Place, region: string, field: string): Operation[] {
  const target = { region };
  return [
    m.launch(null, m.use(target, field, m.write())),
    m.launch([1], m.use(place, field, m.read)),
    m.launch(null, m.use(place, field, { kind: 'update' }, 'atomic')),
    { kind: 'fill', name: BROKEN, target, field, value: 1 },
    { kind: 'read', name: BROKEN, target: place, field },
    { kind: 'write', name: BROKEN, target: place, field, salt: 1 },
    { ...m.inner([m.use(place, field, m.read)], []), name: BROKEN },
  ];
}

const attached = { kind: 'attach', name: 'outside', source: 'array', mode: 'update', salt: 1 } as const;

export const brokenOperations = {
  'a copy goes out of the bounds of its source': (m) => {
    const smaller = m.partitions.filter((p) => p.parts.some((o) => o.length < p.region.points.length));
    if (smaller.length === 0) return undefined;
    const region = m.draw.pick(smaller).region;
    const places = m.properParts(region);
    if (places.length === 0) return undefined;
    return [m.copy({ region: region.name }, m.draw.pick(places), m.pair(region))];
  },
  'a copy by order between different numbers of points': (m) => {
    const region = m.draw.pick(m.regions);
    const places = m.properParts(region);
    if (places.length === 0) return undefined;
    const sides = m.draw.shuffled<Place>([{ region: region.name }, m.draw.pick(places)]);
    return [m.copy(sides[0]!, sides[1]!, m.pair(region), { byOrder: true })];
  },
  'source and destination of a copy meet': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const target = { region: region.name };
    return [m.copy(target, target, [field, field], { domain: m.draw.chance(0.5) ? [1] : null })];
  },
  'two points of an index copy meet': (m) => {
    if (m.partitions.length === 0) return undefined;
    const { name: partition, colours, region } = m.draw.pick(m.partitions);
    const target = { partition, projection: { kind: 'identity' } } as const;
    return [m.copy(target, { region: region.name }, m.pair(region), { domain: colours })];
  },
  'a copy between fields of different types': (m) => {
    const region = m.draw.pick(m.regions);
    const fields = [...region.fields.values()];
    const to = m.draw.pick(fields);
    const others = fields.filter(({ kind, lanes }) => kind !== to.kind || lanes !== to.lanes);
    if (others.length === 0) return undefined;
    const target = { region: region.name };
    return [m.copy(target, target, [to.name, m.draw.pick(others).name])];
  },
  'a copy folds with an operator that its fields do not have': (m) => {
    const region = m.draw.pick(m.regions);
    const [a, b] = m.pair(region);
    if (operatorsOf(region.fields.get(a)!.kind).includes('xor')) return undefined;
    const target = { region: region.name };
    return [m.copy(target, target, [a, b], { reduce: m.draw.pick(['xor', 'and', 'or']) })];
  },
  'two points of an index fill meet': (m) => {
    if (m.partitions.length === 0) return undefined;
    const { name: partition, colours, region } = m.draw.pick(m.partitions);
    const target = { partition, projection: { kind: 'identity' } } as const;
    return [{ kind: 'fill', name: BROKEN, target, domain: colours, field: m.field(region), value: 1 }];
  },
  'a field that the region does not have': (m) => {
    const region = m.draw.pick(m.regions);
    const target = m.place(region);
    return [
      m.draw.pick<Operation>([
        { kind: 'fill', name: BROKEN, target, field: 'nowhere', value: 1 },
        { kind: 'read', name: BROKEN, target, field: 'nowhere' },
        m.copy(target, target, [m.field(region), 'nowhere']),
      ]),
    ];
  },
  'what is leased is used': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const place = m.place(region);
    if (m.state.place(place, '').ordinals.length === 0) return undefined;
    const lease: Operation = {
      kind: 'lease',
      name: 'held',
      salt: 1,
      target: place,
      fields: [{ field, privilege: m.write() }],
    };
    return [lease, m.draw.pick(conflicting(m, place, region.name, field))];
  },
  'a region is freed under a lease': (m) => {
    const region = m.draw.pick(m.regions);
    const fields = [{ field: m.field(region), privilege: m.read }];
    const target = m.place(region);
    const lease: Operation = { kind: 'lease', name: 'held', salt: 1, target, fields };
    return [lease, { kind: 'free', name: BROKEN, region: region.name }];
  },
  'a point that a future map does not have': (m) => {
    const region = m.draw.pick(m.regions);
    const before = {
      ...m.launch([m.draw.between(1, 5)], m.use({ region: region.name }, m.field(region), m.read)),
      name: 'before',
    };
    const point = [launchPoints(before).length + m.draw.between(0, 3)];
    return [
      before,
      m.draw.pick<Operation>([
        {
          ...m.launch(null, m.use({ region: region.name }, m.field(region), m.read)),
          argument: { future: 'before', point },
        },
        { kind: 'mapFuture', name: BROKEN, of: 'before', point },
        { kind: 'predicate', name: BROKEN, by: { rule: 'is', of: 'before', point } },
      ]),
    ];
  },
  'what is attached to be read is written': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const target = m.place(region);
    const attach: Operation = { ...attached, target, field, mode: 'read' };
    const whole = { region: region.name };
    return [
      attach,
      m.draw.pick<Operation>([
        m.launch(null, m.use(target, field, m.write())),
        m.launch([1], m.use(whole, field, m.write())),
        { kind: 'fill', name: BROKEN, target: whole, field, value: 1 },
        { kind: 'write', name: BROKEN, target, field, salt: 1 },
        { kind: 'lease', name: BROKEN, salt: 1, target, fields: [{ field, privilege: { kind: 'update' } }] },
        { ...m.inner([m.use(target, field, { kind: 'update' })], []), name: BROKEN },
      ]),
    ];
  },
  'elements are attached twice': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const sides = m.draw.shuffled<Place>([{ region: region.name }, m.place(region)]);
    return [
      { ...attached, target: sides[0]!, field },
      { ...attached, name: BROKEN, target: sides[1]!, field, source: m.draw.pick(['array', 'shared']) },
    ];
  },
  'a region is freed while it is attached to be written': (m) => {
    const region = m.draw.pick(m.regions);
    const attach: Operation = { ...attached, target: m.place(region), field: m.field(region) };
    return [attach, { kind: 'free', name: BROKEN, region: region.name }];
  },
  'an attachment is ended twice': (m) => {
    const region = m.draw.pick(m.regions);
    const attach: Operation = { ...attached, target: m.place(region), field: m.field(region) };
    const detach: Operation = { kind: 'detach', name: 'over', attachment: attach.name };
    const kind = m.draw.pick(['detach', 'flush'] as const);
    return [attach, detach, { kind, name: BROKEN, attachment: attach.name }];
  },
  'what is leased is attached, or its attachment is ended': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const target = m.place(region);
    const attach: Operation = { ...attached, target, field };
    const fields = [{ field, privilege: { kind: 'update' } as const }];
    const lease: Operation = { kind: 'lease', name: 'held', salt: 1, target, fields };
    if (m.draw.chance(0.5)) return [lease, { ...attach, name: BROKEN }];
    const kind = m.draw.pick(['detach', 'flush'] as const);
    return [attach, lease, { kind, name: BROKEN, attachment: attach.name }];
  },
} satisfies Record<string, Breaker>;
