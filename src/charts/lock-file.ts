// Reads a Chart.lock, and computes the digest by which Helm tells whether it still fits its Chart.yaml (internal/resolver, 4.2.4).
import { createHash } from 'node:crypto';
import type { ChartDependency, ChartMetadata } from './chart-yaml.ts';
import { goJson } from './go-json.ts';
import { dependencyFields } from './helm-manifest.ts';
import { MetadataFields, withoutUndefined } from './metadata-fields.ts';
import { readYaml } from './yaml-values.ts';

export interface LockFile {
  readonly dependencies: readonly LockedDependency[];
  /** `sha256:` and 64 hex digits, as it stands there; undefined when nothing does */
  readonly digest: string | undefined;
  /** milliseconds since 1970; undefined when there is no time */
  readonly generatedAt: number | undefined;
}

export interface LockedDependency {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
}

const SOURCE = { name: 'Chart.lock', coercesScalars: true };
/** RFC 3339, as Go writes it, with up to nine digits of a second. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** @throws RegistryError MANIFEST_INVALID */
export function parseLockFile(text: string): LockFile {
  const fields = new MetadataFields(readYaml(text, SOURCE.name) ?? {}, SOURCE);
  const generated = fields.text('generated') ?? '';
  const generatedAt = TIME.test(generated) ? Date.parse(generated) : Number.NaN;
  return {
    dependencies: (fields.maps('dependencies') ?? []).map((dependency) => ({
      name: dependency.text('name') ?? '',
      version: dependency.text('version') ?? '',
      repository: dependency.text('repository') ?? '',
    })),
    digest: fields.text('digest'),
    generatedAt: Number.isNaN(generatedAt) ? undefined : generatedAt,
  };
}

/**
 * Whether the lock file was made of these dependencies, as "helm dependency build" asks. Where Chart.yaml names a repository
 * as it is called on somebody's machine (`@team`), Helm had put the address in its place, which is taken from the lock file.
 * @throws RegistryError MANIFEST_INVALID for a number in "import-values" that JSON cannot hold
 */
export function isInSync(chart: ChartMetadata, lock: LockFile): boolean {
  const requested = chart.dependencies ?? [];
  const resolved = requested.map((dependency, index) => withAddress(dependency, lock.dependencies[index]));
  const locked = lock.dependencies.map((dependency) =>
    dependencyFields(withoutUndefined({ ...dependency, version: dependency.version || undefined })),
  );
  if (lock.digest === digestOfText(goJson([resolved.map(dependencyFields), locked]))) return true;
  // For charts of this kind Helm believes what Helm 2 wrote too.
  return (
    chart.apiVersion === 'v1' && lock.digest === digestOfText(goJson({ dependencies: requested.map(dependencyFields) }))
  );
}

function withAddress(dependency: ChartDependency, locked: LockedDependency | undefined): ChartDependency {
  const isAlias = /^(?:@|alias:)/.test(dependency.repository);
  return isAlias && locked ? { ...dependency, repository: locked.repository } : dependency;
}

function digestOfText(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
