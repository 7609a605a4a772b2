// Which tags never change once they are published: the operator's setting.
import { matchesPatterns } from '../charts/publish-rules.ts';
import type { Tag } from '../oci/tag.ts';

export interface TagRules {
  /** Whether chart versions must be strict SemVer 2, or may also be the lenient forms that Helm takes. */
  readonly versions: 'lenient' | 'strict';
  /** Patterns of chart tags that are fixed. */
  readonly fixedChartTags: readonly string[];
  /** Patterns of all other artifacts' tags that are fixed. */
  readonly fixedTags: readonly string[];
  /** Whether a deleted fixed tag may come back with other content. */
  readonly republishDeleted: boolean;
}

/** Where Artifact Hub looks for who owns a chart: must be replaced whenever that changes. */
const ARTIFACT_HUB_TAG = 'artifacthub.io';

export function isFixed(rules: TagRules, tag: Tag, isChart: boolean): boolean {
  if (tag === ARTIFACT_HUB_TAG) return false;
  return matchesPatterns(tag, isChart ? rules.fixedChartTags : rules.fixedTags);
}
