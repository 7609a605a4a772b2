// The images of charts as they are written in the field: declared, in values, in templates, in subcharts.
import { describe, expect, test } from 'vitest';
import { bundledCharts } from '../../src/charts/bundled-charts.ts';
import type { ChartMetadata } from '../../src/charts/chart-yaml.ts';
import { Effort } from '../../src/charts/compare/effort.ts';
import { type ChartImage, type FoundImages, findImages, imagesOf } from '../../src/charts/images.ts';
import { packedSubchart, readChart } from './packed-chart.ts';

type Files = Readonly<Record<string, string | Buffer>>;

async function imagesIn(files: Files, metadata: Partial<ChartMetadata> = {}): Promise<readonly ChartImage[]> {
  return imagesOf(await readChart(files, { metadata: { appVersion: '3.2.1', ...metadata } }));
}

async function referencesIn(values: string, metadata: Partial<ChartMetadata> = {}): Promise<readonly string[]> {
  return (await imagesIn({ 'values.yaml': values }, metadata)).map(({ image }) => image);
}

async function found(files: Files, metadata: Partial<ChartMetadata> = {}): Promise<FoundImages> {
  const chart = await readChart(files, { metadata });
  return findImages(chart, bundledCharts(chart.contents, new Effort(50_000)).charts);
}

const HEX = '0a'.repeat(32);
const subchart = (name: string, more = ''): string => `name: ${name}\nversion: 2.0.0\nappVersion: "9"\n${more}`;

describe('declared images', () => {
  test.each(['artifacthub.io/images', 'images', 'helm.sh/images'])('stand in the annotation %s', async (annotation) => {
    const annotations = { [annotation]: '- name: a\n  image: org/a:1\n  whitelisted: true\n- image: b:2\n- c:3\n' };
    expect(await imagesIn({}, { annotations })).toEqual(
      ['b:2', 'c:3', 'org/a:1'].map((image) => ({
        image,
        declared: true,
        guessedTag: false,
        sources: [{ kind: 'annotation', file: 'Chart.yaml', path: annotation }],
      })),
    );
  });

  test('may be JSON, and have a condition among the values', async () => {
    const items = [
      { image: 'a:1', condition: 'extra.here' },
      { image: 'b:1', condition: 'extra.gone' },
      { image: 'c:1', condition: 'no.such' },
    ];
    const annotations = { 'helm.sh/images': JSON.stringify(items) };
    const images = await imagesIn({ 'values.yaml': 'extra: {here: true, gone: false}\n' }, { annotations });
    expect(images.map(({ image, onlyWith }) => [image, onlyWith])).toEqual([
      ['a:1', undefined],
      ['b:1', 'extra.gone'],
      ['c:1', 'no.such'],
    ]);
  });

  test('may be a single one', async () => {
    const images = await imagesIn({}, { annotations: { images: 'image: a:1\n' } });
    expect(images.map(({ image }) => image)).toEqual(['a:1']);
  });

  test('that name no image, or are no YAML, are problems', async () => {
    const annotations = {
      images: '- image: a:{{ .Chart.AppVersion }}\n- 5\n- image: b:1\n',
      'helm.sh/images': 'a: b: c',
    };
    const { images, problems } = await found({}, { annotations });
    expect(images.map(({ image }) => image)).toEqual(['b:1']);
    expect(problems).toEqual([
      'the annotation "images" in Chart.yaml has 2 entries that name no image',
      expect.stringMatching(/^the annotation "helm.sh\/images" in Chart.yaml is not YAML/),
    ]);
  });

  test('are one with those that are inferred, as the publisher wrote them', async () => {
    const annotations = { images: '- image: docker.io/library/nginx:1\n' };
    const images = await imagesIn({ 'values.yaml': 'image: nginx:1\n' }, { annotations });
    expect(images).toEqual([
      {
        image: 'docker.io/library/nginx:1',
        declared: true,
        guessedTag: false,
        sources: [
          { kind: 'annotation', file: 'Chart.yaml', path: 'images' },
          { kind: 'values', file: 'values.yaml', path: 'image' },
        ],
      },
    ]);
  });
});

