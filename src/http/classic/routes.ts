// Everything that classic Helm repositories and ChartMuseum's API are made of, under one guard.
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { refuseOtherSites } from '../api/other-sites.ts';
import type { Routes } from '../server.ts';
import { type ArtifactHubRoute, artifactHubRoute } from './artifact-hub.ts';
import { type ChartApi, chartApiRoutes } from './chart-api.ts';
import { guardClassic } from './guard.ts';
import { type RepositoryRoutes, repositoryRoutes } from './repository.ts';
import { classicUploadRoutes } from './upload-routes.ts';

interface ClassicRoutes extends ArtifactHubRoute, ChartApi, RepositoryRoutes {
  /** Who sends the request, by its Authorization header alone. */
  identify(request: FastifyRequest): Promise<Caller>;
}

/** @param app a scope of its own */
export async function classicRoutes(app: Routes, options: ClassicRoutes): Promise<void> {
  // Answers here ask for Basic, which browsers remember.
  refuseOtherSites(app);
  app.addHook('onSend', async (_request, reply) => {
    // What is in an answer follows from who asks.
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'private, no-cache');
    if (!reply.hasHeader('vary')) reply.header('vary', 'Authorization');
  });
  guardClassic(app, (request) => options.identify(request));
  // Only uploads have a body, whatever type others claim.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  repositoryRoutes(app, options);
  artifactHubRoute(app, options);
  chartApiRoutes(app, options);
  await app.register(
    async (scope) => await classicUploadRoutes(scope.withTypeProvider<TypeBoxTypeProvider>(), options.classic),
  );
}
