// Which of the codings of a body a client gets: what its Accept-Encoding says (RFC 9110, section 12.5.3).

/** `gzip;q=0.5`; a weight that is none counts as 1 */
const ITEM = /^\s*([^\s;]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/i;

/**
 * The coding with the largest weight, of equal ones the first in `offered`. Without a header, and where nothing that is
 * offered is wanted, the body goes as it is: a refusal would help nobody.
 */
export function chooseCoding<Coding extends string>(
  header: string | undefined,
  offered: readonly Coding[],
): Coding | 'identity' {
  const weights = new Map<string, number>();
  for (const item of header?.split(',') ?? []) {
    const [, name, weight = '1'] = ITEM.exec(item) ?? [];
    // An alias (RFC 9110, section 8.4.1.3).
    if (name !== undefined) weights.set(name.toLowerCase().replace(/^x-gzip$/, 'gzip'), Number(weight));
  }
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get('*') ?? 0;
  const [best] = offered.toSorted((one, other) => weightOf(other) - weightOf(one));
  // Who does not mention it takes the body as it is as well, but asks for something else.
  const identity = weights.get('identity') ?? 0;
  return best !== undefined && weightOf(best) > 0 && weightOf(best) >= identity ? best : 'identity';
}
