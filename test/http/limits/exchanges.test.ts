// What is kept of requests that are over. In a process of its own, which makes no large collection of garbage meanwhile.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const FILE = join(import.meta.dirname, '../../../src/http/limits/slow-clients.ts');
const FLAGS = ['--expose-gc', '--initial-old-space-size=512', '--no-allocation-site-pretenuring'];
const KIBIBYTE = 1024;
const EXCHANGES = 10_000;

/** Begins and ends exchanges, 20 of which are under way at any time, and prints how many bytes have outlived small collections. */
const PROGRAM = `
  import { EventEmitter } from 'node:events';
  import { getHeapSpaceStatistics } from 'node:v8';
  import { SlowClients } from ${JSON.stringify(FILE)};
  const oldBytes = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space').space_used_size;
  const requests = new EventEmitter();
  new SlowClients({ minimumBodyBytes: 1, intervalsToRead: 1 }).watch(requests);
  const before = oldBytes();
  const running = [];
  for (let made = 0; made < ${EXCHANGES}; made += 1) {
    const request = Object.assign(new EventEmitter(), { complete: true, payload: new Array(500).fill(made) });
    const response = Object.assign(new EventEmitter(), { closed: true });
    requests.emit('request', request, response);
    running.push([request, response]);
    if (running.length > 20) for (const each of running.shift()) each.emit('close');
    // The first few: what is kept is kept by what has become old.
    if (made < 10 || made % 500 === 0) gc({ type: 'minor' });
  }
  process.stdout.write(String(oldBytes() - before));
`;

test('requests that are over are not kept until the next large collection of garbage', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, '--input-type=module', '-e', PROGRAM]);
  // All that they had would be four KiB of each.
  expect(Number(stdout)).toBeLessThan((EXCHANGES * KIBIBYTE) / 2);
});
