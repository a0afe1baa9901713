// Reads a chapter of the guide as a reader would work through it: files to write, commands to type, what they print.
//
//   ```ts NAME.ts        a file of the chapter (a later block of the same name replaces it)
//   ```console           lines that begin with `$ ` are commands, the lines after each are what it prints
//
// In printed lines `...` stands for any text within a line, and a line of `...` alone for any number of lines.
// Every block of TypeScript and every console block must be of these forms, so no snippet escapes.

export interface ChapterFile {
  readonly kind: 'file';
  readonly name: string;
  readonly text: string;
  readonly line: number;
}

export interface Command {
  readonly kind: 'command';
  readonly command: string;
  readonly prints: readonly string[];
  readonly line: number;
}

export type Step = ChapterFile | Command;

/** The steps of a chapter in order. Throws on a block that nobody would run. */
export function steps(markdown: string): Step[] {
  const lines = markdown.split('\n');
  const found: Step[] = [];
  for (let i = 0; i < lines.length; i++) {
    const fence = /^```(\S*)\s*(.*)$/.exec(lines[i] ?? '');
    if (fence === null) continue;
    const [, language = '', info = ''] = fence;
    const begin = i + 1;
    let end = begin;
    while (end < lines.length && lines[end] !== '```') end++;
    if (end === lines.length) throw new Error(`line ${begin}: this block has no end`);
    const body = lines.slice(begin, end);
    i = end;
    if (language === 'ts' || language === 'toml' || language === 'js') {
      if (!/^[\w.-]+\.\w+$/.test(info))
        throw new Error(`line ${begin}: a ${language} block needs a file name`);
      found.push({ kind: 'file', name: info, text: `${body.join('\n')}\n`, line: begin });
    } else if (language === 'console') {
      if (!body[0]?.startsWith('$ ')) throw new Error(`line ${begin}: a console block begins with a command`);
      body.forEach((text, at) => {
        if (!text.startsWith('$ ')) return;
        const next = body.findIndex((later, j) => j > at && later.startsWith('$ '));
        const prints = body.slice(at + 1, next < 0 ? body.length : next);
        found.push({ kind: 'command', command: text.slice(2), prints, line: begin + 1 + at });
      });
    } else if (language !== 'text') {
      throw new Error(`line ${begin}: a block is ts, js or toml with a file name, console, or text`);
    }
  }
  return found;
}

/** Whether `printed` is what the guide states. */
export function agrees(stated: readonly string[], printed: string): boolean {
  const pattern = stated
    .map((line) =>
      line === '...'
        ? '(?:.*\\n)*?'
        : `${line
            .split('...')
            .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
            .join('.*')}\\n`,
    )
    .join('');
  const text = printed === '' || printed.endsWith('\n') ? printed : `${printed}\n`;
  return new RegExp(`^${pattern}$`).test(text);
}
