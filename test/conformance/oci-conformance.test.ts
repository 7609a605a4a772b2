// The official conformance program of the OCI Distribution Spec, in both versions it knows, with authentication on.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../clients/support/command.ts';
import { clientPath, requireClient } from '../clients/support/found-clients.ts';
import { scratchFolder } from '../clients/support/scratch-folder.ts';
import { type Account, type ServerProcess, startServer } from '../clients/support/server-process.ts';
import { type ConformanceReport, readConformanceReport } from './conformance-report.ts';

const PROGRAM = 'oci-conformance';
/** How many checks pass at least: a run that is cut short or that skips a part must not look green. */
const PLAUSIBLE_PASSES = 900;

describe.skipIf(clientPath(PROGRAM) === undefined)('the OCI conformance program', () => {
  let server: ServerProcess;
  let tester: Account;

  beforeAll(async () => {
    server = await startServer();
    tester = await server.addAccount('tester', { conformance: 'maintainer' });
  });
  afterAll(async () => server?.stop());

  test.each(['1.1', 'dev'])('finds no failure in version %s of the spec', async (version) => {
    const { passes, failures, explanation } = await runConformance(version);
    expect(failures, explanation).toBe(0);
    expect(passes, explanation).toBeGreaterThan(PLAUSIBLE_PASSES);
    console.log(`conformance ${version}: ${passes} passes, ${failures} failures`);
  });

  async function runConformance(version: string): Promise<ConformanceReport> {
    const results = await scratchFolder('conformance');
    const settings = {
      REGISTRY: server.host,
      TLS: 'disabled',
      USERNAME: tester.name,
      PASSWORD: tester.password,
      REPO1: `conformance/version-${version}/first`,
      REPO2: `conformance/version-${version}/second`,
      VERSION: version,
      RESULTS_DIR: results,
      API_BLOBS_DIGEST_HEADER: 'true',
      API_BLOBS_UPLOAD_CANCEL: 'true',
      API_MANIFESTS_DIGEST_HEADER: 'true',
      API_MANIFESTS_TAG_PARAM: 'true',
    };
    const environment = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`OCI_${name}`, value]));
    const { stdout } = await runCommand(requireClient(PROGRAM), [], {
      environment,
      directory: results,
      timeoutMilliseconds: 240_000,
    });
    return readConformanceReport(stdout, await readFile(join(results, 'junit.xml'), 'utf8'));
  }
});
