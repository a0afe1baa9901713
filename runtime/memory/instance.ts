// A physical instance: the memory of one field of a region tree, laid out over the bounding box of the root.

export interface Instance {
  readonly unit: number;
  readonly bytes: number;
  /** What it holds, in words, for memory reports. */
  readonly what: string;
  /** Launches that use it and have not ended. */
  users: number;
  /** Replaced by a newer instance, or its region was freed: give it back when the last user has ended. */
  dead: boolean;
}
