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
import { MAXIMUM_HEAD } from '../../../src/http/limits/limited-server.ts';
import { connectionsFor, heapFor, memoryFor, serverLimits } from '../../../src/http/limits/server-limits.ts';
import { MAXIMUM_DESCRIPTORS, MAXIMUM_MANIFEST_BYTES } from '../../../src/oci/manifest.ts';
import { MAXIMUM_DEPTH as MAXIMUM_MANIFEST_DEPTH } from '../../../src/oci/manifest-keys.ts';
import { MAXIMUM_VALUES } from '../../../src/oci/manifest-values.ts';
import { RESERVE, RESERVE_FILES, RESERVE_SHARE } from '../../../src/registry/free-space.ts';
import { MAXIMUM_OPEN_UPLOADS } from '../../../src/registry/open-uploads.ts';
import { MAXIMUM_PAGE } from '../../../src/registry/pages.ts';
import { MAXIMUM_ARCHIVE_BYTES } from '../../../src/registry/push-chart.ts';
import { MAXIMUM_HELD } from '../../../src/registry/repository-room.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const GIBIBYTE = 1024 * MEBIBYTE;
const PAGE = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8');
const { requestsPerMinute, maximumBlobBytes } = loadConfig({ flags: {}, environment: {} });
const limits = serverLimits();

/** What a row begins with, and a part of it that has a number of the program. */
const ROWS: readonly (readonly [row: string, part: string])[] = [
  ['requests of one user', `${written(requestsPerMinute)} in a minute`],
  ['connections in all', `at most ${written(connectionsFor(Number.POSITIVE_INFINITY))} (`],
  ['requests with a body', `| ${written(limits.bodiesAtOnce)} |`],
  ['uploads that one principal', `| ${written(MAXIMUM_OPEN_UPLOADS)} |`],
  ['memory', `| ${shareOf(heapFor)} of V8's heap, ${shareOf(memoryFor)} of the memory`],
  ['memory', `(${memoryFor(0) / MEBIBYTE} MiB at least)`],
  [
    'room left on the disk',
    `| ${RESERVE / MEBIBYTE} MiB (${RESERVE_SHARE * 100} % of a disk below ${Math.round(RESERVE / RESERVE_SHARE / GIBIBYTE)} GiB), and ${written(RESERVE_FILES)} files |`,
  ],
  ['the head of a request', `${limits.headTimeout / SECOND} seconds`],
  ['a body, while', `${written(limits.minimumBodyBytes)} bytes in each minute`],
  ['an answer', `each ${(limits.intervalsToRead * limits.slownessInterval) / MINUTE} minutes`],
  ['a connection between two', `${limits.keepAliveTimeout / SECOND} seconds`],
  ['a connection on which nothing', `${limits.idleTimeout / MINUTE} minutes`],
  ["a request's line and headers", `| ${MAXIMUM_HEAD / KIBIBYTE} KiB |`],
  ['a blob', `${maximumBlobBytes / KIBIBYTE / MEBIBYTE} GiB by default`],
  ['a manifest, its', `${MAXIMUM_MANIFEST_BYTES / MEBIBYTE} MiB`],
  ['layers of a manifest', `| ${written(MAXIMUM_DESCRIPTORS)} |`],
  ['objects and lists within each other', `| ${MAXIMUM_MANIFEST_DEPTH} |`],
  ['keys and items of lists', `| ${written(MAXIMUM_VALUES)} |`],
  ['tags of one repository', `| ${written(MAXIMUM_HELD)} each |`],
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

/** What it allows of so much that nothing else counts. */
function shareOf(limitFor: (size: number) => number): string {
  return `${limitFor(100 * GIBIBYTE) / GIBIBYTE} %`;
}

function written(number: number): string {
  return number.toLocaleString('en-US');
}
