// `maniple config show`: every setting, its value and, with --origin, where the value comes from.
import type { Command } from '../command/command.js';
import { formatColumns } from '../command/format.js';

export const show: Command = {
  name: 'config show',
  summary: 'print every setting, and with --origin where its value comes from',
  details: `Precedence: flag > MANIPLE_SECTION_KEY > --config FILE.toml > ~/.config/maniple/config.toml > default.
The output is a configuration file that gives the same settings.`,
  positionals: [],
  options: [{ name: 'origin', takes: [], doc: 'say for each value where it comes from' }],
  sections: [],
  examples: ['maniple config show --origin --config run.toml --workers 2'],
  async run({ configuration, options }) {
    const withOrigin = options.has('origin');
    const json: Record<string, Record<string, unknown>> = {};
    const tables = new Map<string, string[][]>();
    for (const { section, key, value, origin, setting } of configuration.entries) {
      (json[section] ??= {})[key] = withOrigin ? { value, origin } : value;
      const rows = tables.get(section) ?? [];
      tables.set(section, rows);
      const unit = setting.unit === null ? '' : ` (${setting.unit})`;
      rows.push([
        `${key} = ${setting.kind.show(value)}`,
        `# ${withOrigin ? origin : `${setting.doc}${unit}`}`,
      ]);
    }
    const text = [...tables].map(([name, rows]) => `[${name}]\n${formatColumns(rows)}\n`).join('\n');
    return { json, text };
  },
};
