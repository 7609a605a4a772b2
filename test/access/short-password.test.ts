// A short password of the administrator is warned of by the start that uses it, and by no other.
import { expect, test } from 'vitest';
import { serveChartroom, temporaryFolder } from '../support/chartroom-process.ts';

const WARNING = "the administrator's password is short";

test('only the start that makes the administrator with it warns', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: { CHARTROOM_ADMIN_PASSWORD: 'short' } };
  const first = await serveChartroom(options);
  const { stdout, stderr } = await first.stop('SIGTERM');
  expect([stdout.includes(WARNING), stderr]).toEqual([true, '']);
  const second = await serveChartroom(options);
  expect((await second.stop('SIGTERM')).stdout).not.toContain(WARNING);
});
