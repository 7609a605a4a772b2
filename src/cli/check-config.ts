// `chartroom config check`: reads the settings as the server would, and shows what they come to.
import { describeConfig } from '../config/load.ts';
import type { Command } from './command.ts';
import { printLine } from './print.ts';

export const checkConfig: Command = {
  name: 'config check',
  words: [],
  summary: 'check the settings and show what they come to',
  options: [],
  commonOptions: [],
  run: async ({ settings }) => printLine(describeConfig(settings.load()).trimEnd()),
};
