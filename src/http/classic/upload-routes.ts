// ChartMuseum's API as far as it takes charts and provenance files (https://chartmuseum.com/docs/#uploading-a-chart-package).
import type { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Classic } from '../../classic/classic.ts';
import type { Upload } from '../../classic/upload.ts';
import { RegistryError } from '../../oci/error.ts';
import type { ReceivedBytes } from '../../registry/received-bytes.ts';
import { announcedLength } from '../announced-length.ts';
import { actorOf } from '../authenticate.ts';
import type { Routes } from '../server.ts';
import { passOverBody } from '../unwanted-body.ts';
import { warn } from '../warning.ts';
import { CLASSIC_PREFIX } from './addresses.ts';
import { requireChart } from './guard.ts';
import { type FieldName, FORM_OPTIONS, readForm, type UploadedForm } from './upload-form.ts';

const SAVED = { saved: true };

export async function classicUploadRoutes(app: Routes, { uploads }: Classic): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(multipart, FORM_OPTIONS);
  // Whatever else a body says that it is, it is the file: curl calls it a form.
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.addHook('onError', async (request, reply) => {
    if (request.raw.readableFlowing !== null && !request.raw.complete) passOverBody(request, reply);
  });

  /** @param only what the body is, when it is no form */
  const take = async (request: FastifyRequest, only: FieldName, received: AsyncDisposableStack) => {
    if (request.isMultipart()) return await readForm(request, uploads, received);
    const taken = await (only === 'chart'
      ? uploads.takeChart(bodyOf(request), announcedLength(request))
      : uploads.takeProvenance(bodyOf(request), announcedLength(request)));
    return { [only]: received.use(taken) } as UploadedForm;
  };

  const publish = async (request: FastifyRequest, only: FieldName): Promise<readonly string[]> => {
    await using received = new AsyncDisposableStack();
    const { chart, prov } = await take(request, only, received);
    requireBytes(chart ?? prov);
    const upload = uploadOf(request);
    if (chart) return await uploads.publish(upload, chart, prov);
    if (prov) await uploads.addProvenance(upload, prov);
    return [];
  };

  const answer = async (request: FastifyRequest, reply: FastifyReply, only: FieldName): Promise<FastifyReply> => {
    for (const warning of await publish(request, only)) warn(reply, warning);
    return await reply.code(201).send(SAVED);
  };

  app.post(`${CLASSIC_PREFIX}/:namespace/api/charts`, { config: { access: 'push' } }, (request, reply) =>
    answer(request, reply, 'chart'),
  );
  app.post(`${CLASSIC_PREFIX}/:namespace/api/prov`, { config: { access: 'push' } }, (request, reply) =>
    answer(request, reply, 'prov'),
  );
}

function uploadOf(request: FastifyRequest): Upload {
  const requirePush: Upload['requirePush'] = (repository) => requireChart(request, 'push', repository);
  return { namespace: request.namespace, actor: actorOf(request), requirePush };
}

/** @throws RegistryError REQUEST_INVALID */
function requireBytes(received: ReceivedBytes | undefined): void {
  if (received === undefined) {
    const message =
      'the form has neither a file "chart" nor a file "prov": send the packed chart as curl --form chart=@FILE does';
    throw new RegistryError('REQUEST_INVALID', message);
  }
  if (received.size > 0) return;
  throw new RegistryError('REQUEST_INVALID', 'the file is empty: send it as curl --data-binary @FILE does');
}

async function* nothing(): AsyncIterable<Uint8Array> {}

function bodyOf({ body }: FastifyRequest): AsyncIterable<Uint8Array> {
  // Leaving off early must not destroy the connection, or the refusal would never arrive.
  return (body as Readable | undefined)?.iterator({ destroyOnReturn: false }) ?? nothing();
}
