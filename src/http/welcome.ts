// What a person sees who opens the registry's address in a browser.
import type { RegistryAddress } from '../oci/registry-address.ts';
import { addressOf } from './base-url.ts';
import type { Routes } from './server.ts';

export function welcomeRoute(app: Routes): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    handler: async (request, reply) =>
      await reply.type('text/plain; charset=utf-8').send(firstCommands(addressOf(request))),
  });
}

function firstCommands({ host, isPlainHttp }: RegistryAddress): string {
  const plain = isPlainHttp ? ' --plain-http' : '';
  return [
    'This is Chartroom, a registry for Helm charts.',
    '',
    `  helm registry login ${host}${plain}`,
    `  helm push my-chart-1.0.0.tgz oci://${host}/team${plain}`,
    `  helm install my-release oci://${host}/team/my-chart${plain}`,
    '',
  ].join('\n');
}
