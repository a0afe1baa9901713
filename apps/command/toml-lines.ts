// Where each key of a TOML text stands. The parser we use gives values without positions; messages need the line.

/** A scanner over TOML text that knows just enough of the syntax to pass over values. */
class Scanner {
  readonly lines = new Map<string, number>();
  readonly #text: string;
  #at = 0;
  #line = 1;
  #table: readonly string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  scan(): void {
    for (this.#blank(true); this.#at < this.#text.length; this.#blank(true)) {
      const start = this.#at;
      if (this.#peek() === '[') this.#header();
      else this.#pair(this.#table);
      if (this.#at === start) this.#step(); // never stand still on text that is not TOML
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #step(): void {
    if (this.#text[this.#at++] === '\n') this.#line++;
  }

  /** Passes over spaces and comments, and over newlines too when asked. */
  #blank(newlines: boolean): void {
    for (;;) {
      const next = this.#peek();
      if (next === '#') while (this.#at < this.#text.length && this.#peek() !== '\n') this.#step();
      else if (next === ' ' || next === '\t' || next === '\r' || (newlines && next === '\n')) this.#step();
      else return;
    }
  }

  #header(): void {
    const line = this.#line;
    while (this.#peek() === '[') this.#step();
    this.#table = this.#key();
    this.#record(this.#table, line);
    while (this.#at < this.#text.length && this.#peek() !== '\n') this.#step();
  }

  #pair(prefix: readonly string[]): void {
    const line = this.#line;
    const full = [...prefix, ...this.#key()];
    this.#record(full, line);
    this.#blank(false);
    if (this.#peek() !== '=') return;
    this.#step();
    this.#blank(false);
    this.#value(full);
  }

  #record(key: readonly string[], line: number): void {
    const name = key.join('.');
    if (!this.lines.has(name)) this.lines.set(name, line);
  }

  /** A dotted key, each part bare or quoted. */
  #key(): string[] {
    const parts: string[] = [];
    for (;;) {
      this.#blank(false);
      const quote = this.#peek();
      if (quote === '"' || quote === "'") {
        const start = this.#at;
        this.#string();
        parts.push(this.#text.slice(start + 1, this.#at - 1));
      } else {
        const bare = /^[A-Za-z0-9_-]+/.exec(this.#text.slice(this.#at, this.#at + 256))?.[0] ?? '';
        this.#at += bare.length;
        if (bare === '') return parts;
        parts.push(bare);
      }
      this.#blank(false);
      if (this.#peek() !== '.') return parts;
      this.#step();
    }
  }

  #string(): void {
    const quote = this.#peek();
    const triple = this.#text.startsWith(quote.repeat(3), this.#at);
    const close = triple ? quote.repeat(3) : quote;
    for (let i = 0; i < close.length; i++) this.#step();
    while (this.#at < this.#text.length && !this.#text.startsWith(close, this.#at)) {
      if (!triple && this.#peek() === '\n') return;
      if (quote === '"' && this.#peek() === '\\') this.#step();
      this.#step();
    }
    for (let i = 0; i < close.length; i++) this.#step();
    while (triple && this.#peek() === quote) this.#step(); // up to two quotes may belong to the text
  }

  #value(key: readonly string[]): void {
    const first = this.#peek();
    if (first === '"' || first === "'") {
      this.#string();
    } else if (first === '[' || first === '{') {
      const close = first === '[' ? ']' : '}';
      this.#step();
      for (this.#blank(true); this.#at < this.#text.length && this.#peek() !== close; this.#blank(true)) {
        const start = this.#at;
        if (this.#peek() === ',') this.#step();
        else if (first === '[') this.#value(key);
        else this.#pair(key);
        if (this.#at === start) this.#step();
      }
      this.#step();
    } else {
      while (this.#at < this.#text.length && !/[\s,\]}#]/.test(this.#peek())) this.#step();
    }
  }
}

/**
 * The line (from 1) of every key and table of a TOML text, by dotted name; where a name stands more than once, the
 * first. Text that is not TOML gives what could be made out.
 */
export function tomlLines(text: string): Map<string, number> {
  const scanner = new Scanner(text);
  scanner.scan();
  return scanner.lines;
}
