// What ranks ask of whatever carries their messages: loopback shared memory now, MPI later. The calls are those of MPI's
// point-to-point messages, non-blocking ones alone, and nothing happens but in `progress`: so an implementation needs no
// thread of its own, and the launching thread looks after it between two launches and while it waits.

/** Ranks of one run at most: which of them hold a piece of data is a word of bits. */
export const RANKS_MAX = 30;

/** Tags are smaller than this: what every MPI in use allows. */
export const TAG_LIMIT = 2 ** 28;

/** A message on its way. The bytes belong to the transport until it is done. */
export interface Transfer {
  /** True once the bytes may be used again (a send), or are all there (a receive). Changes in `progress` alone. */
  readonly done: boolean;
  /** Of a receive that is done: the length of the message, which is not more than there was room for. */
  readonly length: number;
}

export interface Transport {
  readonly name: string;
  /** This rank, and how many there are. */
  readonly rank: number;
  readonly ranks: number;
  /**
   * Starts to send a message. Messages with one tag from one rank to another arrive in the order in which they were sent,
   * and each goes to the earliest receive that was posted for it.
   */
  isend(to: number, tag: number, bytes: Uint8Array): Transfer;
  /** Posts a receive. A message that is longer than the room for it is an error of the program that calls. */
  irecv(from: number, tag: number, into: Uint8Array): Transfer;
  /** Carries messages on as far as is possible now; whether anything has moved. Never waits. */
  progress(): boolean;
  /**
   * Calls back, once and not from within this call, when there may be something to carry on that came after the call: whoever
   * calls it looks once more afterwards. Only the last call counts.
   */
  arm(ring: () => void): void;
  /**
   * Meets the other ranks; resolves once all are there. The launching thread of this rank sleeps on `Word.launcher` of
   * `control` (`../execution/sleep.ts`): whoever brings a message wakes it, where that can be done.
   */
  connect(control: Int32Array): Promise<void>;
  /** How long a launching thread may sleep without looking after its messages; null where messages wake it. */
  readonly slice_us: number | null;
  /** Gives up what belongs to the connection. Messages that are not done are lost. */
  close(): void;
}
