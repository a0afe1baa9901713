// Tells a person how far a run is: a line redrawn in place on a terminal, a line every few seconds elsewhere, on
// stderr, with the time left. Messages go the same way, so that they never tear the drawn line.
import { formatDuration } from './format.js';

/** Where progress and messages go. */
export interface Progress {
  /** `done` of `total` steps of the run are complete; `label` says what happens now. Cheap: call it often. */
  step(done: number, total: number, label: string): void;
  /** A message to the user. Left out under --quiet. */
  note(message: string): void;
  /** A message that --quiet does not hide. */
  warn(message: string): void;
  /** A message for -v only. */
  detail(message: string): void;
  /** Clears what is drawn; the next step starts a new count. */
  end(): void;
}

export interface ProgressOptions {
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: boolean;
  readonly now_ms?: () => number;
}

const DRAWN_EVERY_MS = 100;
const PRINTED_EVERY_MS = 5_000;

/** True where colour is welcome: a terminal, without NO_COLOR (https://no-color.org). */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  environment: NodeJS.ProcessEnv = process.env,
): boolean {
  return stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
}

/** Progress on a stream. */
export function progressOn(options: ProgressOptions): Progress {
  const { stream, quiet = false, verbose = false, color = false } = options;
  const now = options.now_ms ?? (() => performance.now());
  const drawn = stream.isTTY === true;
  let started_ms: number | null = null;
  let shown_ms = Number.NEGATIVE_INFINITY;
  let onScreen = false;

  const clear = () => {
    if (onScreen) stream.write('\r\x1b[K');
    onScreen = false;
  };
  const line = (message: string) => {
    clear();
    stream.write(`${message}\n`);
  };

  return {
    step(done, total, label) {
      if (quiet) return;
      const at_ms = now();
      started_ms ??= at_ms;
      if (at_ms - shown_ms < (drawn ? DRAWN_EVERY_MS : PRINTED_EVERY_MS)) return;
      shown_ms = at_ms;
      const part = total > 0 ? Math.min(1, done / total) : 0;
      const spent_s = (at_ms - started_ms) / 1000;
      // The first steps say too little about the rest to promise a time.
      const left = part > 0.02 ? `, ${formatDuration((spent_s * (1 - part)) / part)} left` : '';
      const figures = `${String(Math.round(100 * part)).padStart(3)} %${left}`;
      if (!drawn) return void stream.write(`${label}: ${figures.trim()}\n`);
      const cells = 24;
      const full = Math.round(part * cells);
      const bar = `${'━'.repeat(full)}${color ? '\x1b[2m' : ''}${'─'.repeat(cells - full)}${color ? '\x1b[22m' : ''}`;
      const room = Math.max(10, (stream.columns ?? 80) - cells - figures.length - 4);
      stream.write(`\r\x1b[K${bar} ${figures}  ${label.slice(0, room)}`);
      onScreen = true;
    },
    note(message) {
      if (!quiet) line(message);
    },
    warn: line,
    detail(message) {
      if (verbose && !quiet) line(message);
    },
    end() {
      clear();
      started_ms = null;
      shown_ms = Number.NEGATIVE_INFINITY;
    },
  };
}
