// Just enough of a Kubernetes API for `helm install --dry-run=client`, which in helm 3 asks a cluster for its version.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ANSWERS: Readonly<Record<string, object>> = {
  '/version': { major: '1', minor: '34', gitVersion: 'v1.34.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'configmaps', singularName: 'configmap', namespaced: true, kind: 'ConfigMap', verbs: ['get'] }],
  },
};

export interface ClusterStandIn {
  /** The content of a kubeconfig file that leads to it. */
  readonly kubeconfig: string;
  stop(): void;
}

export async function startClusterStandIn(): Promise<ClusterStandIn> {
  const server = createServer((request, response) => {
    const answer = ANSWERS[new URL(request.url ?? '/', 'http://cluster').pathname];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 }));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    kubeconfig: `apiVersion: v1
kind: Config
clusters: [{ name: stand-in, cluster: { server: 'http://127.0.0.1:${port}' } }]
users: [{ name: nobody, user: {} }]
contexts: [{ name: stand-in, context: { cluster: stand-in, user: nobody } }]
current-context: stand-in
`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
