// Compares Chart.yaml of two charts: its fields, and its dependencies one by one.
import type { ChartDependency, ChartMetadata } from '../chart-yaml.ts';
import { equalValues, type JsonValue, type ShownValue, shownValue } from './json-value.ts';
import { pathText } from './value-path.ts';

export interface MetadataComparison {
  readonly fields: readonly FieldChange[];
  readonly dependencies: {
    readonly added: readonly ShownDependency[];
    readonly removed: readonly ShownDependency[];
    readonly changed: readonly DependencyChange[];
  };
}

interface FieldChange {
  /** `appVersion`, `annotations."artifacthub.io/license"` */
  readonly field: string;
  /** absent where the field is */
  readonly from?: ShownValue | undefined;
  readonly to?: ShownValue | undefined;
}

interface ShownDependency {
  readonly name: string;
  readonly alias?: string | undefined;
  readonly version?: string | undefined;
  readonly repository: string;
}

interface DependencyChange {
  readonly name: string;
  readonly alias?: string | undefined;
  readonly fields: readonly FieldChange[];
}

export interface DependencyPair {
  readonly from: ChartDependency;
  readonly to: ChartDependency;
}

interface DependencyDifferences {
  readonly added: readonly ChartDependency[];
  readonly removed: readonly ChartDependency[];
  readonly kept: readonly DependencyPair[];
}

const FIELDS = [
  'apiVersion',
  'name',
  'version',
  'description',
  'type',
  'appVersion',
  'kubeVersion',
  'deprecated',
  'home',
  'icon',
  'sources',
  'keywords',
  'maintainers',
  'condition',
  'tags',
] as const satisfies readonly (keyof ChartMetadata)[];
const DEPENDENCY_FIELDS = [
  'version',
  'repository',
  'alias',
  'condition',
  'tags',
  'enabled',
  'import-values',
] as const satisfies readonly (keyof ChartDependency)[];

export function compareMetadata(from: ChartMetadata, to: ChartMetadata): MetadataComparison {
  const { added, removed, kept } = dependencyDifferences(from, to);
  const fields = FIELDS.flatMap((field) => fieldChange(field, from[field], to[field]));
  return {
    fields: [...fields, ...annotationChanges(from.annotations ?? {}, to.annotations ?? {})],
    dependencies: {
      added: added.map(showDependency),
      removed: removed.map(showDependency),
      changed: kept.flatMap(dependencyChange),
    },
  };
}

/** A dependency is recognized by its alias or name, and after that, when it got another alias, by its name. */
export function dependencyDifferences(from: ChartMetadata, to: ChartMetadata): DependencyDifferences {
  const older = new Set(from.dependencies ?? []);
  const newer = new Set(to.dependencies ?? []);
  const kept: DependencyPair[] = [];
  const pairBy = (identityOf: (dependency: ChartDependency) => string): void => {
    const candidates = Map.groupBy(older, identityOf);
    const rivals = Map.groupBy(newer, identityOf);
    for (const [identity, [after, ...others]] of rivals) {
      const [before, ...more] = candidates.get(identity) ?? [];
      if (before === undefined || after === undefined || others.length > 0 || more.length > 0) continue;
      kept.push({ from: before, to: after });
      older.delete(before);
      newer.delete(after);
    }
  };
  pairBy(({ alias, name }) => JSON.stringify([name, alias ?? name]));
  pairBy(({ name }) => name);
  return { added: [...newer], removed: [...older], kept };
}

/** Where the values of a dependency stand among those of the chart. */
export function valuesKeyOf({ alias, name }: ChartDependency): string {
  return alias ?? name;
}

function dependencyChange({ from, to }: DependencyPair): readonly DependencyChange[] {
  const fields = DEPENDENCY_FIELDS.flatMap((field) => fieldChange(field, from[field], to[field]));
  return fields.length === 0 ? [] : [{ name: to.name, alias: to.alias, fields }];
}

function annotationChanges(
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
): readonly FieldChange[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .toSorted()
    .flatMap((key) =>
      fieldChange(
        pathText(['annotations', key]),
        Object.hasOwn(from, key) ? from[key] : undefined,
        Object.hasOwn(to, key) ? to[key] : undefined,
      ),
    );
}

function fieldChange(field: string, from: unknown, to: unknown): readonly FieldChange[] {
  const before = from === undefined ? undefined : jsonOf(from);
  const after = to === undefined ? undefined : jsonOf(to);
  if (before === undefined ? after === undefined : after !== undefined && equalValues(before, after)) return [];
  return [
    {
      field,
      from: before === undefined ? undefined : shownValue(before),
      to: after === undefined ? undefined : shownValue(after),
    },
  ];
}

/** Whole numbers in what Chart.yaml says of `import-values` are `bigint`. */
function jsonOf(value: unknown): JsonValue {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item)),
  ) as JsonValue;
}

function showDependency({ name, alias, version, repository }: ChartDependency): ShownDependency {
  return { name, alias, version, repository };
}
