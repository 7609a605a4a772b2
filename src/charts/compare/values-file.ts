// The default values of a chart: values.yaml as Helm 4 reads it, with the comments of its keys.
import { plainValues } from '../plain-values.ts';
import type { Effort } from './effort.ts';
import { isJsonMap, type JsonMap } from './json-value.ts';
import { UnreadableFile } from './unreadable-file.ts';
import { commentsOf, type ValuesComments } from './values-comments.ts';
import { dataOf } from './yaml-data.ts';
import { composeDocuments } from './yaml-documents.ts';
import { ScalarReader } from './yaml-scalar.ts';

export interface ValuesFile {
  readonly values: JsonMap;
  readonly comments: ValuesComments;
}

/**
 * Several documents are merged, a later one over an earlier one; Helm 3 reads the first one only.
 * @param effort as for `composeDocuments`
 * @throws UnreadableFile
 */
export function readValues(text: string, effort: Effort): ValuesFile {
  const documents = composeDocuments(text, effort);
  const scalars = new ScalarReader(effort);
  const [root = null, ...more] = documents.roots;
  const values = more.length === 0 ? (dataOf(root, scalars) ?? {}) : mergedValues(text, effort);
  if (!isJsonMap(values)) throw new UnreadableFile('is not a map of values');
  return { values, comments: commentsOf(documents, scalars) };
}

function mergedValues(text: string, effort: Effort): JsonMap {
  const read = plainValues(text, '', effort);
  if (read.readable) return read.content;
  throw new UnreadableFile(read.reason.trimStart());
}