test('an image is written as some publisher declares it, also in a subchart', async () => {
  const declares = subchart('a', 'annotations: {images: "- image: docker.io/library/nginx:1"}\n');
  const images = await imagesIn({ 'values.yaml': 'image: nginx:1\n', 'charts/a/Chart.yaml': declares });
  expect(images).toEqual([expect.objectContaining({ image: 'docker.io/library/nginx:1', declared: true })]);
});

describe('images among the values', () => {
  test.each([
    ['image: {repository: org/a, tag: "1.2"}', 'org/a:1.2'],
    ['image: {registry: ghcr.io, repository: org/a, tag: v1}', 'ghcr.io/org/a:v1'],
    ['image: {registry: ghcr.io, repository: ghcr.io/org/a, tag: v1}', 'ghcr.io/org/a:v1'],
    ['image: {repository: org/a, tag: 1.10}', 'org/a:1.1'],
    ['image: {repository: org/a, tag: 7}', 'org/a:7'],
    [`image: {repository: org/a, digest: "sha256:${HEX}"}`, `org/a@sha256:${HEX}`],
    [`image: {repository: org/a, tag: v1, sha: ${HEX}}`, `org/a:v1@sha256:${HEX}`],
    [`image: {repository: org/a, tag: "sha256:${HEX}"}`, `org/a@sha256:${HEX}`],
    ['image: {repository: "org/a:1"}', 'org/a:1'],
    ['image: {registry: registry.k8s.io, image: a/controller, tag: v1}', 'registry.k8s.io/a/controller:v1'],
    ['proxy: {image: {name: cr.example/proxy, version: v2}}', 'cr.example/proxy:v2'],
    ['driver: {repository: nvcr.io/nvidia, image: driver, version: "550"}', 'nvcr.io/nvidia/driver:550'],
    ['operator: {image: tigera/operator, version: v1, registry: quay.io}', 'quay.io/tigera/operator:v1'],
    ['controller: {image: ghcr.io/fluxcd/c, tag: v1}', 'ghcr.io/fluxcd/c:v1'],
    ['a: {pullPolicy: Always, repository: org/a, tag: "1"}', 'org/a:1'],
    ['image: org/a:1', 'org/a:1'],
    ['image: org/a', 'org/a'],
    ['image: "busybox:1.36"', 'busybox:1.36'],
    ['sidecarImage: a:1', 'a:1'],
    ['imageK8S: hashicorp/consul:1', 'hashicorp/consul:1'],
    ['backendImage: org/a\nbackendImageTag: v5', 'org/a:v5'],
    ['extraContainers: [{name: x, image: "a:1"}]', 'a:1'],
    ['images: ["a:1"]', 'a:1'],
    ['images: {tags: {api: "quay.io/org/api:2024.1"}}', 'quay.io/org/api:2024.1'],
    ['image: {proxy: "envoy:1.30"}', 'envoy:1.30'],
    ['x: &i {repository: org/a, tag: "1"}\nimage: *i', 'org/a:1'],
    ['"__proto__": {image: {repository: org/a, tag: "1"}}', 'org/a:1'],
  ])('%s', async (values, image) => {
    expect(await referencesIn(values)).toEqual([image]);
  });

  test.each([
    'image: {repository: ""}',
    'image: {repository: "{{ .Values.x }}", tag: "1"}',
    'image: pilot',
    'image: {name: operator, tag: ""}',
    'image: {pullPolicy: IfNotPresent, registry: "localhost:5000"}',
    'imagePullPolicy: Always',
    'imageRegistry: "localhost:5000"',
    'imagePullSecrets: ["a:1"]',
    'backgroundImage: img/sea.png',
    'image: "https://example.org/a.png"',
    'source: {repository: org/code, branch: main}',
    'repository: https://example.org/charts',
    'time: "10:30"',
    'image: 5',
    'image: null',
    'image: true',
  ])('not in %s', async (values) => {
    expect(await referencesIn(values)).toEqual([]);
  });

  test.each(['image: {repository: org/a, tag: ""}', 'image: {repository: org/a}', 'image: org/a\ntag: ""'])(
    'without a tag have the appVersion, and are marked: %s',
    async (values) => {
      const [image] = await imagesIn({ 'values.yaml': values });
      expect(image).toMatchObject({ image: 'org/a:3.2.1', guessedTag: true, declared: false });
    },
  );

  test('have no guessed tag where some other value says it', async () => {
    const images = await imagesIn({ 'values.yaml': 'a: {image: {repository: o/a}}\nb: {image: "o/a:3.2.1"}\n' });
    expect(images).toEqual([expect.objectContaining({ image: 'o/a:3.2.1', guessedTag: false })]);
  });

  test('have no tag when the appVersion can be none', async () => {
    const values = 'image: {repository: org/a, tag: ""}\n';
    expect(await referencesIn(values, { appVersion: '1.0 beta' })).toEqual(['org/a']);
    expect(await referencesIn(values, { appVersion: undefined })).toEqual(['org/a']);
    expect((await imagesIn({ 'values.yaml': values }, { appVersion: undefined }))[0]?.guessedTag).toBe(false);
  });

  test('have the registry that is set for all, where they have one', async () => {
    const values =
      'global: {imageRegistry: reg.example}\na: {image: {registry: docker.io, repository: o/a, tag: "1"}}\n';
    expect(await referencesIn(`${values}b: {image: {repository: o/b, tag: "1"}}\n`)).toEqual([
      'o/b:1',
      'reg.example/o/a:1',
    ]);
  });

  test('say where they stand and what must be switched on', async () => {
    const values = 'metrics:\n  enabled: false\n  "a.b":\n    image: {repository: org/a, tag: "1"}\nimage: b:1\n';
    expect(await imagesIn({ 'values.yaml': values })).toEqual([
      expect.objectContaining({ image: 'b:1', sources: [{ kind: 'values', file: 'values.yaml', path: 'image' }] }),
      {
        image: 'org/a:1',
        declared: false,
        guessedTag: false,
        onlyWith: 'metrics.enabled',
        sources: [{ kind: 'values', file: 'values.yaml', path: 'metrics."a.b".image' }],
      },
    ]);
  });

  test('that are used in any case need nothing, and the first five places are named', async () => {
    const uses = Array.from({ length: 8 }, (_, index) => `u${index}: {image: "a:1"}\n`).join('');
    const [image] = await imagesIn({ 'values.yaml': `x: {enabled: false, image: "a:1"}\n${uses}` });
    expect(image?.onlyWith).toBeUndefined();
    expect(image?.sources.map(({ path }) => path)).toEqual(['x.image', 'u0.image', 'u1.image', 'u2.image', 'u3.image']);
  });
});

