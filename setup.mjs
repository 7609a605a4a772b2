// Installs the dependencies when they are missing or older than the lockfile. Runs on any Node >= 20, before everything
// else: the dev dependencies bring Node 24, which npm then puts first on the PATH of every script.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';

const LOCKFILE = 'package-lock.json';
const INSTALLED = 'node_modules/.chartroom-installed-lock.json';

const isInstalled = existsSync(INSTALLED) && readFileSync(INSTALLED).equals(readFileSync(LOCKFILE));
if (!isInstalled) {
  console.error('chartroom: installing dependencies (only the first time, and after an update)');
  // Node 20 is enough for the installation itself, so npm's warnings about packages that want a newer one would mislead.
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const installation = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 2],
  });
  if (installation.status !== 0) process.exit(installation.status ?? 1);
  copyFileSync(LOCKFILE, INSTALLED);
}
