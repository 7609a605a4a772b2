// The words of the chart API: schemas that several of its routes share, and how versions and notices are shown.

import type { FastifyRequest } from 'fastify';
import type { ChartNotice, ListedVersion, VersionSummary } from '../../catalog/versions.ts';
import { Type } from '../../json-schemas.ts';
import { choice, orNull, shownTime, strict, Time, text } from './schemas.ts';

/** For values whose lists are read-only, where a schema's type has others. */
type Writable<Value> = Value extends readonly (infer Item)[]
  ? Writable<Item>[]
  : Value extends object
    ? {
        -readonly [Key in keyof Value]: Writable<
          IsOptional<Value, Key> extends true ? Defined<Value[Key]> : Value[Key]
        >;
      }
    : Value;
type Defined<Value> = Exclude<Value, undefined>;
type IsOptional<Value, Key extends keyof Value> = object extends Pick<Value, Key> ? true : false;

/** The same value. What is undefined in it is left out of the answer. */
export function writable<Value>(value: Value): Writable<Value> {
  return value as Writable<Value>;
}

export const ChartPath = strict({
  chart: text(255, 'The whole name of a chart, such as "team/web". Its slashes may stay as they are.'),
});
export const VersionPath = strict({
  ...ChartPath.properties,
  version: text(256, 'A version as it stands in Chart.yaml, or as its tag, with "_" for "+".'),
});

export const ChartName = Type.String({ description: 'The whole name: the namespace, and the name in Chart.yaml.' });
export const Namespace = Type.String({ description: 'What stands before the name; "/" is the root.' });
const Digest = Type.String({ description: 'sha256: or sha512:, and hex digits.' });
export const OptionalText = orNull(Type.String(), 'Null where Chart.yaml has none.');

export const Notice = strict(
  {
    kind: choice(
      ['deprecated', 'yanked'],
      'deprecated: better not used any more; yanked: found only by its exact version or digest.',
    ),
    about: choice(['version', 'chart'], 'Whether it is about this version, or about all of the chart.'),
    reason: Type.String({ description: 'Empty when none was given.' }),
    replacement: Type.String({ description: 'What to use instead; empty when nothing was named.' }),
    createdAt: Time,
    createdBy: orNull(Type.String(), 'Null for whoever is not logged in.'),
  },
  { title: 'ChartNotice', description: 'What a maintainer says of a version, or of a chart.' },
);

const versionFields = {
  version: Type.String({ description: 'As Chart.yaml has it.' }),
  tag: Type.String({ description: 'The same as OCI clients ask for it, with "_" for "+".' }),
  digest: Digest,
  contentDigest: Type.String({ description: 'Of the archive: what a classic index has as "digest".' }),
  createdAt: Time,
  createdBy: orNull(Type.String(), 'Who published it; null for whoever is not logged in.'),
  prerelease: Type.Boolean(),
  deprecated: Type.Boolean({ description: 'Chart.yaml or a notice says so.' }),
  yanked: Type.Boolean({ description: 'It is left out of lists, indexes and ranges.' }),
  notice: orNull(Notice, 'Null when nothing is said of it.'),
  signed: Type.Boolean({ description: 'It has a provenance file; whether that is true, "helm verify" finds out.' }),
  size: Type.Integer({ description: 'Bytes of the archive.' }),
  appVersion: OptionalText,
};

export const VersionReference = strict(versionFields, {
  title: 'VersionReference',
  description: 'A published version, with what pins it.',
});
export const versionInList = {
  ...versionFields,
  pulls: Type.Integer({ description: 'How often its archive was fetched; some seconds late.' }),
  floatingTags: Type.Array(Type.String(), { description: 'Tags such as 1 and 1.2 that the server keeps on it now.' }),
};
export const Version = strict(versionInList, { title: 'Version', description: 'A published version.' });

/** Names of accounts are for whoever has one. */
function nameFor({ caller }: FastifyRequest, name: string): string | null {
  return caller.principal.kind === 'anonymous' ? null : name;
}

export function shownNotice(request: FastifyRequest, notice: ChartNotice | undefined) {
  if (!notice) return null;
  const { kind, about, reason, replacement, notedAt, notedBy } = notice;
  return { kind, about, reason, replacement, createdAt: shownTime(notedAt), createdBy: nameFor(request, notedBy) };
}

export function shownReference(request: FastifyRequest, version: VersionSummary) {
  const { tag, digest, contentDigest, size, metadata } = version;
  return {
    ...{ version: version.version, tag, digest, contentDigest, size },
    createdAt: shownTime(version.publishedAt),
    createdBy: nameFor(request, version.publishedBy),
    prerelease: version.isPrerelease,
    deprecated: version.isDeprecated,
    yanked: version.isYanked,
    notice: shownNotice(request, version.notice),
    signed: version.provenanceDigest !== undefined,
    appVersion: metadata.appVersion ?? null,
  };
}

export function shownVersion(request: FastifyRequest, version: ListedVersion) {
  const { pulls, floatingTags } = version;
  return { ...shownReference(request, version), pulls, floatingTags: [...floatingTags] };
}