describe('images in templates', () => {
  test('stand in lines with nothing to be filled in', async () => {
    const template = `
kind: Pod
  - image: busybox
    image: "org/a:1" # why
  - name: x
    - image: 'org/b:2'
    "image": "org/c:3",
    # image: no/comment:1
    image: {{ .Values.image }}
    image: "org/{{ .x }}:1"
    image:
    image: Not An Image
    myimage: no/other:1
`;
    const images = await imagesIn({ 'templates/pod.yaml': template, 'files/pod.yaml': 'image: no/template:1\n' });
    expect(images.map(({ image, sources }) => [image, sources[0]])).toEqual([
      ['busybox', { kind: 'template', file: 'templates/pod.yaml', path: 'line 3' }],
      ['org/a:1', { kind: 'template', file: 'templates/pod.yaml', path: 'line 4' }],
      ['org/b:2', { kind: 'template', file: 'templates/pod.yaml', path: 'line 6' }],
      ['org/c:3', { kind: 'template', file: 'templates/pod.yaml', path: 'line 7' }],
    ]);
  });

  test('are found in binary files and beside lines without end', async () => {
    const binary = Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from('image: a:1\n'), Buffer.from([0xfe])]);
    const long = `image: ${'x'.repeat(5000)}\nimage: c:1${' '.repeat(1000)}\nimage: b:1`;
    const images = await imagesIn({ 'templates/a.bin': binary, 'templates/b.yaml': long });
    expect(images.map(({ image }) => image)).toEqual(['a:1', 'b:1']);
  });
});

