// Which changes of default values may break an installation.
import type { ChartMetadata } from '../chart-yaml.ts';
import { valuesKeyOf } from './compare-metadata.ts';
import type { ValuesFindings } from './compare-values.ts';
import { type JsonValue, jsonExcerpt, typeOfValue } from './json-value.ts';
import type { Risk } from './risk.ts';
import type { ChangedValue, RemovedValue } from './value-differences.ts';
import { pathText } from './value-path.ts';

/** @param metadata of the newer version */
export function valueRisks(findings: ValuesFindings, metadata: ChartMetadata): readonly Risk[] {
  const subcharts = new Map(
    (metadata.dependencies ?? []).map((dependency) => [valuesKeyOf(dependency), dependency.name]),
  );
  return [
    ...findings.removed.map((value) => removalRisk(value, findings.isCommentedOut(value), subcharts)),
    ...findings.moved.map(({ from, to }): Risk => {
      const path = pathText(from.keys);
      const message = `the default of ${path} stands at ${pathText(to.keys)} now: what you set at ${path} may be ignored`;
      return { kind: 'value-moved', severity: 'breaking', path, message };
    }),
    ...findings.retyped.map(retypeRisk),
    ...findings.changed.map(defaultRisk),
  ];
}

/** @param subcharts names of dependencies by the keys that their values stand under */
function removalRisk({ keys }: RemovedValue, isCommentedOut: boolean, subcharts: ReadonlyMap<string, string>): Risk {
  const path = pathText(keys);
  const subchart = subcharts.get(keys[0] ?? '');
  const risk = (severity: Risk['severity'], message: string): Risk => ({
    kind: 'value-removed',
    severity,
    path,
    message,
  });
  if (subchart !== undefined) {
    const now = keys.length === 1 ? 'sets no defaults for' : `has no default ${path} for`;
    return risk(
      'attention',
      `the chart ${now} its dependency ${subchart} any more: what that chart itself says counts`,
    );
  }
  if (isCommentedOut) {
    return risk('attention', `${path} has no default any more, and stands in values.yaml as a comment only`);
  }
  return risk('breaking', `${path} was removed: what you set there may be ignored`);
}

function retypeRisk({ keys, from, to }: ChangedValue): Risk {
  const path = pathText(keys);
  const message = `${path} was a ${typeOfValue(from)} and is a ${typeOfValue(to)}: what you set there may not fit`;
  return { kind: 'value-retyped', severity: 'breaking', path, message };
}

function defaultRisk({ keys, from, to }: ChangedValue): Risk {
  const path = pathText(keys);
  const [before, after] = [inWords(from), inWords(to)];
  const change = before === after ? `${before}, has other content` : `was ${before} and is ${after}`;
  const message = `the default of ${path}${before === after ? ', ' : ' '}${change}: it changes unless you set it`;
  return { kind: 'default-changed', severity: 'attention', path, message };
}

function inWords(value: JsonValue): string {
  const type = typeOfValue(value);
  switch (type) {
    case 'null':
      return 'not set';
    case 'list':
    case 'map': {
      const size = Object.keys(value as object).length;
      return size === 0 ? `an empty ${type}` : `a ${type} of ${size}`;
    }
    case 'boolean':
    case 'number':
    case 'string':
      return jsonExcerpt(value, 80);
  }
}
