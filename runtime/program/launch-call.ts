// A launch between its call and its place in program order.
import type { Leaf } from '../execution/leaf.js';
import type { IndexSpace } from '../spaces/index.js';
import type { LaunchOptions } from './launch-options.js';
import type { Resolved } from './legality.js';
import type { InnerBody } from './task.js';

/** A launch as it was called, checked. */
export interface Call {
  readonly domain: IndexSpace;
  readonly name: string;
  readonly leaf: Leaf;
  readonly kindName: { readonly module: string; readonly name: string };
  readonly kind: number;
  readonly inner: InnerBody | null;
  readonly resolved: readonly Resolved[];
  readonly args: Readonly<Record<string, unknown>>;
  readonly site: { readonly stack?: string };
  readonly words: () => string[];
  readonly options: LaunchOptions | undefined;
}
