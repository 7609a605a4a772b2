// What a chart can be found by: the texts of its metadata and README, bounded and without what cannot be read.
import type { ChartMetadata } from '../charts/chart-yaml.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { SearchDocument } from '../ports/chart-search.ts';
import { plainTextOf } from './search-markdown.ts';

/** characters */
const MAXIMUM_README = 64 * 1024;
const MAXIMUM_TEXT = 4 * 1024;
const MAXIMUM_ITEMS = 200;
/** With those that turn the direction of the text around. */
const UNPRINTABLE = /[\s\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

/**
 * @param metadata JSON of the chart's metadata
 * @param readme Markdown; only its beginning counts when it is long
 */
export function searchDocumentOf(repository: RepositoryName, metadata: string, readme: string): SearchDocument {
  const chart = JSON.parse(metadata) as ChartMetadata;
  const maintainers = chart.maintainers?.slice(0, MAXIMUM_ITEMS).flatMap(({ name, email }) => [name, email]);
  return {
    repository,
    name: bounded([chart.name]),
    description: bounded([chart.description]),
    keywords: bounded(chart.keywords?.slice(0, MAXIMUM_ITEMS) ?? []),
    maintainers: bounded(maintainers ?? []),
    versions: bounded([chart.version, chart.appVersion]),
    readme: printable(plainTextOf(readme.slice(0, MAXIMUM_README))),
  };
}

function bounded(texts: readonly (string | undefined)[]): string {
  const text = texts.filter((each) => each !== undefined && each !== '').join(', ');
  return printable(text.slice(0, MAXIMUM_TEXT));
}

/** White space and control characters become single spaces: some databases keep no NUL, and none keeps half a character. */
function printable(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, ' ').trim();
}
