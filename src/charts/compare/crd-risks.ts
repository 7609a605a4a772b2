// Which changes of custom resource definitions may break resources in a cluster.
import type { CrdFindings } from './compare-crds.ts';
import type { CrdChange } from './crd-difference.ts';
import type { Risk, RiskKind } from './risk.ts';
import type { SchemaDifference } from './schema-differences.ts';
import { restrictionOf, severityOf } from './schema-risks.ts';
import { pathText } from './value-path.ts';

export function crdRisks(findings: CrdFindings): readonly Risk[] {
  const removed = findings.removed.map((name): Risk => {
    const message = `the chart has no definition of ${name} any more: Helm leaves it in the cluster, and nobody keeps it up to date`;
    return { kind: 'crd-removed', severity: 'breaking', path: name, message };
  });
  return [...upgradeRisks(findings), ...removed, ...findings.changed.flatMap(changeRisks)];
}

/** Helm creates what lies in crds/ when it installs, and never changes it (helm.sh, "Custom Resource Definitions"). */
function upgradeRisks({ added, changed }: CrdFindings): readonly Risk[] {
  if (added.length + changed.length === 0) return [];
  const message = `${added.length + changed.length} custom resource definitions in crds/ are new or changed: helm upgrade does not apply them, apply them yourself`;
  return [{ kind: 'crd-not-upgraded', severity: 'attention', path: '', message }];
}

function changeRisks(change: CrdChange<SchemaDifference>): readonly Risk[] {
  const { name, removedVersions, noLongerServed, storageVersion, scope, schemas } = change;
  const risk = (kind: RiskKind, message: string): Risk => ({ kind, severity: 'breaking', path: name, message });
  return [
    ...removedVersions.map((version) =>
      risk('crd-version-removed', `${name} has no version ${version} any more: manifests that use it are refused`),
    ),
    ...noLongerServed.map((version) =>
      risk('crd-version-not-served', `${name} does not serve ${version} any more: manifests that use it are refused`),
    ),
    ...(storageVersion
      ? [
          risk(
            'crd-storage-version-changed',
            `${name} is stored as ${storageVersion.to ?? 'no version'} and was stored as ${storageVersion.from ?? 'no version'}: stored resources may need to be converted`,
          ),
        ]
      : []),
    ...(scope
      ? [
          risk(
            'crd-scope-changed',
            `${name} was ${scope.from ?? 'of no scope'} and is ${scope.to ?? 'of no scope'}: a cluster refuses that change`,
          ),
        ]
      : []),
    ...schemas.flatMap(({ version, changes }) =>
      changes.flatMap((difference) => schemaRisk(name, version, difference)),
    ),
  ];
}

function schemaRisk(name: string, version: string, difference: SchemaDifference): readonly Risk[] {
  const path = `${name} ${version} ${pathText(difference.steps)}`;
  const { keyword, effect } = difference;
  const risk = (severity: Risk['severity'], what: string): readonly Risk[] => {
    const kind = effect === 'changed' ? 'crd-schema-changed' : 'crd-schema-tightened';
    return [{ kind, severity, path, message: `${path} ${what}` }];
  };
  if (keyword === 'properties') {
    // The API server drops what a schema does not name.
    return effect === 'added' ? [] : risk('breaking', 'was removed: what resources have there is lost');
  }
  if (keyword === 'required') return effect === 'tightened' ? risk('breaking', 'is required now') : [];
  const severity = severityOf(difference);
  return severity === undefined ? [] : risk(severity, restrictionOf(difference));
}
