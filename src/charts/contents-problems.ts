// What is wrong with the files of a chart, or will be when Helm installs it, that its metadata does not show.
import type { BundledChart } from './bundled-charts.ts';
import type { ChartMetadata } from './chart-yaml.ts';
import type { ChartContents } from './contents.ts';
import { LOCKS } from './known-files.ts';

/** bytes; a larger schema is not looked at, since reading takes time */
const MAXIMUM_SCHEMA_BYTES = 2 * 1024 * 1024;
const SCHEMA = 'values.schema.json';

/** Sentences. @param charts those in charts/, as far as they can be loaded */
export function contentsProblems(
  metadata: ChartMetadata,
  contents: ChartContents,
  charts: readonly BundledChart[],
): readonly string[] {
  return [
    ...contents.repeated.map((path) => `${path} stands in the archive more than once`),
    ...schemaProblems(contents),
    ...missingCharts(metadata, charts),
    ...(LOCKS.every((lock) => contents.bytes(lock) !== undefined)
      ? [`the chart has both ${LOCKS.join(' and ')}: Helm takes the one that stands last in the archive`]
      : []),
  ];
}

function schemaProblems(contents: ChartContents): readonly string[] {
  const bytes = contents.bytes(SCHEMA);
  if (bytes === undefined) return [];
  if (bytes.byteLength > MAXIMUM_SCHEMA_BYTES) return [`${SCHEMA} was not looked at: it has ${bytes.byteLength} bytes`];
  const text = contents.text(SCHEMA);
  if (text === undefined) return [`${SCHEMA} is not text in UTF-8`];
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    return [`${SCHEMA} is not JSON: ${(error as Error).message}`];
  }
}

/** Helm compares names only (pkg/action, `CheckDependencies`), and refuses to install a chart where one is missing. */
function missingCharts({ dependencies }: ChartMetadata, charts: readonly BundledChart[]): readonly string[] {
  const names = new Set(charts.map(({ metadata }) => metadata.name));
  return (dependencies ?? [])
    .filter(({ name }) => !names.has(name))
    .map(
      ({ name, version }) =>
        `charts/ has no chart "${name}" for the dependency on ${version ?? 'any version'}: helm install refuses the chart; run helm dependency update before helm package`,
    );
}
