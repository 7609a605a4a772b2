// `chartroom serve`: runs the registry until it is told to stop.
import { setFlagsFromString } from 'node:v8';
import pino from 'pino';
import { type App, openApp } from '../app.ts';
import type { Config } from '../config/schema.ts';
import { VERSION } from '../config/version.ts';
import type { Command } from './command.ts';

/** Running requests get this long to end after a signal to stop: milliseconds. Kubernetes kills after 30 seconds. */
const STOP_DEADLINE = 25_000;

export const serve: Command = {
  name: 'serve',
  words: [],
  summary: 'run the registry',
  options: [],
  commonOptions: [],
  run: async ({ settings }) => {
    const config = settings.load();
    const logger = pino({ level: config.logLevel });
    // From the start on: the first process of a container never gets a signal that it does not listen for.
    const stopping = signalToStop();
    const app = await openApp(config, logger);
    // Before anything else can fail: no other start shows it.
    if (app.firstPassword !== undefined && config.adminPassword === null) showPassword(app.firstPassword);
    try {
      await app.server.listen({
        host: config.host,
        port: config.port,
        listenTextResolver: (address) => `accepting connections at ${address}`,
      });
    } catch (error) {
      await app[Symbol.asyncDispose]();
      throw error;
    }
    // As V8 has it; `main.mjs` kept it from growing while all was loaded.
    setFlagsFromString('--semi-space-growth-factor=2');
    const url = urlOf(app, config);
    logger.info({ url, version: VERSION, dataDir: config.dataDir, auth: config.auth }, 'chartroom is listening');
    if (process.stderr.isTTY) process.stderr.write(`\nChartroom is ready: open ${url} for the first steps\n\n`);
    if (app.firstPassword !== undefined && app.firstPassword.length < 12) {
      logger.warn("the administrator's password is short: whoever guesses it owns this registry");
    }
    const signal = await stopping;
    logger.info({ signal }, 'chartroom is stopping: running requests may end');
    const deadline = setTimeout(() => {
      logger.warn('requests did not end in time and are cut off');
      app.cutOff();
    }, STOP_DEADLINE);
    await app[Symbol.asyncDispose]();
    clearTimeout(deadline);
    logger.info('chartroom has stopped');
  },
};

/** Not through the log, which may be kept and shipped elsewhere. */
function showPassword(password: string): void {
  process.stderr.write(
    [
      '',
      'Chartroom has made an administrator. The password is shown only this once:',
      '',
      '    user name  admin',
      `    password   ${password}`,
      '',
      'Change it with "chartroom user passwd admin".',
      '',
      '',
    ].join('\n'),
  );
}

function urlOf(app: App, config: Config): string {
  const address = app.server.server.address();
  const port = typeof address === 'object' && address ? address.port : config.port;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return `http://${host}:${port}`;
}

/** The first signal stops in order; a second one, as for any program, at once. */
async function signalToStop(): Promise<NodeJS.Signals> {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  return await new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      for (const each of signals) process.off(each, stop);
      resolve(signal);
    };
    for (const each of signals) process.on(each, stop);
  });
}
