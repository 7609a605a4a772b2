// Reading manifests.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { blobsOf, childrenOf, parseManifest } from '../../src/oci/manifest.ts';
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  HELM_CONFIG,
  HELM_CONTENT,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../src/oci/media-types.ts';

const DIGEST = digestOf(Buffer.from('config'));
const CONFIG = { mediaType: HELM_CONFIG, digest: DIGEST, size: 6 };
const LAYER = { mediaType: HELM_CONTENT, digest: digestOf(Buffer.from('layer')), size: 5 };
const IMAGE = { schemaVersion: 2, config: CONFIG, layers: [LAYER] };
const INDEX = { schemaVersion: 2, manifests: [{ mediaType: OCI_MANIFEST, digest: DIGEST, size: 6 }] };

function parse(fields: unknown, contentType?: string) {
  return parseManifest(Buffer.from(JSON.stringify(fields)), contentType);
}

const INVALID = expect.objectContaining({ code: 'MANIFEST_INVALID' });

test('an image manifest names its config and layers', () => {
  const manifest = parse({ ...IMAGE, annotations: { a: 'b' } }, OCI_MANIFEST);
  expect(manifest).toEqual({
    kind: 'image',
    mediaType: OCI_MANIFEST,
    artifactType: HELM_CONFIG,
    subject: undefined,
    annotations: { a: 'b' },
    config: CONFIG,
    layers: [LAYER],
  });
  expect(blobsOf(manifest)).toEqual([CONFIG, LAYER]);
  expect(childrenOf(manifest)).toEqual([]);
});

test('an index names its manifests', () => {
  const manifest = parse({ ...INDEX, artifactType: 'a/b' }, OCI_INDEX);
  expect(manifest).toEqual({
    kind: 'index',
    mediaType: OCI_INDEX,
    artifactType: 'a/b',
    subject: undefined,
    annotations: {},
    manifests: INDEX.manifests,
  });
  expect(blobsOf(manifest)).toEqual([]);
  expect(childrenOf(manifest)).toEqual(INDEX.manifests);
});

describe('the type of a manifest', () => {
  test('is what its Content-Type or its mediaType says', () => {
    for (const type of [OCI_MANIFEST, DOCKER_MANIFEST]) {
      expect(parse(IMAGE, type)).toMatchObject({ kind: 'image', mediaType: type });
      expect(parse({ ...IMAGE, mediaType: type })).toMatchObject({ kind: 'image', mediaType: type });
      expect(parse({ ...IMAGE, mediaType: type }, type)).toMatchObject({ kind: 'image', mediaType: type });
    }
    for (const type of [OCI_INDEX, DOCKER_MANIFEST_LIST]) {
      expect(parse(INDEX, type)).toMatchObject({ kind: 'index', mediaType: type });
    }
  });

  test('must be the same in both, and be one of a manifest', () => {
    expect(() => parse({ ...IMAGE, mediaType: OCI_MANIFEST }, DOCKER_MANIFEST)).toThrow(INVALID);
    expect(() => parse(IMAGE)).toThrow(INVALID);
    expect(() => parse(IMAGE, 'application/json')).toThrow(INVALID);
    expect(() => parse({ ...IMAGE, mediaType: '__proto__' })).toThrow(INVALID);
  });

  test('cannot be both an image and an index', () => {
    expect(() => parse({ ...IMAGE, ...INDEX }, OCI_MANIFEST)).toThrow(INVALID);
    expect(() => parse({ ...INDEX, layers: [] }, OCI_INDEX)).toThrow(INVALID);
    expect(parse({ ...IMAGE, manifests: null }, OCI_MANIFEST).kind).toBe('image');
  });
});

test('the artifact type is that of the config only where none is given', () => {
  expect(parse({ ...IMAGE, artifactType: 'a/b' }, OCI_MANIFEST).artifactType).toBe('a/b');
  expect(parse({ ...IMAGE, artifactType: '' }, OCI_MANIFEST).artifactType).toBe(HELM_CONFIG);
  expect(parse(INDEX, OCI_INDEX).artifactType).toBe(undefined);
});

test('the subject is known by its digest', () => {
  expect(parse({ ...IMAGE, subject: LAYER }, OCI_MANIFEST).subject).toBe(LAYER.digest);
  expect(parse({ ...INDEX, subject: LAYER }, OCI_INDEX).subject).toBe(LAYER.digest);
  expect(parse({ ...IMAGE, subject: null }, OCI_MANIFEST).subject).toBe(undefined);
});

