// Every section of settings that a configuration file may hold: one file serves all commands.
import { runSection } from '../command/run-settings.js';
import type { Section } from '../command/setting.js';
import { spiSections } from '../spi/settings.js';

export const allSections: readonly Section[] = [runSection, ...spiSections];
