// The names of packed charts' files.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chartNamesIn, fileNameOf } from '../../src/charts/file-name.ts';

test('a chart is packed into a file with its name and version', () => {
  expect(fileNameOf({ name: 'web', version: '1.2.0-rc.1+7' })).toBe('web-1.2.0-rc.1+7.tgz');
});

test.each([
  ['web-1.2.0.tgz', ['web']],
  ['web-api-1.2.0.tgz', ['web-api']],
  ['web-2-1.2.0.tgz', ['web', 'web-2']],
  ['web-1.0.0-2.0.0.tgz', ['web', 'web-1.0.0']],
  ['web-v1.tgz', ['web']],
  ['web-1.2.0+7.tgz', ['web']],
  ['web.tgz', []],
  ['web-latest.tgz', []],
  ['-1.2.0.tgz', []],
  ['1.2.0.tgz', []],
  ['web-1.2.0', []],
  ['web-1.2.0.zip', []],
  ['', []],
])('%s can be the file of %j', (fileName, names) => {
  expect(chartNamesIn(fileName)).toEqual(names);
});

test('whatever a chart is called, its name is among those that its file can be of', () => {
  const segments = fc.constantFrom('web', '1', '2.0.0', 'v1', 'rc.1', '0-x');
  const names = fc.array(segments, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('-'));
  const versions = fc.constantFrom('1.2.0', '1.2.0-rc-1', 'v1', '1.2.0-a-1+b-2.3', '1.0.0-2-3');
  fc.assert(
    fc.property(names, versions, (name, version) => {
      expect(chartNamesIn(fileNameOf({ name, version }))).toContain(name);
    }),
  );
});
