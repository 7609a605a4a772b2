// A chart's templates and values as ChartMuseum answers them: all in one JSON.

import type { JsonMap, JsonValue } from '../../charts/compare/json-value.ts';
import type { ChartContents, ChartFile } from '../../charts/contents.ts';
import { plainValues } from '../../charts/plain-values.ts';
import { RegistryError } from '../../oci/error.ts';

/** bytes of the files that one answer is made of, their paths included */
const MAXIMUM_SHOWN_BYTES = 4 * 1024 * 1024;
const VALUES = 'values.yaml';

/**
 * As Helm's Go code writes them into JSON: the bytes of a file in base64. Templates that are left out would look like a chart that
 * has none, so that what is too large is refused.
 * @throws RegistryError REQUEST_INVALID when it is too much; without a name, as it may go to whoever reads an equal chart elsewhere
 */
export function templatesAnswer(contents: ChartContents): Buffer {
  const templates = contents.files.filter(({ path }) => path.startsWith('templates/'));
  const shown = [...templates, ...contents.files.filter(({ path }) => path === VALUES)];
  if (sizeOf(shown) > MAXIMUM_SHOWN_BYTES) throw tooLarge();
  const values = valuesOf(contents);
  // By its aliases a small file can be a large answer.
  if (lengthOf(values) > MAXIMUM_SHOWN_BYTES) throw tooLarge();
  const read = (path: string) => Buffer.from(contents.bytes(path) ?? []).toString('base64');
  return Buffer.from(
    JSON.stringify({ templates: templates.map(({ path }) => ({ name: path, data: read(path) })), values }),
  );
}

function sizeOf(files: readonly ChartFile[]): number {
  return files.reduce((sum, { path, size }) => sum + Buffer.byteLength(path) + size, 0);
}

function valuesOf(contents: ChartContents): JsonMap {
  const values = plainValues(Buffer.from(contents.bytes(VALUES) ?? []).toString());
  return values.readable ? values.content : {};
}

/** characters of all texts and keys in it */
function lengthOf(data: JsonValue): number {
  if (typeof data === 'string') return data.length;
  if (typeof data !== 'object' || data === null) return 0;
  return Object.entries(data).reduce((sum, [key, value]) => sum + key.length + lengthOf(value), 0);
}

function tooLarge(): RegistryError {
  return new RegistryError(
    'REQUEST_INVALID',
    'the templates and values of this chart are more than the 4 MiB that are shown in one answer: pull it with helm pull',
  );
}