describe('images of subcharts', () => {
  const values = 'image: {registry: docker.io, repository: org/sub, tag: "1"}\nmetrics: {image: {repository: org/m}}\n';
  const packed = async (): Promise<Buffer> =>
    await packedSubchart('sub', { 'Chart.yaml': subchart('sub'), 'values.yaml': values });

  test('have their own appVersion, and say in which file they stand', async () => {
    const images = await imagesIn({ 'charts/sub-2.0.0.tgz': await packed(), 'values.yaml': '' });
    expect(images.map(({ image, guessedTag, sources }) => [image, guessedTag, sources[0]?.file])).toEqual([
      ['docker.io/org/sub:1', false, 'charts/sub-2.0.0.tgz/values.yaml'],
      ['org/m:9', true, 'charts/sub-2.0.0.tgz/values.yaml'],
    ]);
  });

  test('are what the values of the charts around them say', async () => {
    const outer =
      'sub: {image: {tag: "2"}, metrics: {image: {repository: my/m, tag: v3}}}\nglobal: {imageRegistry: reg.example}\n';
    const images = await imagesIn({ 'charts/sub-2.0.0.tgz': await packed(), 'values.yaml': outer });
    expect(images.map(({ image, sources }) => [image, sources[0]])).toEqual([
      ['my/m:v3', { kind: 'values', file: 'values.yaml', path: 'sub.metrics.image' }],
      ['reg.example/org/sub:2', { kind: 'values', file: 'values.yaml', path: 'sub.image' }],
    ]);
  });

  test('are not those of the chart around them, which only says where they come from', async () => {
    const files = { 'charts/sub-2.0.0.tgz': await packed(), 'values.yaml': 'sub: {image: {repository: my/sub}}\n' };
    expect((await imagesIn(files)).map(({ image }) => image)).toEqual(['docker.io/my/sub:1', 'org/m:9']);
  });

  test('stay where a value around them is null, as in Helm 4', async () => {
    const outer = 'sub: {image: null, metrics: {image: {repository: null}}}\n';
    const images = await imagesIn({ 'charts/sub-2.0.0.tgz': await packed(), 'values.yaml': outer });
    expect(images.map(({ image }) => image)).toEqual(['docker.io/org/sub:1', 'org/m:9']);
  });

  test('follow the alias, once for each', async () => {
    const dependency = { name: 'sub', version: '2.x', repository: '' };
    const dependencies = [
      { ...dependency, alias: 'one' },
      { ...dependency, alias: 'two' },
    ];
    const outer = 'one: {image: {tag: "1"}}\ntwo: {image: {tag: "2"}}\nsub: {image: {tag: "3"}}\n';
    const files = { 'charts/sub-2.0.0.tgz': await packed(), 'values.yaml': outer };
    const references = (await imagesIn(files, { dependencies })).map(({ image }) => image);
    expect(references).toEqual(['docker.io/org/sub:1', 'docker.io/org/sub:2', 'org/m:9']);
  });

  test('that are declared, or cannot be read, are so once for all aliases', async () => {
    const dependencies = ['one', 'two'].map((alias) => ({ name: 'a', version: '2.0.0', repository: '', alias }));
    const annotations = 'annotations: {images: "- image: a:1", helm.sh/images: "a: b: c"}\n';
    const { images, problems } = await found({ 'charts/a/Chart.yaml': subchart('a', annotations) }, { dependencies });
    expect(images[0]?.sources).toEqual([{ kind: 'annotation', file: 'charts/a/Chart.yaml', path: 'images' }]);
    expect(problems).toHaveLength(1);
  });

  test('come from the one of two versions that the dependency asks for', async () => {
    const files = {
      'charts/a/Chart.yaml': 'name: sub\nversion: 1.0.0\n',
      'charts/a/values.yaml': 'image: old:1\n',
      'charts/b/Chart.yaml': 'name: sub\nversion: 2.0.0\n',
      'charts/b/values.yaml': 'image: new:1\n',
    };
    const dependencies = [
      { name: 'sub', version: '^2', repository: '', alias: 'newer' },
      { name: 'sub', version: '^1', repository: '', alias: 'older' },
    ];
    const images = await imagesIn(
      { ...files, 'values.yaml': 'newer: {image: "x:1"}\nolder: {image: "y:1"}\n' },
      { dependencies },
    );
    expect(images.map(({ image, sources }) => [image, sources[0]?.path])).toEqual([
      ['x:1', 'newer.image'],
      ['y:1', 'older.image'],
    ]);
    const [first] = dependencies;
    const images2 = await imagesIn({ ...files, 'values.yaml': '' }, { dependencies: first ? [first] : [] });
    expect(images2.map(({ image, sources }) => [image, sources[0]?.file])).toEqual([
      ['new:1', 'charts/b/values.yaml'],
      ['old:1', 'charts/a/values.yaml'],
    ]);
  });

  test.each([
    ['a condition', { condition: 'sub.enabled' }, 'sub: {enabled: false}', 'sub.enabled'],
    ['the first condition that is there', { condition: 'x.y,sub.enabled' }, 'sub: {enabled: false}', 'sub.enabled'],
    ['a condition that goes before a tag', { condition: 'use', tags: ['t'] }, 'use: true\ntags: {t: false}', undefined],
    ['a tag', { tags: ['s', 't'] }, 'tags: {t: false}', 'tags.t'],
    ['one of two tags', { tags: ['s', 't'] }, 'tags: {t: false, s: true}', undefined],
    ['nothing', { condition: 'sub.enabled' }, '', undefined],
    ['a condition that is no boolean', { condition: 'sub.enabled' }, 'sub: {enabled: "false"}', undefined],
  ])('are switched off by %s', async (_what, how, outer, onlyWith) => {
    const dependencies = [{ name: 'sub', version: '2.0.0', repository: '', ...how }];
    const images = await imagesIn({ 'charts/sub-2.0.0.tgz': await packed(), 'values.yaml': outer }, { dependencies });
    expect(images.map((image) => image.onlyWith)).toEqual([onlyWith, onlyWith]);
  });

  test('are switched off by what their own values say, and with the chart around them', async () => {
    const files = {
      'charts/a/Chart.yaml': subchart('a', 'dependencies: [{name: b, version: 2.0.0, condition: b.use}]\n'),
      'charts/a/values.yaml': 'image: a:1\n',
      'charts/a/charts/b/Chart.yaml': subchart('b'),
      'charts/a/charts/b/values.yaml': 'use: false\nimage: b:1\n',
    };
    const off = [{ name: 'a', version: '2.0.0', repository: '', condition: 'a.use' }];
    const switches = async (values: string): Promise<readonly unknown[]> =>
      (await imagesIn({ ...files, 'values.yaml': values }, { dependencies: off })).map(({ onlyWith }) => onlyWith);
    expect(await switches('')).toEqual([undefined, 'a.b.use']);
    expect(await switches('a: {b: {use: true}}')).toEqual([undefined, undefined]);
    expect(await switches('a: {use: false}')).toEqual(['a.use', 'a.use']);
  });

  test('of a dependency that is not there have no appVersion of the chart around them', async () => {
    const dependencies = [{ name: 'gone', version: '1', repository: 'https://charts.example' }];
    const images = await imagesIn({ 'values.yaml': 'gone: {image: {repository: org/gone}}\n' }, { dependencies });
    expect(images).toEqual([expect.objectContaining({ image: 'org/gone', guessedTag: false })]);
  });

  test('see the global values of the chart around them, which are no images of theirs', async () => {
    const files = {
      'charts/a/Chart.yaml': subchart('a'),
      'values.yaml': 'global: {image: {repository: org/g, tag: ""}}\n',
    };
    expect((await imagesIn(files)).map(({ image }) => image)).toEqual(['org/g:3.2.1']);
  });

  test.each(['constructor', '__proto__', 'toString'])('may be called %s', async (name) => {
    const files = { 'charts/a/Chart.yaml': subchart(name), 'charts/a/values.yaml': 'image: a:1\n' };
    expect((await imagesIn(files)).map(({ image }) => image)).toEqual(['a:1']);
  });

  test('in templates are found once, and declared ones in their annotations', async () => {
    const files = {
      'charts/a/Chart.yaml': subchart('a', 'annotations: {images: "- image: declared:1"}\n'),
      'charts/a/templates/x.yaml': 'image: literal:1\n',
    };
    const images = await imagesIn(files);
    expect(images.map(({ image, sources }) => [image, sources[0]?.file])).toEqual([
      ['declared:1', 'charts/a/Chart.yaml'],
      ['literal:1', 'charts/a/templates/x.yaml'],
    ]);
  });
});

