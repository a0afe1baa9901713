// The texts of --help, on every level, made from the declarations.
import type { Command } from '../command/command.js';
import { formatBytes, formatColumns } from '../command/format.js';
import { runSection } from '../command/run-settings.js';
import type { Section, Setting } from '../command/setting.js';
import type { Area } from './areas.js';
import { commonOptions } from './arguments.js';

/** `maniple --help`. */
export function helpTop(areas: readonly Area[], version: string): string {
  const rows = areas.flatMap((area) =>
    area.verbs === undefined
      ? [[area.name, area.summary]]
      : area.verbs.map((verb) => [`${area.name} ${verb.name}`, verb.summary]),
  );
  return [
    `maniple ${version}: task graphs for X-ray science`,
    '',
    'Usage: maniple AREA [VERB] [options]',
    '',
    formatColumns(rows, '  '),
    '',
    'maniple AREA VERB --help explains each, with its options and an example.',
    '',
    'Example:',
    '  maniple demo --out run/demo',
    '',
  ].join('\n');
}

/** `maniple AREA --help` for an area with verbs. */
export function helpArea(area: Area): string {
  const verbs = area.verbs ?? [];
  return [
    `maniple ${area.name}: ${area.summary}`,
    '',
    `Usage: maniple ${area.name} VERB [options]`,
    '',
    formatColumns(
      verbs.map((verb) => [verb.name, verb.summary]),
      '  ',
    ),
    '',
    'Example:',
    `  maniple ${area.name} ${verbs[0]?.name} --help`,
    '',
  ].join('\n');
}

/** A default as a person would type it. */
function defaultWords(setting: Setting<unknown>): string {
  if (setting.default === null) return '';
  const shown =
    setting.unit === 'bytes' && typeof setting.default === 'number'
      ? formatBytes(setting.default)
      : setting.kind.show(setting.default).replaceAll('"', '');
  return ` [${shown}${setting.unit === null || setting.unit === 'bytes' ? '' : ` ${setting.unit}`}]`;
}

function settingRows(sections: readonly Section[]): { flags: string[][]; others: string[][] } {
  const flags: string[][] = [];
  const others: string[][] = [];
  for (const section of sections) {
    for (const [key, setting] of Object.entries(section.settings)) {
      const switched = setting.flag !== null && 'sets' in setting.flag;
      const doc = `${setting.flag?.doc ?? setting.doc}${switched ? '' : defaultWords(setting)}`;
      if (setting.flag === null) others.push([`${section.name}.${key}`, doc]);
      else flags.push([`--${setting.flag.name}${switched ? '' : ` ${setting.kind.placeholder}`}`, doc]);
    }
  }
  return { flags, others };
}

/** `maniple COMMAND --help`. */
export function helpCommand(command: Command): string {
  const usage = command.positionals.map((p) => {
    const name = `${p.name}${p.rest ? ' ...' : ''}`;
    return p.required ? name : `[${name}]`;
  });
  const own = settingRows(command.sections.filter((section) => section.name !== runSection.name));
  const shared = settingRows([runSection]);
  const option = (o: { name: string; takes: readonly string[]; doc: string }) => [
    `--${o.name}${o.takes.length > 0 ? ` ${o.takes.join(' ')}` : ''}`,
    o.doc,
  ];
  const blocks: [string, string[][]][] = [
    ['Arguments', command.positionals.map((p) => [p.name, p.doc])],
    ['Options', [...command.options.map(option), ...own.flags]],
    ['Settings (--set section.key=value, or in the file of --config)', own.others],
    [
      'Common options',
      [
        ...commonOptions.filter((o) => o.name !== 'dry-run' || command.dryRun === true).map(option),
        ...shared.flags,
      ],
    ],
  ];
  const lines = [`maniple ${command.name}: ${command.summary}`, ''];
  if (command.details !== undefined) lines.push(command.details, '');
  lines.push(`Usage: maniple ${[command.name, ...usage].join(' ')} [options]`, '');
  for (const [title, rows] of blocks) {
    if (rows.length > 0) lines.push(`${title}:`, formatColumns(rows, '  '), '');
  }
  lines.push(command.examples.length > 1 ? 'Examples:' : 'Example:');
  lines.push(...command.examples.map((example) => `  ${example}`), '');
  return lines.join('\n');
}
