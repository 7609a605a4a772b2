// The name of a packed chart's file, as helm package gives it.

/** `web-1.2.0+7.tgz`: also how a classic repository calls it. */
export function fileNameOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}-${version}.tgz`;
}
