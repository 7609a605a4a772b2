// The templates of a chart in one answer: opened once, not too many bytes, and the same bytes for all who read at once.
import { expect, test, vi } from 'vitest';
import { ContentsCache } from '../../../src/catalog/contents-cache.ts';
import { SharedAnswers } from '../../../src/http/classic/shared-answers.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { refusalOf, upload } from './support/uploads.ts';

const MIB = 1024 * 1024;
const WEB = { name: 'web', version: '1.0.0' };
const TEMPLATES = '/api/team/charts/web/1.0.0/templates';

test('the archive is opened once, however many templates are read from it', async () => {
  await using registry = await startRegistry();
  await upload(registry, 'team', { ...WEB, files: { 'values.yaml': 'a: 1', 'templates/a': 'a', 'templates/b': 'b' } });
  using opened = vi.spyOn(ContentsCache.prototype, 'open');
  const answer = await registry.request('GET', TEMPLATES);
  expect(((await answer.json()) as { readonly templates: readonly unknown[] }).templates).toHaveLength(2);
  expect(opened).toHaveBeenCalledTimes(1);
});

test('what is not shown does not count to what may be shown', async () => {
  await using registry = await startRegistry();
  const half = Buffer.alloc(2 * MIB - 100);
  const files = { 'docs/large.bin': Buffer.alloc(4.5 * MIB), 'templates/a': half, 'templates/b': half };
  expect((await upload(registry, 'team', { ...WEB, files })).status).toBe(201);
  expect((await registry.request('GET', TEMPLATES)).status).toBe(200);
});

test.each([
  { 'templates/a': Buffer.alloc(2 * MIB), 'templates/b': Buffer.alloc(2 * MIB) },
  { 'templates/a': Buffer.alloc(2 * MIB), 'values.yaml': `a: ${'x'.repeat(2 * MIB)}` },
  { 'values.yaml': `a: &a ${'x'.repeat(2 * MIB)}\nb: [*a, *a]` },
])('more than 4 MiB are not shown, and the refusal says what to do instead', async (files) => {
  await using registry = await startRegistry();
  expect((await upload(registry, 'team', { ...WEB, files })).status).toBe(201);
  expect(await refusalOf(await registry.request('GET', TEMPLATES))).toEqual([
    400,
    'the templates and values of this chart are more than the 4 MiB that are shown in one answer: pull it with helm pull',
  ]);
});

const ONE = digestOf(Buffer.from('one'));
const OTHER = digestOf(Buffer.from('other'));

test('those who read the same answer at the same time share its bytes', async () => {
  const answers = new SharedAnswers(10);
  const make = vi.fn(async () => Buffer.from('{}'));
  const [first, second] = await Promise.all([answers.take(ONE, make), answers.take(ONE, make)]);
  expect(first.body).toBe(second.body);
  first[Symbol.dispose]();
  expect((await answers.take(ONE, make)).body).toBe(second.body);
  expect(make).toHaveBeenCalledTimes(1);
});

test('answers that nobody has read to the end leave no room for others', async () => {
  const answers = new SharedAnswers(10);
  const make = async () => Buffer.alloc(9);
  const first = await answers.take(ONE, make);
  const second = await answers.take(ONE, make);
  await expect(answers.take(OTHER, make)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfter: 1 });
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await expect(answers.take(OTHER, make)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
  second[Symbol.dispose]();
  expect((await answers.take(OTHER, make)).body).toHaveLength(9);
});

test('an answer that could not be made takes no room, and is made anew', async () => {
  const answers = new SharedAnswers(10);
  const failing = answers.take(ONE, () => Promise.reject(new Error('broken')));
  await expect(failing).rejects.toThrow('broken');
  expect((await answers.take(ONE, async () => Buffer.alloc(10))).body).toHaveLength(10);
});
