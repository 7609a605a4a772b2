// `chartroom config check`: reads the settings as the server would, and shows what they come to.
import { describeConfig } from '../config/load.ts';
import type { Command } from './command.ts';

export const checkConfig: Command = {
  name: 'config check',
  usage: '',
  summary: 'check the settings and show what they come to',
  positionals: 0,
  run: async ({ config, print }) => print(describeConfig(config).trimEnd()),
};
