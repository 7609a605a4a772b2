// Referrers: what was pushed with a manifest as its subject.
import { afterAll, describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { descriptorOf, errorOf, putManifest } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { bytesOf, type Fields, imageManifest } from '../support/manifests.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

interface Index {
  readonly manifests: readonly {
    readonly digest: string;
    readonly artifactType?: string;
    readonly annotations?: Record<string, string>;
  }[];
}

/** Pushes a manifest with this subject. */
async function refer(
  repository: string,
  subject: Digest,
  fields: Fields = {},
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const descriptor = { mediaType: OCI_MANIFEST, digest: subject, size: 7 };
  const bytes = bytesOf(await imageManifest(registry, repository, { subject: descriptor, ...fields }));
  const mediaType = fields.mediaType === OCI_INDEX ? OCI_INDEX : OCI_MANIFEST;
  const answer = await putManifest(registry, repository, digestOf(bytes), bytes, { mediaType });
  expect([answer.status, answer.headers.get('oci-subject')]).toEqual([201, subject]);
  return { digest: digestOf(bytes), size: bytes.length };
}

async function list(repository: string, subject: string, query = ''): Promise<Response> {
  const answer = await registry.request('GET', `/v2/${repository}/referrers/${subject}${query}`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe(OCI_INDEX);
  return answer;
}

function subjectNamed(name: string): Digest {
  return digestOf(Buffer.from(name));
}

test('the referrers of a manifest are an index of descriptors with their types and annotations', async () => {
  const subject = subjectNamed('described');
  const typed = await refer('described', subject, {
    artifactType: 'application/vnd.example.sbom',
    annotations: { 'org.example.format': 'json' },
  });
  const untyped = await refer('described', subject);
  const index = await refer('described', subject, {
    mediaType: OCI_INDEX,
    manifests: [],
    config: undefined,
    layers: undefined,
  });
  const expected = [
    {
      mediaType: OCI_MANIFEST,
      digest: typed.digest,
      size: typed.size,
      artifactType: 'application/vnd.example.sbom',
      annotations: { 'org.example.format': 'json' },
    },
    {
      mediaType: OCI_MANIFEST,
      digest: untyped.digest,
      size: untyped.size,
      artifactType: 'application/vnd.oci.empty.v1+json',
    },
    { mediaType: OCI_INDEX, digest: index.digest, size: index.size },
  ].sort((one, other) => (one.digest < other.digest ? -1 : 1));
  const answer = await list('described', subject);
  expect(answer.headers.get('oci-filters-applied')).toBe(null);
  expect(answer.headers.get('link')).toBe(null);
  expect(await answer.json()).toEqual({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: expected });
});

test('a filter by artifact type shows only those, and the answer says that it was applied', async () => {
  const subject = subjectNamed('filtered');
  await refer('filtered', subject, { artifactType: 'application/vnd.example.sbom' });
  const signature = await refer('filtered', subject, { artifactType: 'application/vnd.example.signature+json' });
  const answer = await list('filtered', subject, '?artifactType=application/vnd.example.signature%2Bjson');
  expect(answer.headers.get('oci-filters-applied')).toBe('artifactType');
  const { manifests } = (await answer.json()) as Index;
  expect(manifests.map((manifest) => manifest.digest)).toEqual([signature.digest]);
});

test('a filter that fits nothing is applied as well', async () => {
  const subject = subjectNamed('filtered');
  const answer = await list('filtered', subject, '?artifactType=application/vnd.example.other');
  expect(answer.headers.get('oci-filters-applied')).toBe('artifactType');
  expect(await answer.json()).toEqual({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
});

test('an empty filter is none', async () => {
  const answer = await list('filtered', subjectNamed('filtered'), '?artifactType=');
  expect(answer.headers.get('oci-filters-applied')).toBe(null);
  expect(((await answer.json()) as Index).manifests).toHaveLength(2);
});

describe('the list is empty, and never 404,', () => {
  const EMPTY = `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[]}`;

  test('for a manifest without referrers', async () => {
    const bytes = bytesOf(await imageManifest(registry, 'lonely'));
    await putManifest(registry, 'lonely', 'tip', bytes);
    expect(await (await list('lonely', digestOf(bytes))).text()).toBe(EMPTY);
  });

  test('for a digest that was never pushed, such as the one of zeros with which oras asks whether there is a list', async () => {
    expect(await (await list('lonely', `sha256:${'0'.repeat(64)}`)).text()).toBe(EMPTY);
    expect(await (await list('lonely', `sha512:${'0'.repeat(128)}`)).text()).toBe(EMPTY);
  });

  test('in a repository that was never pushed to', async () => {
    expect(await (await list('never/pushed', subjectNamed('anything'))).text()).toBe(EMPTY);
  });

  test('in another repository than the referrer is in', async () => {
    await refer('here', subjectNamed('here'));
    expect(await (await list('there', subjectNamed('here'))).text()).toBe(EMPTY);
  });

  test('once the referrer is deleted', async () => {
    const { digest } = await refer('deleted', subjectNamed('deleted'));
    await registry.request('DELETE', `/v2/deleted/manifests/${digest}`);
    expect(await (await list('deleted', subjectNamed('deleted'))).text()).toBe(EMPTY);
  });
});

test('a referrer may be pushed before its subject, and stays when that is deleted', async () => {
  const bytes = bytesOf(await imageManifest(registry, 'early', { annotations: { name: 'early' } }));
  const { digest } = await refer('early', digestOf(bytes));
  await putManifest(registry, 'early', 'tip', bytes);
  await registry.request('DELETE', `/v2/early/manifests/${digestOf(bytes)}`);
  const { manifests } = (await (await list('early', digestOf(bytes))).json()) as Index;
  expect(manifests.map((manifest) => manifest.digest)).toEqual([digest]);
});

test('annotations may have any key', async () => {
  const subject = subjectNamed('keys');
  const annotations = JSON.parse('{"__proto__":"a","constructor":"b","":"c","ünï":"d"}') as Record<string, string>;
  await refer('keys', subject, { annotations });
  const text = await (await list('keys', subject)).text();
  expect(text).toContain('"annotations":{"__proto__":"a","constructor":"b","":"c","ünï":"d"}');
});

test('a list too long for one answer comes in pages that each client can read', async () => {
  const subject = subjectNamed('long');
  const pushed: string[] = [];
  for (const number of [1, 2, 3, 4]) {
    const annotations = { number: String(number), padding: 'x'.repeat(1_200_000) };
    pushed.push((await refer('long', subject, { annotations, artifactType: 'application/vnd.example.long' })).digest);
  }
  const found: string[] = [];
  for (let query: string | undefined = '?artifactType=application/vnd.example.long'; query !== undefined; ) {
    const answer: Response = await list('long', subject, query);
    expect(Number(answer.headers.get('content-length'))).toBeLessThan(4 * 1024 * 1024);
    expect(answer.headers.get('oci-filters-applied')).toBe('artifactType');
    const { manifests } = (await answer.json()) as Index;
    expect(manifests.length).toBeGreaterThan(0);
    found.push(...manifests.map((manifest) => manifest.digest));
    const link = answer.headers.get('link');
    query =
      link === null ? undefined : /^<\/v2\/long\/referrers\/sha256:[a-f0-9]{64}(\?[^>]+)>; rel="next"$/.exec(link)?.[1];
    expect(link === null).toBe(query === undefined);
  }
  expect(found).toEqual([...pushed].sort());
});

test('a chart’s signature is found by the chart', async () => {
  const image = bytesOf(await imageManifest(registry, 'signed'));
  await putManifest(registry, 'signed', 'tip', image);
  const subject = descriptorOf(image, OCI_MANIFEST);
  const { digest } = await refer('signed', subject.digest, { artifactType: 'application/vnd.dev.cosign' });
  const { manifests } = (await (await list('signed', subject.digest)).json()) as Index;
  expect(manifests[0]).toMatchObject({ digest, artifactType: 'application/vnd.dev.cosign' });
});

test.each(['latest', 'sha256:abc', `sha256:${'A'.repeat(64)}`, '%00'])(
  'something that is no digest has no referrers, and is refused: %s',
  async (text) => {
    const answer = await registry.request('GET', `/v2/lonely/referrers/${text}`);
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, 'DIGEST_INVALID']);
  },
);
