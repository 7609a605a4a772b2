// Documents that are nested as deeply as their size allows, wherever one is read: none ends the program that reads it.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { descriptorOf } from '../support/artifacts.ts';
import { packTar } from '../support/chart-builder.ts';
import { type AttackedServer, expectAnswer, startAttackedServer } from './support/attacked-server.ts';

let server: AttackedServer;
beforeAll(async () => {
  server = await startAttackedServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** JSON of so many arrays, or objects, in each other. */
const NESTED: Readonly<Record<string, (depth: number) => string>> = {
  arrays: (depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`,
  objects: (depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
};
const DEPTHS = [5_000, 600_000];

async function push(blob: Buffer): Promise<void> {
  const path = `/v2/team/web/blobs/uploads/?digest=${digestOf(blob)}`;
  expect((await server.request('POST', path, { body: new Uint8Array(blob) })).status).toBe(201);
}

async function put(manifest: string, type: string): Promise<number> {
  const headers = { 'content-type': type };
  const answer = await server.request('PUT', '/v2/team/web/manifests/1.0.0', { body: manifest, headers });
  const text = await answer.text();
  if (answer.status >= 400) expect(text.length).toBeLessThan(2_000);
  return answer.status;
}

describe.each(Object.entries(NESTED))('%s', (_what, nested) => {
  test.each(DEPTHS)('%i of them in a manifest and in an index', async (depth) => {
    const deep = nested(depth);
    for (const member of [
      'x',
      'config',
      'layers',
      'annotations',
      'subject',
      'mediaType',
      'schemaVersion',
      'artifactType',
      'manifests',
    ]) {
      for (const type of [OCI_MANIFEST, OCI_INDEX]) {
        const rest = `"schemaVersion":2,"mediaType":"${type}","config":{},"layers":[],"manifests":[]`;
        expectAnswer(await put(`{${rest},"${member}":${deep}}`, type));
      }
    }
    expectAnswer(await put(deep, OCI_MANIFEST));
  });

  test.each(DEPTHS)('%i of them in the config of a chart, and in its metadata', async (depth) => {
    const deep = nested(depth);
    const yaml = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';
    for (const chartYaml of [
      yaml,
      `${yaml}annotations: ${deep}\n`,
      `${yaml}extra: ${deep}\n`,
      `${yaml}dependencies: ${deep}\n`,
    ]) {
      const archive = gzipSync(await packTar([{ name: 'web/Chart.yaml', content: chartYaml }]));
      const config = Buffer.from(
        `{"apiVersion":"v2","name":"web","version":"1.0.0","annotations":${deep},"x":${deep}}`,
      );
      for (const blob of [archive, config]) await push(blob);
      const layers = [descriptorOf(archive, HELM_CONTENT)];
      const manifest = { schemaVersion: 2, config: descriptorOf(config, HELM_CONFIG), layers };
      expectAnswer(await put(JSON.stringify(manifest), OCI_MANIFEST));
      const answer = await server.request('POST', '/api/team/charts', { body: new Uint8Array(archive) });
      expectAnswer(answer.status);
    }
  });

  test.each(DEPTHS)('%i of them in the files of a chart', async (depth) => {
    const version = `1.0.${depth}`;
    const deep = nested(depth);
    const files = {
      'Chart.yaml': `apiVersion: v2\nname: deep\nversion: ${version}\n`,
      'values.yaml': `a: ${deep}\n`,
      'values.schema.json': `{"properties":${deep}}`,
      'Chart.lock': `dependencies: ${deep}\n`,
      'crds/a.yaml': `spec: ${deep}\n`,
      'templates/a.yaml': `spec: ${deep}\n`,
    };
    const entries = Object.entries(files).map(([name, content]) => ({ name: `deep/${name}`, content }));
    const archive = gzipSync(await packTar(entries));
    const answer = await server.request('POST', '/api/team/charts', { body: new Uint8Array(archive) });
    expect([201, 400, 409]).toContain(answer.status);
    const chart = '/api/v1/charts/team/deep/-';
    for (const path of [
      `versions/${version}`,
      `compare?from=${version}&to=1.0.5000`,
      `compare?from=1.0.5000&to=${version}`,
    ]) {
      expectAnswer((await server.request('GET', `${chart}/${path}`)).status);
    }
    expectAnswer((await server.request('GET', `/api/team/charts/deep/${version}/templates`)).status);
  });

  test.each(DEPTHS)('%i of them in a body of the management API', async (depth) => {
    const headers = { 'content-type': 'application/json' };
    for (const body of [
      nested(depth),
      `{"name":"a","password":${nested(depth)}}`,
      `{"issuer":"https://a","claims":${nested(depth)}}`,
    ]) {
      for (const path of ['users', 'trust-rules', 'robots', 'groups']) {
        expectAnswer(
          (await server.request('POST', `/api/v1/${path}`, { headers, body: body.slice(0, 64 * 1024) })).status,
        );
      }
      if (body.length <= 64 * 1024) continue;
      expect((await server.request('POST', '/api/v1/users', { headers, body })).status).toBe(413);
    }
  });
});

test('after all of it, the server is unharmed', async () => {
  await server.expectUnharmed();
});
