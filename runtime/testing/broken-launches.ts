// Launches that break one rule: what meets and may not, what is out of bounds, what is no gang.

import { BROKEN, type Breaker } from './broken-material.js';
import { pointsOfExtent } from './brute-points.js';
import type { FieldUse, Operation, Privilege } from './program-description.js';

/** More members than the tests have workers. */
const MANY = 9;

const sum: Privilege = { kind: 'reduce', operator: 'sum' };

export const brokenLaunches = {
  'two requirements of a launch meet': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const pair = m.draw.shuffled([
      m.use(m.place(region), field, m.draw.pick([m.read, m.write()])),
      m.use({ region: region.name }, field, m.write()),
    ]);
    return [m.launch(m.draw.chance(0.5) ? [1] : null, ...pair)];
  },
  'two reductions with different operators meet': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.integer(region);
    if (field === undefined) return undefined;
    const pair = m.draw.shuffled([
      m.use(m.place(region), field, sum),
      m.use({ region: region.name }, field, {
        kind: 'reduce',
        operator: m.draw.pick(['prod', 'max', 'xor']),
      }),
    ]);
    return [m.launch(m.draw.chance(0.5) ? [1] : null, ...pair)];
  },
  'coherences that do not agree meet': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const ways: readonly (FieldUse['coherence'] | undefined)[] = m.draw.pick([
      ['atomic', undefined],
      ['simultaneous', undefined],
      ['atomic', 'simultaneous'],
    ]);
    const pair = m.draw.shuffled([
      m.use(m.place(region), field, { kind: 'update' }, ways[0]),
      m.use({ region: region.name }, field, { kind: 'update' }, ways[1]),
    ]);
    return [m.launch(m.draw.chance(0.5) ? [1] : null, ...pair)];
  },
  'two points of a launch meet': (m) => {
    if (m.partitions.length === 0) return undefined;
    const { name: partition, colours, region } = m.draw.pick(m.partitions);
    const colour = m.draw.pick(pointsOfExtent(colours));
    const target = { partition, projection: { kind: 'constant', colour } } as const;
    return [m.launch([2], m.use(target, m.field(region), m.write()))];
  },
  'an aliased partition is written through': (m) => {
    if (m.partitions.length === 0) return undefined;
    const { name: partition, colours, region } = m.draw.pick(m.partitions);
    const target = { partition, projection: { kind: 'identity' } } as const;
    return [m.launch(colours, m.use(target, m.field(region), m.write()))];
  },
  'a projection that is not invertible writes': (m) => {
    const wide = m.partitions.filter(({ parts }) => parts.some((part) => part.length > 0));
    if (wide.length === 0) return undefined;
    const { name: partition, parts, region } = m.draw.pick(wide);
    const domain = [parts.length + m.draw.between(1, 3)];
    const table = Array.from({ length: domain[0]! }, (_, i) => i % parts.length);
    const projection = m.draw.pick([{ kind: 'linear' }, { kind: 'table', colours: table }] as const);
    const privilege = m.draw.pick([m.write(), { kind: 'update' }] as const);
    return [m.launch(domain, m.use({ partition, projection }, m.field(region), privilege))];
  },
  'members of a gang meet atomically': (m) => {
    const region = m.draw.pick(m.regions);
    const privilege = { kind: 'update' } as const;
    const requirement = m.use({ region: region.name }, m.field(region), privilege, 'atomic');
    return [{ ...m.launch([2], requirement), gang: true }];
  },
  'a gang is larger than the workers': (m) => {
    const region = m.draw.pick(m.regions);
    return [{ ...m.launch([MANY], m.use({ region: region.name }, m.field(region), m.read)), gang: true }];
  },
  'a colour is out of bounds': (m) => {
    if (m.partitions.length === 0) return undefined;
    const { name: partition, colours, region } = m.draw.pick(m.partitions);
    const domain = colours.with(m.draw.between(0, colours.length - 1), 90);
    const target = { partition, projection: { kind: 'identity' } } as const;
    return [m.launch(domain, m.use(target, m.field(region), m.read))];
  },
  'a task declares other fields than the region has': (m) => {
    const region = m.draw.pick(m.regions);
    const declares = [{ name: 'elsewhere', kind: 'f64', lanes: 1 }] as const;
    const fields = [{ field: 'elsewhere', privilege: m.read }];
    return [m.launch(null, { target: { region: region.name }, fields, declares })];
  },
  'a region is used after it was freed': (m) => {
    const region = m.draw.pick(m.regions);
    const field = m.field(region);
    const free: Operation = { kind: 'free', name: 'gone', region: region.name };
    const target = { region: region.name };
    const place = m.place(region);
    const through =
      'partition' in place
        ? ({ partition: place.partition, projection: { kind: 'constant', colour: place.colour } } as const)
        : target;
    const other = m.regions.find(({ name }) => name !== region.name);
    const uses: Operation[] = [
      m.launch([2], m.use(through, field, m.read)),
      m.launch(null, m.use(place, field, m.write())),
      { kind: 'fill', name: BROKEN, target: place, field, value: 1 },
      m.copy(target, place, m.pair(region)),
      { kind: 'read', name: BROKEN, target: place, field },
      { kind: 'write', name: BROKEN, target: place, field, salt: 1 },
      { kind: 'lease', name: BROKEN, salt: 1, target: place, fields: [{ field, privilege: m.read }] },
      m.inner(
        [
          m.use(place, field, m.read),
          ...(other ? [m.use({ region: other.name }, m.field(other), m.read)] : []),
        ],
        [],
      ),
    ];
    const last = m.draw.pick(uses);
    return [free, { ...last, name: BROKEN } as Operation];
  },
} satisfies Record<string, Breaker>;
