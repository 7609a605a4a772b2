// The default values of a chart as plain data, without the comments that stand beside them.
import { boundedYaml } from './bounded-yaml.ts';
import { Effort } from './compare/effort.ts';
import { isJsonMap, type JsonMap, type JsonValue } from './compare/json-value.ts';
import { attempt, type Readable, UnreadableFile } from './compare/unreadable-file.ts';

/** units of effort for one values.yaml, see `boundedYaml`; the largest that are known take some 30,000 */
const VALUES_EFFORT = 150_000;

/**
 * values.yaml as Helm 4 reads it: documents are merged, a later one over an earlier one (Helm 3 reads the first one only),
 * numbers are 64-bit floats, of equal keys the last counts. Takes at most half a second; what would take longer is not read.
 *
 * @param file what a reason begins with
 */
export function plainValues(
  text: string,
  file = 'values.yaml',
  effort: Effort = new Effort(VALUES_EFFORT),
): Readable<JsonMap> {
  return attempt(`${file} cannot be read: it`, () => {
    const documents = boundedYaml(text, effort).filter((data) => data !== null);
    if (!documents.every(isJsonMap)) throw new UnreadableFile('is not a map of values');
    return merged(documents);
  });
}

/** All at once, since one after another would take quadratic time. */
function merged(maps: readonly JsonMap[]): JsonMap {
  const [only, ...others] = maps;
  if (only !== undefined && others.length === 0) return only;
  const entries = new Map<string, JsonValue[]>();
  for (const [key, value] of maps.flatMap((map) => Object.entries(map))) {
    const below = entries.get(key);
    // A list holds maps, or one value that is none.
    if (below !== undefined && isJsonMap(value) && isJsonMap(below[0])) below.push(value);
    else entries.set(key, [value]);
  }
  return Object.fromEntries([...entries].map(([key, values]) => [key, mergedValue(values)]));
}

function mergedValue(values: readonly JsonValue[]): JsonValue {
  return values.every(isJsonMap) ? merged(values) : (values[0] ?? null);
}
