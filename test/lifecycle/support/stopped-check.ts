// Checks the one blob of a data folder, and dies after so many changes of the disk or the database. Runs in a process of its own.
// With "push", the content is pushed again at the worst moment: when it has been decided which file is to be set aside.
import fileSystem from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [folder = '', survived = '0', mode = 'check'] = process.argv.slice(2);
/** The process ends in this, as in a power cut: nothing is tidied up. */
let left = Number.POSITIVE_INFINITY;
const step = (name: string): void => {
  if (left === 0) {
    process.stdout.write(name);
    process.kill(process.pid, 'SIGKILL');
    // Nothing more happens until the signal has come.
    for (;;);
  }
  left -= 1;
};
let pushOnce: (() => Promise<void>) | undefined;
const { link, rename, rm } = fileSystem;
fileSystem.rename = async (from, to) => {
  if (String(to).includes('/damaged/')) {
    const push = pushOnce;
    pushOnce = undefined;
    await push?.();
    step('rename');
  }
  await rename(from, to);
};
fileSystem.link = async (from, to) => {
  step('link');
  await link(from, to);
};
fileSystem.rm = async (path, options) => {
  step('remove');
  await rm(path, options);
};
syncBuiltinESMExports();

// Imported only now, so that they get these functions.
const { damagedRegistry } = await import('./damaged-registry.ts');
const { checkBlob } = await import('../../../src/registry/check-blob.ts');
const { listBlobChecks } = await import('../../../src/tables/blob-checks.ts');

await using registry = await damagedRegistry(folder);
const { database, dependencies } = registry;
const [row] = await listBlobChecks(database, '', 1);
if (!row) throw new Error('there is no blob');
if (mode === 'push') {
  pushOnce = async () => {
    left = Number.POSITIVE_INFINITY;
    await registry.push(Buffer.from('the only blob'));
    left = Number(survived);
  };
}
const counted = {
  ...database,
  transaction: async (work: never) => {
    step('transaction');
    return await database.transaction(work);
  },
};
left = Number(survived);
const { kind } = await checkBlob({ ...dependencies, database: counted as typeof database }, row);
process.stdout.write(`ended: ${kind}`);
