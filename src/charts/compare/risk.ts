// What may break for somebody who goes from one version of a chart to the other, in words for operators.

export interface Risk {
  readonly kind: RiskKind;
  /** `breaking`: what worked may fail or be ignored; `attention`: it goes on working, perhaps otherwise. */
  readonly severity: 'breaking' | 'attention';
  /** of the value, schema, resource or field; empty when it is about the whole chart */
  readonly path: string;
  /** a sentence that names both versions' side of it */
  readonly message: string;
}

export type RiskKind =
  | 'chart-renamed'
  | 'chart-type-changed'
  | 'chart-deprecated'
  | 'new-major-version'
  | 'kubernetes-range-changed'
  | 'dependency-removed'
  | 'dependency-changed'
  | 'value-removed'
  | 'value-moved'
  | 'value-retyped'
  | 'value-required'
  | 'default-changed'
  | 'schema-added'
  | 'schema-tightened'
  | 'schema-changed'
  | 'crd-removed'
  | 'crd-version-removed'
  | 'crd-version-not-served'
  | 'crd-storage-version-changed'
  | 'crd-scope-changed'
  | 'crd-schema-tightened'
  | 'crd-schema-changed'
  | 'crd-not-upgraded'
  | 'not-compared';

/** characters of a sentence: what a chart says of itself may be long */
const MAXIMUM_MESSAGE = 2000;

/** What breaks comes first; otherwise the order stays. */
export function orderRisks(risks: readonly Risk[]): readonly Risk[] {
  const short = risks.map((risk) =>
    risk.message.length <= MAXIMUM_MESSAGE ? risk : { ...risk, message: `${risk.message.slice(0, MAXIMUM_MESSAGE)}…` },
  );
  return [
    ...short.filter(({ severity }) => severity === 'breaking'),
    ...short.filter(({ severity }) => severity === 'attention'),
  ];
}
