// What is measured: one kind of request to one registry, with one kind of credential.
import { VERSION } from './chart.ts';
import { basic, type Chartroom, PRIVATE_REPOSITORY, PUBLIC_REPOSITORY, tokenPath } from './chartroom.ts';
import { ACCOUNT } from './distribution.ts';
import { type Answers, sendLoad } from './load.ts';
import { fetchToken } from './many-tokens.ts';
import type { Newcomers } from './newcomers.ts';
import type { Server } from './server.ts';

/** How much at once, and for how long. */
export interface Pressure {
  readonly connections: number;
  readonly seconds: number;
}

export interface Subject {
  readonly request: 'manifest' | 'token';
  readonly registry: 'Chartroom' | 'distribution';
  readonly credential: string;
  readonly server: Server;
  send(pressure: Pressure): Promise<Answers>;
}

const MANIFEST = `/v2/${PRIVATE_REPOSITORY}/manifests/${VERSION}`;
const PUBLIC_MANIFEST = `/v2/${PUBLIC_REPOSITORY}/manifests/${VERSION}`;
const TOKEN = tokenPath(PRIVATE_REPOSITORY);
const PUBLIC_TOKEN = tokenPath(PUBLIC_REPOSITORY);

const PASSWORD = basic(ACCOUNT);

/** @param options.newcomers by the number of connections */
export function subjectsOf(options: {
  readonly chartroom: Chartroom;
  readonly newcomers: ReadonlyMap<number, Newcomers>;
  /** A file of `Authorization` headers. */
  readonly manyTokens: string;
  readonly open: Server;
  readonly cost5: Server;
  readonly cost10: Server;
}): readonly Subject[] {
  const { chartroom, newcomers, manyTokens, open, cost5, cost10 } = options;
  const { server, robotSecret } = chartroom;
  const secret = basic({ name: 'ci', password: robotSecret });
  const always = (url: string, authorization?: string) => (pressure: Pressure) =>
    sendLoad({ ...pressure, url, authorization });
  const ours = (request: Subject['request'], credential: string, send: Subject['send']): Subject => ({
    ...{ request, credential, send, server },
    registry: 'Chartroom',
  });
  const theirs = (credential: string, their: Server, authorization?: string): Subject => ({
    ...{ request: 'manifest', registry: 'distribution', credential },
    server: their,
    // Long enough for a slow hash to be waited for many times.
    send: ({ connections, seconds }) =>
      sendLoad({
        url: `${their.url}${MANIFEST}`,
        authorization,
        connections,
        seconds: seconds * (their === cost10 ? 4 : 1),
      }),
  });
  // Theirs between ours, so that whatever else the machine does meets both.
  return [
    ours('manifest', 'none, public', always(`${server.url}${PUBLIC_MANIFEST}`)),
    theirs('none, open', open),
    ours('manifest', 'bearer token', async (pressure) => {
      const authorization = `Bearer ${await fetchToken(`${server.url}${TOKEN}`, secret)}`;
      return await sendLoad({ ...pressure, url: `${server.url}${MANIFEST}`, authorization });
    }),
    theirs('Basic, bcrypt cost 5', cost5, PASSWORD),
    ours('manifest', 'bearer token, new each time', (pressure) =>
      sendLoad({ ...pressure, url: `${server.url}${MANIFEST}`, authorizations: manyTokens }),
    ),
    ours('manifest', 'Basic, robot', always(`${server.url}${MANIFEST}`, secret)),
    theirs('Basic, bcrypt cost 10', cost10, PASSWORD),
    ours('manifest', 'Basic, cached password', async (pressure) => {
      await fetchToken(`${server.url}${TOKEN}`, PASSWORD);
      return await sendLoad({ ...pressure, url: `${server.url}${MANIFEST}`, authorization: PASSWORD });
    }),
    ours('token', 'none, public', always(`${server.url}${PUBLIC_TOKEN}`)),
    ours('token', 'robot', always(`${server.url}${TOKEN}`, secret)),
    ours('token', 'cached password', async (pressure) => {
      await fetchToken(`${server.url}${TOKEN}`, PASSWORD);
      return await sendLoad({ ...pressure, url: `${server.url}${TOKEN}`, authorization: PASSWORD });
    }),
    ours('token', 'new password each time', async (pressure) => {
      const group = newcomers.get(pressure.connections);
      if (!group) throw new Error(`nobody is there for ${pressure.connections} connections`);
      return await group.use((authorizations) =>
        sendLoad({ ...pressure, url: `${server.url}${TOKEN}`, authorizations }),
      );
    }),
  ];
}
