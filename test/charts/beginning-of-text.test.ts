// The beginning of a text: cut between characters, and nothing of the rest stays in memory.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { beginningOf } from '../../src/charts/beginning-of-text.ts';

test('has so many characters at most, and no half of one', () => {
  expect([beginningOf('äbc', 2), beginningOf('ab', 5), beginningOf('a😀', 2)]).toEqual(['äb', 'ab', 'a\ufffd']);
});

test('many of long texts fit into little memory', () => {
  const module = join(import.meta.dirname, '../../src/charts/beginning-of-text.ts');
  const script = `import { beginningOf } from ${JSON.stringify(module)};
    const kept = [];
    for (let number = 0; number < 200; number += 1) kept.push(beginningOf(String(number).padEnd(1 << 20, 'x') + '!', 100));
    console.log(kept.length);`;
  const flags = ['--max-old-space-size=64', '--input-type=module', '-e', script];
  expect(spawnSync(process.execPath, flags, { encoding: 'utf8' }).stdout).toBe('200\n');
});
