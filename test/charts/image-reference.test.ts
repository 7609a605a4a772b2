// References of images: what is one, and which two name the same image.
import { describe, expect, test } from 'vitest';
import { digestOf, imageKey, imageText, parseImageReference } from '../../src/charts/image-reference.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

describe('a reference', () => {
  test.each([
    ['nginx', 'nginx', undefined, undefined],
    ['nginx:1.27', 'nginx', '1.27', undefined],
    ['localhost:5000/a/b-c__d.e:v1_2.3', 'localhost:5000/a/b-c__d.e', 'v1_2.3', undefined],
    [`ghcr.io/org/app@${DIGEST}`, 'ghcr.io/org/app', undefined, DIGEST],
    [`Registry.Example/app:v1@${DIGEST}`, 'Registry.Example/app', 'v1', DIGEST],
  ])('%s is read in its parts', (text, name, tag, digest) => {
    expect(parseImageReference(text)).toEqual({ name, tag, digest });
    expect(imageText({ name, tag, digest })).toBe(text);
  });

  test.each([
    '',
    ' nginx',
    'Nginx',
    'a b',
    'https://example.org/a',
    '/data/image',
    './a',
    '{{ .Values.image }}',
    'a:{{ .Chart.AppVersion }}',
    'a:',
    'a:b:c',
    'a//b',
    'a/',
    'a@sha256:abc',
    `a:${'t'.repeat(129)}`,
    'a/'.repeat(130).concat('b'),
    'x'.repeat(300),
    `${'x'.repeat(250)}:${'t'.repeat(128)}@sha512:${'0'.repeat(128)}`,
    'data:image/png',
  ])('%j is none', (text) => {
    expect(parseImageReference(text)).toBeUndefined();
  });
});

test.each([
  ['nginx:1', 'docker.io/library/nginx:1'],
  ['bitnami/redis', 'index.docker.io/bitnami/redis'],
  ['registry-1.docker.io/bitnami/redis', 'docker.io/bitnami/redis'],
])('%s and %s are one image', (one, other) => {
  const keys = [one, other].map((text) => imageKey(parseImageReference(text) ?? { name: '', tag: '', digest: '' }));
  expect(keys[0]).toBe(keys[1]);
});

test.each([
  ['a/b:1', 'a/b:2'],
  ['a/b', 'quay.io/a/b'],
  ['localhost/a', 'docker.io/localhost/a'],
])('%s and %s are two images', (one, other) => {
  const keys = [one, other].map((text) => imageKey(parseImageReference(text) ?? { name: '', tag: '', digest: '' }));
  expect(keys[0]).not.toBe(keys[1]);
});

test('a digest may stand without its algorithm when it is that of SHA-256', () => {
  expect(digestOf('0a'.repeat(32))).toBe(DIGEST);
  expect(digestOf(DIGEST)).toBe(DIGEST);
  for (const text of [undefined, '', 'latest', 'sha256:', '0a', `${DIGEST} `]) expect(digestOf(text)).toBeUndefined();
});
