// The management API, `/api/v1`: all its routes, and what holds for each of them.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Credentials } from '../../access/authentication.ts';
import type { Caller } from '../../access/caller.ts';
import type { Accounts } from '../../accounts/accounts.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { SearchIndex } from '../../catalog/search-index.ts';
import type { BackgroundJobs } from '../../lifecycle/jobs.ts';
import { RegistryError } from '../../oci/error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Routes } from '../server.ts';
import { auditRoutes } from './audit.ts';
import { chartChoiceRoutes } from './chart-choice.ts';
import { chartFileRoutes } from './chart-files.ts';
import { chartPullRoute } from './chart-pulls.ts';
import { chartRelationRoutes } from './chart-relations.ts';
import { chartVersionRoutes } from './chart-versions.ts';
import { chartRoutes } from './charts.ts';
import { tagReaderAnswers } from './entity-tags.ts';
import { grantRoutes } from './grants.ts';
import { groupRoutes } from './groups.ts';
import { guardManagement } from './guard.ts';
import { jobRoutes } from './jobs.ts';
import { lockCheckRoute } from './lock-check.ts';
import { memberRoutes } from './members.ts';
import { namespaceRoutes } from './namespaces.ts';
import { noticeRoutes } from './notices.ts';
import { describeRoutes, documentRoute } from './openapi.ts';
import { refuseOtherSites } from './other-sites.ts';
import { passwordRoute } from './passwords.ts';
import { robotRoutes } from './robots.ts';
import { searchRoute } from './search.ts';
import { tokenRoutes } from './tokens.ts';
import { trustRuleRoutes } from './trust-rules.ts';
import { uploadRoutes } from './uploads.ts';
import { userRoutes } from './users.ts';
import { compileValidator, describeFaults } from './validation.ts';
import { whoamiRoute } from './whoami.ts';

const MAXIMUM_BODY_BYTES = 64 * 1024;

export interface Management {
  readonly accounts: Accounts;
  readonly registry: Registry;
  readonly catalog: Catalog;
  readonly search: SearchIndex;
  readonly jobs: BackgroundJobs;
  readonly clock: Clock;
  /** Of the program, for the document. */
  readonly version: string;
  /** Who sends a request. */
  identify(request: FastifyRequest): Promise<Caller>;
  /** Who it would be that sends it with this name and password. */
  logIn(request: FastifyRequest, credentials: Credentials): Promise<Caller>;
}

/** @param app a scope of its own, under the prefix of the API */
export async function managementRoutes(app: Routes, management: Management): Promise<void> {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  tagReaderAnswers(app);
  refuseOtherSites(app);
  guardManagement(app, (request) => management.identify(request));
  takeJson(app);
  app.setValidatorCompiler(compileValidator);
  app.setSchemaErrorFormatter(describeFaults);
  await describeRoutes(app, management.version);
  documentRoute(app);
  whoamiRoute(app);
  userRoutes(app, management);
  passwordRoute(app, management);
  groupRoutes(app, management);
  memberRoutes(app, management);
  grantRoutes(app, management);
  namespaceRoutes(app, management);
  noticeRoutes(app, management);
  robotRoutes(app, management);
  tokenRoutes(app, management);
  trustRuleRoutes(app, management);
  searchRoute(app, management);
  auditRoutes(app, management);
  chartRoutes(app, management);
  chartVersionRoutes(app, management);
  chartFileRoutes(app, management);
  chartChoiceRoutes(app, management);
  chartRelationRoutes(app, management);
  chartPullRoute(app, management);
  lockCheckRoute(app, management);
  jobRoutes(app, management);
  uploadRoutes(app, management);
}

/** Any other type is answered 415 before it is read: a page of another site can have a browser send those without asking. */
function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: MAXIMUM_BODY_BYTES },
    (request, body, done) => {
      // Some clients give even a DELETE without a body a type.
      if (body === '') return done(null, undefined);
      parse(request, body.toString(), (error, value) => done(error && notJson(), value));
    },
  );
  app.addHook('preValidation', async (request) => {
    if (request.body === undefined || request.routeOptions.schema?.body !== undefined) return;
    const { method, routeOptions } = request;
    throw new RegistryError('REQUEST_INVALID', `${method} ${routeOptions.url} takes no body`);
  });
}

/** Without the parser's words, which quote the body. */
function notJson(): RegistryError {
  return new RegistryError('REQUEST_INVALID', 'the body is not JSON, or has a member "__proto__" or "constructor"');
}
