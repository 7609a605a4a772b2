// Compares one custom resource definition of two charts: its versions, their schemas, its scope.
import type { CustomResource } from './crd-documents.ts';
import { SchemaDocument } from './json-schema.ts';
import { type SchemaDifference, schemaDifferences } from './schema-differences.ts';

export interface CrdChange<Difference> {
  /** of the definition: `certificates.cert-manager.io` */
  readonly name: string;
  readonly addedVersions: readonly string[];
  readonly removedVersions: readonly string[];
  /** versions that both have */
  readonly noLongerServed: readonly string[];
  readonly nowServed: readonly string[];
  readonly storageVersion?: Change | undefined;
  readonly scope?: Change | undefined;
  /** of versions that both have, those whose schemas differ */
  readonly schemas: readonly { readonly version: string; readonly changes: readonly Difference[] }[];
}

interface Change {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

interface CrdDifference {
  /** undefined when nothing that counts changed: descriptions do not */
  readonly change: CrdChange<SchemaDifference> | undefined;
  readonly complete: boolean;
}

export function crdDifference(from: CustomResource, to: CustomResource): CrdDifference {
  const before = new Map(from.versions.map((version) => [version.name, version]));
  const after = new Map(to.versions.map((version) => [version.name, version]));
  const kept = [...before.values()].filter(({ name }) => after.has(name));
  const compared = kept.map(({ name, schema }) => ({
    version: name,
    ...schemaDifferences(sideOf(schema), sideOf(after.get(name)?.schema)),
  }));
  const change: CrdChange<SchemaDifference> = {
    name: to.name,
    addedVersions: [...after.keys()].filter((name) => !before.has(name)),
    removedVersions: [...before.keys()].filter((name) => !after.has(name)),
    noLongerServed: kept.filter(({ name, served }) => served && !after.get(name)?.served).map(({ name }) => name),
    nowServed: kept.filter(({ name, served }) => !served && after.get(name)?.served).map(({ name }) => name),
    storageVersion: changeOf(storageVersionOf(from), storageVersionOf(to)),
    scope: changeOf(from.scope, to.scope),
    schemas: compared
      .filter(({ differences }) => differences.length > 0)
      .map(({ version, differences }) => ({ version, changes: differences })),
  };
  return { change: isEmpty(change) ? undefined : change, complete: compared.every(({ complete }) => complete) };
}

function sideOf(schema: CustomResource['versions'][number]['schema']): Parameters<typeof schemaDifferences>[0] {
  return { document: new SchemaDocument(schema ?? {}), schema };
}

function storageVersionOf({ versions }: CustomResource): string | undefined {
  return versions.find(({ storage }) => storage)?.name;
}

function changeOf(from: string | undefined, to: string | undefined): Change | undefined {
  return from === to ? undefined : { from, to };
}

function isEmpty(change: CrdChange<SchemaDifference>): boolean {
  const { addedVersions, removedVersions, noLongerServed, nowServed, storageVersion, scope, schemas } = change;
  const lists = [addedVersions, removedVersions, noLongerServed, nowServed, schemas];
  return lists.every((list) => list.length === 0) && storageVersion === undefined && scope === undefined;
}
