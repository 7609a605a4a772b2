// How a packed chart that cannot be accepted is refused: in the same words wherever it is found out.
import { RegistryError } from '../oci/error.ts';

export const PACKING_ADVICE = 'pack the chart with helm package';

/** @param why continues the sentence "the chart's archive …" */
export function invalidArchive(why: string, cause?: unknown): RegistryError {
  return new RegistryError(
    'MANIFEST_INVALID',
    `the chart's archive ${why}`,
    cause === undefined ? undefined : { cause },
  );
}

/** A name from an archive as a message may show it, whatever is in it. */
export function quotedName(text: string): string {
  return JSON.stringify(text.slice(0, 160));
}
