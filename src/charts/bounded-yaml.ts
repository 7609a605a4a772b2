// Reads YAML of which nobody knows what it will cost: each file of a chart takes from what the whole chart may take.
import type { Effort } from './compare/effort.ts';
import type { JsonValue } from './compare/json-value.ts';
import { UnreadableFile } from './compare/unreadable-file.ts';
import { dataOf } from './compare/yaml-data.ts';
import { composeDocuments } from './compare/yaml-documents.ts';
import { ScalarReader } from './compare/yaml-scalar.ts';

/** units of effort for a document whose aliases stand for more values than may be, found out after all that may be were made */
const ALIAS_BOMB = 200_000;
/** values for a unit of effort */
const VALUES = 2;

/**
 * The data of each document, as Helm reads values; null for an empty one.
 * @param effort units are about a microsecond; values that aliases stand for count too
 * @throws UnreadableFile for bad syntax, and when it is too much for one file or for what is left
 */
export function boundedYaml(text: string, effort: Effort): readonly JsonValue[] {
  requireEffort(effort);
  const scalars = new ScalarReader(effort);
  const hasAliases = text.includes('*');
  return composeDocuments(text, effort).roots.map((root, index) => {
    if (index > 0) requireEffort(effort);
    if (!hasAliases) return dataOf(root, scalars);
    try {
      const data = dataOf(root, scalars);
      effort.spend(Math.ceil(countOf(data) / VALUES));
      return data;
    } catch (error) {
      effort.spend(ALIAS_BOMB);
      throw error;
    }
  });
}

/** @throws UnreadableFile when none is left */
export function requireEffort(effort: Effort): void {
  if (effort.left === 0) throw new UnreadableFile('comes after more YAML than is looked through in one chart');
}

function countOf(data: JsonValue): number {
  if (typeof data !== 'object' || data === null) return 1;
  return Object.values<JsonValue>(data).reduce<number>((total, value) => total + countOf(value), 1);
}
