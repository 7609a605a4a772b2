// What the test files ask of the clients that were found before the run.
import { describe, inject } from 'vitest';
import { HelmClient } from './helm.ts';

/** The path of a client, undefined when it is missing: `describe.skipIf(oras === undefined)`. */
export function clientPath(program: string): string | undefined {
  return inject('clients').find(({ name }) => name === program || name.startsWith(`${program}-`))?.path;
}

/** @throws Error when it is missing; for tests under `describe.skipIf` */
export function requireClient(program: string): string {
  const path = clientPath(program);
  if (path === undefined) throw new Error(`${program} is missing`);
  return path;
}

/** Runs a walk with every helm: 3.21 and 4.2, and with `CLIENTS=all` also the older ones. */
export function describeWalk(body: (helm: HelmClient) => void): void {
  describeHelms(() => true, body);
}

/** Runs tests with helm 3.21 and 4.2 only: for what does not depend on how old a helm is. */
export function describeHelm(body: (helm: HelmClient) => void): void {
  describeHelms((helm) => helm.isCurrent, body);
}

/** Helm 3.21 and 4.2, as far as they were found: for what takes long, and can be tried with both at once. */
export function currentHelms(): readonly HelmClient[] {
  return helms().filter((helm) => helm.isCurrent && helm.path !== '');
}

function describeHelms(isWanted: (helm: HelmClient) => boolean, body: (helm: HelmClient) => void): void {
  for (const helm of helms().filter(isWanted)) {
    describe.skipIf(helm.path === '')(`helm ${helm.version}`, () => body(helm));
  }
}

/** The path of one that is missing is empty. */
function helms(): readonly HelmClient[] {
  const clients = inject('clients').filter(({ name }) => name.startsWith('helm-'));
  return clients.map(({ name, path }) => new HelmClient(name.slice('helm-'.length), path ?? ''));
}