test('layers that live elsewhere are no blobs of the repository', () => {
  const elsewhere = [
    'application/vnd.oci.image.layer.nondistributable.v1.tar',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ].map((mediaType) => ({ ...LAYER, mediaType }));
  expect(blobsOf(parse({ ...IMAGE, layers: [...elsewhere, LAYER] }, OCI_MANIFEST))).toEqual([CONFIG, LAYER]);
});

test('annotations keep every key, also those of the prototype', () => {
  const text = JSON.stringify({ ...IMAGE, annotations: {} }).replace(
    '"annotations":{}',
    '"annotations":{"__proto__":"x"}',
  );
  const { annotations } = parseManifest(Buffer.from(text), OCI_MANIFEST);
  expect(Object.entries(annotations)).toEqual([['__proto__', 'x']]);
});

describe('nesting', () => {
  /** The manifest itself is the first level. */
  const LEVELS = 49;
  test.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
    ['both', '[{"a":', '}]'],
  ])('of %s is taken up to a depth, and no deeper', (_what, begin, end) => {
    const depth = LEVELS / (begin.match(/[[{]/g)?.length ?? 1);
    const nested = (times: number): Buffer =>
      Buffer.from(JSON.stringify({ ...IMAGE, x: 0 }).replace('0}', `${begin.repeat(times)}0${end.repeat(times)}}`));
    expect(parseManifest(nested(Math.floor(depth)), OCI_MANIFEST).kind).toBe('image');
    expect(() => parseManifest(nested(Math.floor(depth) + 1), OCI_MANIFEST)).toThrow(INVALID);
  });

  test('side by side is no nesting', () => {
    const text = JSON.stringify({ ...IMAGE, x: Array.from({ length: 1_000 }, () => [{ a: [] }]) });
    expect(parseManifest(Buffer.from(text), OCI_MANIFEST).kind).toBe('image');
  });
});

describe('keys and items of lists', () => {
  const MANY = /^the manifest is invalid: it has more than 40000 keys and items of lists$/;
  const LEFT = 40_000 - JSON.stringify({ ...IMAGE, x: 0 }).split(/[,[{]/).length + 1;
  test.each<[string, (count: number) => unknown]>([
    ['numbers in a list', (count) => Array.from({ length: count - 1 }, () => 1)],
    ['empty lists', (count) => Array.from({ length: Math.floor(count / 2) }, () => [])],
    ['keys of an object', (count) => Object.fromEntries(Array.from({ length: count - 1 }, (_, at) => [`${at}`, '']))],
  ])('%s are taken up to a number, and no more', (_what, make) => {
    const text = (count: number) => Buffer.from(JSON.stringify({ ...IMAGE, x: make(count) }));
    expect(parseManifest(text(LEFT), OCI_MANIFEST).kind).toBe('image');
    expect(() => parseManifest(text(LEFT + 2), OCI_MANIFEST)).toThrow(MANY);
  });

  test('what looks like many in a text is one', () => {
    const annotations = { text: `\\"${',[{'.repeat(50_000)}\\` };
    expect(parseManifest(Buffer.from(JSON.stringify({ ...IMAGE, annotations })), OCI_MANIFEST).annotations).toEqual(
      annotations,
    );
  });

  test('they are counted before anything else is read', () => {
    expect(() => parseManifest(Buffer.from(`[${',['.repeat(40_000)}`), OCI_MANIFEST)).toThrow(MANY);
  });
});

test('no JSON makes reading fail in another way, or be read as something that it is not', () => {
  const types = fc.constantFrom(OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, 'x', undefined);
  const field = fc.constantFrom(
    ...['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'subject', 'annotations', 'artifactType'],
  );
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(2, CONFIG, [LAYER], INDEX.manifests, OCI_MANIFEST, OCI_INDEX));
  fc.assert(
    fc.property(fc.dictionary(field, value), types, (fields, type) => {
      try {
        const manifest = parse(fields, type);
        expect(fields.schemaVersion).toBe(2);
        for (const { digest, size } of [...blobsOf(manifest), ...childrenOf(manifest)]) {
          expect(digest).toMatch(/^sha(256|512):[a-f0-9]+$/);
          expect(size).toBeGreaterThanOrEqual(0);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'MANIFEST_INVALID' });
      }
    }),
    { numRuns: 2_000 },
  );
});

test('no bytes make reading fail in another way', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(() => parseManifest(bytes, OCI_MANIFEST)).toThrow(INVALID);
    }),
  );
});
