// Which file is what, by Helm's rules.
import { expect, test } from 'vitest';
import { kindOfFile, knownFiles } from '../../src/charts/known-files.ts';
import { readChart } from './packed-chart.ts';

test.each([
  ['Chart.yaml', 'metadata'],
  ['chart.yaml', 'file'],
  ['requirements.yaml', 'requirements'],
  ['Chart.lock', 'lock'],
  ['requirements.lock', 'lock'],
  ['values.yaml', 'values'],
  ['values.yml', 'file'],
  ['values.schema.json', 'schema'],
  ['templates/NOTES.txt', 'notes'],
  ['templates/a/NOTES.txt', 'template'],
  ['templates/a/b.tpl', 'template'],
  ['templates/README.md', 'template'],
  ['mytemplates/a.yaml', 'file'],
  ['crds/a.yaml', 'crd'],
  ['crds/a/b.YML', 'crd'],
  ['crds/a.json', 'crd'],
  ['crds/README.md', 'file'],
  ['charts/a/Chart.yaml', 'subchart'],
  ['charts/a-1.0.0.tgz', 'subchart'],
  ['charts/a-1.0.0.tgz.prov', 'file'],
  ['README.md', 'readme'],
  ['readme.TXT', 'readme'],
  ['Readme', 'readme'],
  ['README.rst', 'file'],
  ['docs/README.md', 'file'],
  ['LICENSE', 'license'],
  ['license.md', 'license'],
  ['COPYING', 'license'],
  ['LICENSES', 'file'],
  ['.helmignore', 'helmignore'],
  ['files/dashboard.json', 'file'],
  ['__proto__', 'file'],
])('%s is of the kind %s', (path, kind) => {
  expect(kindOfFile(path)).toBe(kind);
});

test('the files that say something about the whole chart are found', async () => {
  const { contents } = await readChart({
    'readme.txt': '',
    'README.MD': '',
    'requirements.lock': '',
    'Chart.lock': '',
    'values.schema.json': '{}',
    'templates/NOTES.txt': '',
    LICENSE: '',
  });
  expect(knownFiles(contents)).toEqual({
    readme: 'README.MD',
    values: 'values.yaml',
    schema: 'values.schema.json',
    lock: 'Chart.lock',
    notes: 'templates/NOTES.txt',
    license: 'LICENSE',
  });
});

test('what a chart does not have is not found', async () => {
  const { contents } = await readChart({ 'docs/README.md': '', 'requirements.lock': '' });
  expect(knownFiles(contents)).toEqual({
    readme: undefined,
    values: 'values.yaml',
    schema: undefined,
    lock: 'requirements.lock',
    notes: undefined,
    license: undefined,
  });
});
