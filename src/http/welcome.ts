// What a person sees who opens the registry's address in a browser.
import type { FastifyRequest } from 'fastify';
import type { RegistryAddress } from '../oci/registry-address.ts';
import { addressOf, baseUrlOf } from './base-url.ts';
import type { Routes } from './server.ts';

/** @param loginPath where people log in in their browser, if they can */
export function welcomeRoute(app: Routes, loginPath: string | undefined): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    handler: async (request, reply) => await reply.type('text/plain; charset=utf-8').send(welcome(request, loginPath)),
  });
}

function welcome(request: FastifyRequest, loginPath: string | undefined): string {
  const commands = firstCommands(addressOf(request));
  return loginPath === undefined ? commands : `${commands}\nSingle sign-on: ${baseUrlOf(request).href}${loginPath}\n`;
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
