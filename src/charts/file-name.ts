// The name of a packed chart's file, as helm package gives it.
import { parseChartVersion } from './version.ts';

const ENDING = '.tgz';

/** `web-1.2.0+7.tgz`: also how a classic repository calls it. */
export function fileNameOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}-${version}${ENDING}`;
}

/**
 * The names of the charts whose file it can be, in some version: `web` for `web-1.2.0.tgz`, and for `web-2-1.2.0.tgz` both `web`
 * and `web-2`. None when it is the file of no chart.
 */
export function chartNamesIn(fileName: string): readonly string[] {
  if (!fileName.endsWith(ENDING)) return [];
  const stem = fileName.slice(0, -ENDING.length);
  return [...stem.matchAll(/-/g)].flatMap(({ index }) =>
    index > 0 && parseChartVersion(stem.slice(index + 1)) ? [stem.slice(0, index)] : [],
  );
}
