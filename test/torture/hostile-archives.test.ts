// Packed charts that were made to leave their folder, to fill memory, or to be read in two ways: pushed and uploaded.
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { descriptorOf } from '../support/artifacts.ts';
import { packTar, type TarEntry } from '../support/chart-builder.ts';
import { type AttackedServer, expectAnswer, startAttackedServer } from './support/attacked-server.ts';
import { fuzzing } from './support/fuzz-runs.ts';
import { HOSTILE_TEXTS } from './support/hostile-text.ts';

const MEBIBYTE = 1024 * 1024;
let server: AttackedServer;
let count = 0;
beforeAll(async () => {
  server = await startAttackedServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const CHART_YAML = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';
const CHART: TarEntry = { name: 'web/Chart.yaml', content: CHART_YAML };
const VALUES: TarEntry = { name: 'web/values.yaml', content: 'replicas: 1\n' };

async function packed(...entries: readonly TarEntry[]): Promise<Buffer> {
  return gzipSync(await packTar([CHART, ...entries]));
}

/** As `helm push` does. @returns the repository, and the status of its manifest */
async function push(archive: Buffer): Promise<readonly [repository: string, status: number]> {
  count += 1;
  const repository = `pushed-${count}/web`;
  const config = Buffer.from(JSON.stringify({ apiVersion: 'v2', name: 'web', version: '1.0.0' }));
  for (const blob of [archive, config]) {
    const path = `/v2/${repository}/blobs/uploads/?digest=${digestOf(blob)}`;
    expect((await server.request('POST', path, { body: new Uint8Array(blob) })).status).toBe(201);
  }
  const manifest = {
    schemaVersion: 2,
    config: descriptorOf(config, HELM_CONFIG),
    layers: [descriptorOf(archive, HELM_CONTENT)],
  };
  const answer = await server.request('PUT', `/v2/${repository}/manifests/1.0.0`, {
    body: JSON.stringify(manifest),
    headers: { 'content-type': OCI_MANIFEST },
  });
  return [repository, answer.status];
}

/** As ChartMuseum's clients do. @returns the repository, and the status */
async function upload(archive: Buffer): Promise<readonly [repository: string, status: number]> {
  count += 1;
  const answer = await server.request('POST', `/api/uploaded-${count}/charts`, { body: new Uint8Array(archive) });
  return [`uploaded-${count}/web`, answer.status];
}

/** Both ways; what was refused is nowhere, and what was taken can be looked at in each way there is. @returns both statuses */
async function publish(archive: Buffer): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const send of [push, upload]) {
    const [repository, status] = await send(archive);
    statuses.push(status);
    expectAnswer(status);
    const shown = await lookAt(repository);
    if (status !== 201) expect(shown).toEqual(shown.map(() => 404));
  }
  return statuses;
}

async function lookAt(repository: string): Promise<readonly number[]> {
  const chart = `/api/v1/charts/${repository}`;
  const version = `${chart}/-/versions/1.0.0`;
  const paths = [
    chart,
    version,
    `${version}/files`,
    `${version}/files/values.yaml`,
    `/v2/${repository}/manifests/1.0.0`,
  ];
  const namespace = repository.slice(0, repository.lastIndexOf('/'));
  const statuses: number[] = [];
  for (const path of [...paths, `/api/${namespace}/charts/web/1.0.0/templates`]) {
    const answer = await server.request('GET', path);
    await answer.arrayBuffer();
    expectAnswer(answer.status);
    statuses.push(answer.status);
  }
  return statuses;
}

const REFUSED = [400, 400];
const TAKEN = [201, 201];

test('the chart from which the hostile ones are made is taken', async () => {
  expect(await publish(await packed(VALUES))).toEqual(TAKEN);
});

describe('is refused: an entry', () => {
  test.each([
    ...['../evil', 'web/../../evil', '/etc/cron.d/evil', 'web//etc/evil', 'web/..\\..\\evil', 'c:/evil', 'web/C:/evil'],
    ...['../data/chartroom.db', 'web/templates/../../../evil', 'web/./../evil', '\\\\host\\share', 'other/evil'],
  ])('named %j', async (name) => {
    expect(await publish(await packed({ name, content: 'evil' }))).toEqual(REFUSED);
  });

  test.each(['symlink', 'link', 'fifo', 'character-device', 'block-device', 'contiguous-file'] as const)(
    'that is a %s',
    async (type) => {
      for (const linkname of ['/etc/passwd', '../../../token-signing-keys.json', 'Chart.yaml', '']) {
        expect(await publish(await packed({ name: 'web/evil', type, linkname }))).toEqual(REFUSED);
      }
    },
  );

  test('that is another Chart.yaml', async () => {
    expect(await publish(await packed({ ...CHART, content: `${CHART_YAML}description: other\n` }))).toEqual(REFUSED);
  });

  test('whose name in a PAX header is another one', async () => {
    for (const path of ['../../evil', '/etc/evil', 'web/Chart.yaml']) {
      expect(await publish(await packed({ name: 'web/good', content: 'x', pax: { path } }))).toEqual(REFUSED);
    }
  });
});

