// Prints the name of each test that failed, a line each, from the JSON reports of vitest: the log of a whole run is long, and cut.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { argv, cwd } from 'node:process';
import { fileURLToPath } from 'node:url';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** `test/a.test.ts: what it says`; of a file that did not load, why. */
export function failedTests(report: Report, root: string): readonly string[] {
  return report.testResults.flatMap(({ name, status, message = '', assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((each) => each.status === 'failed').map(({ fullName }) => fullName);
    if (failed.length === 0 && status === 'failed')
      return [`${file}: ${message.trim().split('\n')[0] || 'did not run'}`];
    return failed.map((fullName) => `${file}: ${fullName}`);
  });
}

function main(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
    const report = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report;
    for (const line of failedTests(report, cwd())) process.stdout.write(`FAILED ${line}\n`);
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) main(argv[2] ?? '.');
