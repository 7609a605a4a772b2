// Reads what the OCI conformance program reports: the counts it prints, and the exchange of every failed check.
export interface ConformanceReport {
  readonly passes: number;
  /** Failed checks, and those that the program itself could not carry out. */
  readonly failures: number;
  readonly skips: number;
  /** The name of every failed check, what the program says of it, and the requests and answers; without a failure, the summary. */
  readonly explanation: string;
}

/** The longest exchange that is worth reading in a test's message. */
const EXCHANGE_CHARACTERS = 3000;
const EXPLAINED_FAILURES = 10;

/**
 * @param printed the program's standard output
 * @param junit the `junit.xml` it wrote
 */
export function readConformanceReport(printed: string, junit: string): ConformanceReport {
  const failed = [
    ...junit.matchAll(/<testcase name="([^"]*)"[^>]* status="(?:failure|error)">([\s\S]*?)<\/testcase>/g),
  ];
  const explained = failed.slice(0, EXPLAINED_FAILURES).map(([, name = '', details = '']) => {
    const [complaint, exchange] = [element(details, 'system-out'), element(details, 'system-err')];
    return `${unescapeXml(name)}\n  ${complaint}\n${exchange.slice(0, EXCHANGE_CHARACTERS)}`;
  });
  const others = failed.slice(EXPLAINED_FAILURES).map(([, name = '']) => unescapeXml(name));
  return {
    passes: count(printed, 'Pass'),
    failures: count(printed, 'FAIL') + count(printed, 'Error'),
    skips: count(printed, 'Skip'),
    explanation: [...explained, ...others].join('\n\n') || printed.slice(printed.indexOf('OCI Conformance Result')),
  };
}

/** @throws Error when the program did not get as far as its summary */
function count(printed: string, status: string): number {
  const number = new RegExp(`^  ${status}\\.+: +(\\d+)$`, 'm').exec(printed)?.[1];
  if (number === undefined) throw new Error(`the conformance program printed no number of "${status}":\n${printed}`);
  return Number(number);
}

function element(xml: string, name: string): string {
  return unescapeXml(new RegExp(`<${name}>([sS]*?)</${name}>`).exec(xml)?.[1] ?? '');
}

function unescapeXml(text: string): string {
  return text
    .replaceAll(/&#x([0-9A-F]+);/gi, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 16)))
    .replaceAll(/&#(\d+);/g, (_, digits: string) => String.fromCodePoint(Number(digits)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