describe('is refused: a bomb', () => {
  const zeros = gzipSync(Buffer.alloc(32 * MEBIBYTE));

  test('of gzip members, a thousand times smaller than what is in them', async () => {
    const bomb = Buffer.concat(Array<Buffer>(40).fill(zeros));
    expect(bomb.length).toBeLessThan(2 * MEBIBYTE);
    expect(await publish(bomb)).toEqual(REFUSED);
  });

  test('of empty gzip members without end', async () => {
    expect(await publish(Buffer.concat(Array<Buffer>(200_000).fill(gzipSync(''))))).toEqual(REFUSED);
  });

  test('of one large file, of many, and of names alone', async () => {
    expect(await publish(await packed({ name: 'web/large', content: Buffer.alloc(5 * MEBIBYTE + 1) }))).toEqual(
      REFUSED,
    );
    const many = Array.from({ length: 21 }, (_, index) => ({
      name: `web/${index}`,
      content: Buffer.alloc(5 * MEBIBYTE),
    }));
    expect(await publish(await packed(...many))).toEqual(REFUSED);
    const header = (await packTar([{ name: 'web/x', content: '' }])).subarray(0, 512);
    const tar = await packTar([CHART]);
    expect(await publish(gzipSync(Buffer.concat([...Array<Buffer>(20_001).fill(header), tar])))).toEqual(REFUSED);
  });

  test('that says that a file is larger than all memory', async () => {
    const tar = await packTar([CHART, VALUES]);
    for (const size of ['77777777777', '\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff', '-0000000001']) {
      const copy = Buffer.from(tar);
      copy.write(size.padEnd(12, '\0'), 1024 + 124, 'latin1');
      copy.write('        ', 1024 + 148, 'latin1');
      const sum = copy.subarray(1024, 1536).reduce((total, byte) => total + byte, 0);
      copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 1024 + 148, 'latin1');
      expect(await publish(gzipSync(copy))).toEqual(REFUSED);
    }
  });

  test('of aliases in Chart.yaml', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) =>
        `a${level}: &a${level} [${Array(10)
          .fill(level === 0 ? 'x' : `*a${level - 1}`)
          .join(', ')}]`,
    );
    const yaml = `${CHART_YAML}annotations: *a11\n`;
    expect(await publish(gzipSync(await packTar([{ ...CHART, content: `${levels.join('\n')}\n${yaml}` }])))).toEqual(
      REFUSED,
    );
  });
});

