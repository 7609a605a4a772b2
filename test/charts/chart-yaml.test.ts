// What Chart.yaml and the config blob may say, as Helm's Metadata.Validate has it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAXIMUM_METADATA_BYTES, parseChartYaml, parseConfigBlob } from '../../src/charts/chart-yaml.ts';
import { RegistryError } from '../../src/oci/error.ts';

const BASE = 'apiVersion: v2\nname: web\nversion: 1.2.3\n';

function parse(more: string): unknown {
  return parseChartYaml(Buffer.from(BASE + more));
}

describe('Chart.yaml', () => {
  test('all fields are read, and empty ones are absent but in lists', () => {
    const metadata = parse(
      [
        'description: "tab\\there \\u0007bell"',
        'type: library\nappVersion: 1.10\nhome: https://x\nicon: ""\nsources: [a, ~]\nkeywords: [1, yes]\ndeprecated: true',
        'maintainers: [{name: Zoë, email: z@x, url: u}]\nannotations: {a/b: 1.0, c: true}\nkubeVersion: ">=1.20"',
        'condition: c\ntags: t\nunknown: {x: 1}\ndependencies:',
        '- {name: sub, version: 1.x, repository: "oci://r", alias: s_1, condition: a.b, tags: [x], enabled: true, import-values: [data, {child: 1, parent: b}]}',
        '- {name: bare}\n',
      ].join('\n'),
    );
    expect(metadata).toStrictEqual({
      apiVersion: 'v2',
      name: 'web',
      version: '1.2.3',
      description: 'tab here bell',
      type: 'library',
      appVersion: '1.1',
      home: 'https://x',
      sources: ['a', ''],
      keywords: ['1', 'true'],
      maintainers: [{ name: 'Zoë', email: 'z@x', url: 'u' }],
      deprecated: true,
      annotations: { 'a/b': '1', c: 'true' },
      kubeVersion: '>=1.20',
      condition: 'c',
      tags: 't',
      dependencies: [
        {
          name: 'sub',
          version: '1.x',
          repository: 'oci://r',
          condition: 'a.b',
          tags: ['x'],
          enabled: true,
          'import-values': ['data', { child: 1, parent: 'b' }],
          alias: 's_1',
        },
        { name: 'bare', repository: '' },
      ],
    });
  });

  test('a chart without apiVersion is a v1 chart, and field names may have any case', () => {
    expect(parseChartYaml(Buffer.from('\ufeffName: web\nVERSION: 1.0\n'))).toEqual({
      apiVersion: 'v1',
      name: 'web',
      version: '1',
    });
  });

  test('requirements.yaml gives the dependencies, item over item', () => {
    const merged = parseChartYaml(
      Buffer.from('apiVersion: v1\nname: web\nversion: 1.2.3\ndependencies:\n- {name: a, repository: r, alias: z}\n'),
      Buffer.from('dependencies:\n- {name: b, version: 2}\n- {name: c}\n'),
    );
    expect(merged.dependencies).toEqual([
      { name: 'b', version: '2', repository: 'r', alias: 'z' },
      { name: 'c', repository: '' },
    ]);
    expect(parseChartYaml(Buffer.from(BASE), Buffer.from('')).dependencies).toBeUndefined();
  });

  test.each([
    ['name: web', 'has no "version"'],
    ['version: 1.0.0', 'has no "name"'],
    ['', 'has no "name"'],
    ['- a', 'must be a map of fields, but it is a list'],
    ['name: web\nversion: banana', '"version" in Chart.yaml is "banana", which is not a version'],
    ['name: web\nversion: latest', '"version" in Chart.yaml is "latest", which is not a version'],
    ['name: [web]\nversion: 1.0.0', '"name" in Chart.yaml must be a text, but it is a list'],
    ['name: a/b\nversion: 1.0.0', 'must not be a path'],
    ['name: ..\nversion: 1.0.0', 'must not be a path'],
    [`${BASE}type: app`, 'must be "application" or "library"'],
    [`${BASE}deprecated: "true"`, 'must be true or false, but it is the text "true"'],
    [`${BASE}keywords: a`, '"keywords" in Chart.yaml must be a list'],
    [`${BASE}annotations: {a: [b]}`, '"annotations.a" in Chart.yaml must be a text'],
    [`${BASE}maintainers: [~]`, '"maintainers[0]" in Chart.yaml is empty'],
    [`${BASE}dependencies: [~]`, '"dependencies[0]" in Chart.yaml is empty'],
    [`${BASE}dependencies: [{name: {}}]`, '"dependencies[0].name" in Chart.yaml must be a text, but it is a map'],
    [`${BASE}dependencies: [{name: a, alias: "b c"}]`, 'has the alias "b c"'],
    [`${BASE}dependencies: [{name: a}, {name: b, alias: a}]`, 'more than one dependency with the name or alias "a"'],
  ])('%j is refused with the field and what it may hold', (text, message) => {
    expect(() => parseChartYaml(Buffer.from(text))).toThrow(message);
    expect(() => parseChartYaml(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
  });

  test('more than 1 MiB and bytes that are not UTF-8 are refused', () => {
    expect(() => parseChartYaml(Buffer.alloc(MAXIMUM_METADATA_BYTES + 1, ' '))).toThrow('at most 1048576 are allowed');
    expect(() => parseChartYaml(Buffer.from([0xff, 0xfe, 0x00]))).toThrow('is not text in UTF-8');
  });

  test('no text makes anything but a refusal', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'a1.:-?[]{}&*!<>|\'"#,%@~ \n\t') }));
    fc.assert(
      fc.property(text, (more) => {
        try {
          parse(more);
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the config blob', () => {
  test('what is read from Chart.yaml is read again from its JSON', () => {
    const metadata = parse('appVersion: "2"\ndependencies: [{name: a, import-values: [b]}]\n');
    expect(parseConfigBlob(Buffer.from(JSON.stringify(metadata)))).toEqual(metadata);
  });

  test.each([
    ['{', 'the config blob is not JSON'],
    ['null', 'the config blob has no "name"'],
    ['[]', 'the config blob must be a map'],
    ['{}', 'the config blob has no "name"'],
    ['{"name":"web","version":1}', '"version" in the config blob must be a text, but it is the number 1'],
    [
      `{"name":"w","version":"1.0.0","dependencies":[{"import-values":[${'['.repeat(500)}${']'.repeat(500)}]}]}`,
      'nested',
    ],
  ])('%j is refused', (text, message) => {
    expect(() => parseConfigBlob(Buffer.from(text))).toThrow(message);
  });

  test('a key that names the prototype is a key like any other', () => {
    const metadata = parseConfigBlob(
      Buffer.from('{"__proto__":{"name":"x"},"name":"web","version":"1.0.0","annotations":{"__proto__":"y"}}'),
    );
    expect(metadata.name).toBe('web');
    expect(Object.entries(metadata.annotations ?? {})).toEqual([['__proto__', 'y']]);
  });
});
