// Partitions of a description, made by the runtime.
import type { Partition, Region } from '../program/region.js';
import type { Fields } from '../regions/index.js';
import type { IndexSpace } from '../spaces/index.js';
import type { CreatePartition, Point } from './program-description.js';
import { boxSpace, indexSpaceOf } from './runtime-spaces.js';

// biome-ignore lint/suspicious/noExplicitAny: fields and capabilities are known at run time alone
export type AnyRegion = Region<Fields, any>;
// biome-ignore lint/suspicious/noExplicitAny: likewise
export type AnyPartition = Partition<Fields, any, any>;

/** Makes a partition of a region; `earlier` finds partitions by name, `whole` what a partition was made of. */
export function makePartition(
  { partition: make }: AnyRegion,
  { of, by }: CreatePartition,
  earlier: (name: string) => AnyPartition,
  whole: (name: string) => AnyRegion,
): AnyPartition {
  switch (by.rule) {
    case 'equal':
      return make.equal(by.colours);
    case 'weights':
      return make.weights(by.colours, by.weights);
    case 'blocks':
      return make.blocks(by.block);
    case 'restriction': {
      const extent = boxSpace(by.extent.lo, by.extent.hi);
      return make.restrict({ colors: by.colours, transform: by.transform, extent });
    }
    case 'byDomain':
      return make.byDomain(by.colours, by.domains.map(indexSpaceOf));
    case 'byField':
      return make.byField(by.field, by.colours);
    case 'image':
      return make.image(earlier(by.source), by.field);
    case 'preimage':
      return make.preimage(earlier(by.target), by.field);
    case 'imageRange':
      return make.imageRange(earlier(by.source), [by.field, by.upper]);
    case 'preimageRange':
      return make.preimageRange(earlier(by.target), [by.field, by.upper]);
    case 'mirrored':
      return make.mirrored(earlier(by.target));
    case 'cross': {
      const { partition, colour } = of as { partition: string; colour: Point };
      const left = earlier(partition);
      const cross = whole(partition).partition.cross(left, earlier(by.right));
      return cross[left.index.colours.indexOf(colour)]!;
    }
    case 'pending':
      return make.pending(by.colours, (pending) => {
        let position = 0;
        for (const colour of pending.colours) {
          const { how, domains } = by.sets[position++]!;
          const [first, ...rest] = domains.map(indexSpaceOf) as [IndexSpace, ...IndexSpace[]];
          if (how === 'difference') pending.difference(colour, first, rest);
          else pending[how](colour, [first, ...rest]);
        }
      });
    case 'union':
      return make.union(earlier(by.left), earlier(by.right));
    case 'intersection':
      return make.intersect(earlier(by.left), earlier(by.right));
    case 'difference':
      return make.minus(earlier(by.left), earlier(by.right));
  }
}