describe('harms nobody, whether it is taken or not', () => {
  test.each([
    [
      'aliases in values.yaml',
      {
        name: 'web/values.yaml',
        content: `${Array.from(
          { length: 20 },
          (_, level) =>
            `a${level}: &a${level} [${Array(10)
              .fill(level === 0 ? 'x' : `*a${level - 1}`)
              .join(', ')}]`,
        ).join('\n')}\n`,
      },
    ],
    ['values that are very deep', { name: 'web/values.yaml', content: `${'['.repeat(20_000)}` }],
    [
      'values that are very deep, in blocks',
      {
        name: 'web/values.yaml',
        content: Array.from({ length: 2_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      },
    ],
    [
      'values with __proto__',
      { name: 'web/values.yaml', content: '__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n' },
    ],
    [
      'a schema that refers to itself and elsewhere',
      {
        name: 'web/values.schema.json',
        content: '{"$ref":"#","allOf":[{"$ref":"file:///etc/passwd"},{"$ref":"http://169.254.169.254/"}]}',
      },
    ],
    [
      'a schema with a pattern that never ends',
      { name: 'web/values.schema.json', content: '{"pattern":"^(a+)+$","properties":{"a":{"pattern":"(.*)*x"}}}' },
    ],
    [
      'a chart in it that is a bomb',
      {
        name: 'web/charts/bomb.tgz',
        content: Buffer.concat(Array<Buffer>(5).fill(gzipSync(Buffer.alloc(32 * MEBIBYTE)))),
      },
    ],
    [
      'a page for a README',
      { name: 'web/README.md', content: '<script>alert(1)</script>[x](javascript:alert(1))![](data:text/html,x)' },
    ],
    [
      'an image that is a program',
      { name: 'web/icon.svg', content: '<svg onload="alert(1)" xmlns="http://www.w3.org/2000/svg"/>' },
    ],
    ['a folder that is named like a file', { name: 'web/values.yaml/', type: 'directory' as const }],
    ['a text that runs backwards', { name: 'web/\u202egnp.sh', content: 'x' }],
    ['a name with a zero', { name: 'web/x', content: 'x', pax: { path: 'web/a\0b' } }],
    ['a name with line breaks', { name: 'web/a\r\nX-Injected: 1', content: 'x' }],
    ['a lone surrogate', { name: 'web/x', content: 'x', pax: { path: 'web/\ud800' } }],
    ['a name of 4,000 characters', { name: `web/${'x/'.repeat(2_000)}y`, content: 'x' }],
    ['permissions of root', { name: 'web/x', content: 'x', mode: 0o6777, uid: 0, gid: 0, uname: 'root' }],
  ] satisfies [string, TarEntry][])('%s', async (_what, entry) => {
    const [first, second] = await publish(await packed(entry));
    expect([201, 400]).toContain(first);
    expect(second).toBe(first);
  });

  test('a file that is there twice: the last one counts, as in Helm', async () => {
    expect(await publish(await packed(VALUES, { ...VALUES, content: 'replicas: 2\n' }))).toEqual(TAKEN);
    const answer = await server.request(
      'GET',
      `/api/v1/charts/uploaded-${count}/web/-/versions/1.0.0/files/values.yaml`,
    );
    expect(await answer.text()).toBe('replicas: 2\n');
  });

  test('two names that look the same', async () => {
    for (const [one, other] of [
      ['\u00e9', 'e\u0301'],
      ['a', 'A'],
      ['a', '\u0430'],
      ['ﬁ', 'fi'],
    ]) {
      await publish(await packed({ name: `web/${one}`, content: '1' }, { name: `web/${other}`, content: '2' }));
    }
  });

  test('a file of two kinds', async () => {
    const chart = await packed(VALUES);
    const zip = Buffer.concat([
      Buffer.from('PK\x03\x04'),
      deflateRawSync('evil'),
      Buffer.from('PK\x05\x06'),
      Buffer.alloc(18),
    ]);
    for (const both of [
      Buffer.concat([chart, zip]),
      Buffer.concat([zip, chart]),
      Buffer.concat([chart, Buffer.from('<script>alert(1)</script>')]),
      Buffer.concat([Buffer.from('GIF89a'), chart]),
      // Two charts, each in a member of its own: what is behind the end of the first archive is no part of it.
      Buffer.concat([chart, await packed({ name: 'web/other', content: 'x' })]),
    ]) {
      expect(await publish(both)).toEqual(REFUSED);
    }
  });

  test('names and texts in the header of gzip', async () => {
    const chart = await packed(VALUES);
    const header = Buffer.from(chart.subarray(0, 10));
    // FEXTRA, FNAME and FCOMMENT (RFC 1952, section 2.3.1)
    header[3] = 0b11100;
    const fields = Buffer.from('\x04\x00abcd../../../etc/evil\x00<script>alert(1)</script>\x00', 'latin1');
    await publish(Buffer.concat([header, fields, chart.subarray(10)]));
  });

  test('whatever entries there are, in whatever order', async () => {
    const entry = fc.record({
      name: fc.oneof(
        fc.constantFrom(...HOSTILE_TEXTS).map((text) => `web/${text}`),
        fc.constantFrom(...HOSTILE_TEXTS),
        fc.constantFrom(
          'web/templates/a.yaml',
          'web/charts/x/Chart.yaml',
          'web/charts/x.tgz',
          'web/crds/a.yaml',
          'web/README.md',
        ),
      ),
      type: fc.constantFrom('file', 'file', 'file', 'directory', 'symlink', 'link') as fc.Arbitrary<'file'>,
      content: fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 200 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 6 }), async (entries) => {
        const files = entries.map((each) =>
          each.type === 'file' ? each : { ...each, content: '', linkname: '/etc/passwd' },
        );
        for (const status of await publish(await packed(...files))) expect([201, 400]).toContain(status);
      }),
      fuzzing(60),
    );
  });
});

test('after all of it, the server is unharmed', async () => {
  await server.expectUnharmed();
});
