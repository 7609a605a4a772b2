// docs/limits.md says what the program does.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MAXIMUM_TRUST_RULES } from '../../../src/access/workloads.ts';
import { MAXIMUM_SECRETS } from '../../../src/accounts/issued-secrets.ts';
import { MAXIMUM_PASSWORD_LENGTH } from '../../../src/accounts/password-length.ts';
import { MAXIMUM_TOKENS } from '../../../src/accounts/personal-tokens.ts';
import { MAXIMUM_METADATA_BYTES } from '../../../src/charts/chart-yaml.ts';
import { MAXIMUM_BUNDLE_DEPTH } from '../../../src/charts/contents.ts';
import { MAXIMUM_PROVENANCE_BYTES } from '../../../src/charts/provenance.ts';
import { MAXIMUM_DEPTH } from '../../../src/charts/yaml-values.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { serverLimits } from '../../../src/http/limits/server-limits.ts';
import { MAXIMUM_MANIFEST_BYTES } from '../../../src/oci/manifest.ts';
import { MAXIMUM_OPEN_UPLOADS } from '../../../src/registry/open-uploads.ts';
import { MAXIMUM_PAGE } from '../../../src/registry/pages.ts';
import { MAXIMUM_ARCHIVE_BYTES } from '../../../src/registry/push-chart.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const PAGE = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8');
const { requestsPerMinute, maximumBlobBytes } = loadConfig({ flags: {}, environment: {} });
const limits = serverLimits();

/** What a row begins with, and a part of it that has a number of the program. */
const ROWS: readonly (readonly [row: string, part: string])[] = [
  ['requests of one user', `${written(requestsPerMinute)} in a minute`],
  ['requests with a body', `| ${written(limits.bodiesAtOnce)} |`],
  ['uploads that one principal', `| ${written(MAXIMUM_OPEN_UPLOADS)} |`],
  ['the head of a request', `${limits.headTimeout / SECOND} seconds`],
  ['a body, while', `${written(limits.minimumBodyBytes)} bytes in each minute`],
  ['an answer', `each ${(limits.intervalsToRead * limits.slownessInterval) / MINUTE} minutes`],
  ['a connection between two', `${limits.keepAliveTimeout / SECOND} seconds`],
  ['a connection on which nothing', `${limits.idleTimeout / MINUTE} minutes`],
  ['a blob', `${maximumBlobBytes / KIBIBYTE / MEBIBYTE} GiB by default`],
  ['a manifest, its', `${MAXIMUM_MANIFEST_BYTES / MEBIBYTE} MiB`],
  ['a page', written(MAXIMUM_PAGE)],
  ['a packed chart', `${MAXIMUM_ARCHIVE_BYTES / MEBIBYTE} MiB`],
  ['charts within charts', `${MAXIMUM_BUNDLE_DEPTH} levels`],
  ['Chart.yaml', `${MAXIMUM_METADATA_BYTES / MEBIBYTE} MiB each, ${MAXIMUM_DEPTH} levels`],
  ['a provenance file', `${MAXIMUM_PROVENANCE_BYTES / MEBIBYTE} MiB`],
  ['a credential', `${written(MAXIMUM_PASSWORD_LENGTH)} characters`],
  ['personal tokens of a user', `${MAXIMUM_TOKENS}; ${MAXIMUM_TRUST_RULES}`],
  ['secrets of a robot', `| ${MAXIMUM_SECRETS} |`],
];

test.each(ROWS)('the limit of "%s" is "%s"', (row, part) => {
  const lines = PAGE.split('\n').filter((line) => line.startsWith(`| ${row}`));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(part);
});

function written(number: number): string {
  return number.toLocaleString('en-US');
}
