// Runs the torture suite: turns `--kills 300 --cuts 300 --interleavings 20000 --fuzz 20 --seed 7` into the environment that its tests read.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string' },
    cuts: { type: 'string' },
    interleavings: { type: 'string' },
    fuzz: { type: 'string' },
    seed: { type: 'string' },
    testNamePattern: { type: 'string', short: 't' },
    reporter: { type: 'string', multiple: true },
    'outputFile.json': { type: 'string' },
  },
});
const environment = { ...process.env };
for (const name of ['kills', 'cuts', 'interleavings', 'fuzz', 'seed']) {
  const value = values[name];
  if (value === undefined) continue;
  if (!/^\d+$/.test(value)) {
    console.error(`--${name} must be a number, not "${value}"`);
    process.exit(2);
  }
  environment[`CHARTROOM_TORTURE_${name.toUpperCase()}`] = value;
}
// Without one, always the same, so that two runs of a commit try the same.
environment.CHARTROOM_TORTURE_SEED ??= '20261123';
console.log(`torture: seed ${environment.CHARTROOM_TORTURE_SEED} (--seed gives another one)`);
const reporters = (values.reporter ?? []).map((name) => `--reporter=${name}`);
const output = values['outputFile.json'] === undefined ? [] : [`--outputFile.json=${values['outputFile.json']}`];
// By its path, so that this also runs without npm, which puts programs on the PATH.
const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
const pattern = values.testNamePattern === undefined ? [] : ['--testNamePattern', values.testNamePattern];
const words = [
  vitest,
  'run',
  '--config',
  'vitest.torture.config.ts',
  ...reporters,
  ...output,
  ...pattern,
  ...positionals,
];
const { status } = spawnSync(process.execPath, words, { stdio: 'inherit', env: environment });
process.exit(status ?? 1);