describe('limits', () => {
  test('of many images the first 500 are listed', async () => {
    const values = Array.from({ length: 600 }, (_, index) => `i${index}: {image: "a:${1000 + index}"}\n`).join('');
    const { images, isCut } = await found({ 'values.yaml': values });
    expect(images).toHaveLength(500);
    expect(images[0]?.image).toBe('a:1000');
    expect(isCut).toBe(true);
  });

  test('aliases that multiply are followed up to 200 charts', async () => {
    const dependencies = (name: string): string =>
      `dependencies:\n${Array.from({ length: 30 }, (_, index) => `- {name: ${name}, version: 2.0.0, alias: ${name}${index}}\n`).join('')}`;
    const files = {
      'Chart.yaml': `name: web\nversion: 1.0.0\n${dependencies('a')}`,
      'charts/a/Chart.yaml': subchart('a', dependencies('b')),
      'charts/a/charts/b/Chart.yaml': subchart('b'),
      'charts/a/charts/b/values.yaml': 'image: b:1\n',
    };
    const chart = await readChart(files, { chartYaml: files['Chart.yaml'] });
    const { images, isCut } = findImages(chart, bundledCharts(chart.contents, new Effort(50_000)).charts);
    expect(images.map(({ image }) => image)).toEqual(['b:1']);
    expect(isCut).toBe(true);
  });

  test('values are looked at up to a number, in all charts together', async () => {
    const values = Array.from({ length: 5000 }, (_, index) => `k${index}: x\n`).join('');
    const aliases = Array.from({ length: 40 }, (_, index) => `alias${index}`);
    const dependencies = aliases.map((alias) => ({ name: 'a', version: '2.0.0', repository: '', alias }));
    const files = { 'charts/a/Chart.yaml': subchart('a'), 'charts/a/values.yaml': `${values}image: a:1\n` };
    const last = 'alias39: {image: "z:1"}\n';
    const { images, isCut, problems } = await found({ ...files, 'values.yaml': last }, { dependencies });
    expect(images.map(({ image }) => image)).toEqual(['a:1']);
    expect(problems).toEqual([]);
    expect(isCut).toBe(true);
  });

  test('values that aliases multiply use up what may be read', async () => {
    const levels = Array.from({ length: 30 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]\n`);
    const files = { 'charts/a/Chart.yaml': subchart('a'), 'charts/a/values.yaml': 'image: a:1\n' };
    const { images, problems } = await found({ ...files, 'values.yaml': `a0: &a0 [x]\n${levels.join('')}` });
    expect(images).toEqual([]);
    expect(problems).toEqual([
      expect.stringContaining('values.yaml cannot be read: it stands for more than'),
      expect.stringContaining('charts/a/values.yaml cannot be read: it comes after more YAML'),
    ]);
  });

  test('a template of nothing but images ends the search in templates', async () => {
    const { images, isCut } = await found({ 'templates/a.yaml': `${'image: a:1\n'.repeat(60_000)}image: b:1\n` });
    expect(images).toHaveLength(1);
    expect(isCut).toBe(true);
  });

  test.each([
    [
      'billions of values',
      `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]\n`).join('')}`,
      'stands for more than',
    ],
    ['nesting without end', '['.repeat(9000), 'nested too deeply'],
    ['a text that is no YAML', 'a: b: c\n', 'is not YAML'],
    ['a list', '- a\n', 'is not a map'],
    ['bytes that are no text', Buffer.from([0x61, 0x3a, 0x20, 0xff]), 'is not text in UTF-8'],
    ['a flood of keys', 'a:\n'.repeat(300_000), 'has more than'],
  ])('values.yaml with %s is a problem, and the rest is read', async (_what, values, problem) => {
    const { images, problems } = await found({ 'values.yaml': values, 'templates/a.yaml': 'image: a:1\n' });
    expect(images.map(({ image }) => image)).toEqual(['a:1']);
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems[0]).toMatch(/^values\.yaml cannot be read: it /);
  });

  test('values after too much YAML are not read', async () => {
    const flood = 'a: b\n'.repeat(14_000);
    const files = { 'charts/a/Chart.yaml': subchart('a'), 'charts/a/values.yaml': flood, 'values.yaml': flood };
    const { problems } = await found(files);
    expect(problems).toEqual([expect.stringContaining('charts/a/values.yaml cannot be read')]);
  });
});
