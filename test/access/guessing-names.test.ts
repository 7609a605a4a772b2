// Guessing passwords: which addresses and names count as the same, and how many are remembered.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Door, RIGHT, wrong } from './support/door.ts';

test.each([
  ['the addresses of an IPv6 /64', '2001:db8:0:1::1', '2001:DB8:0:1:ffff:ffff:ffff:ffff'],
  ['IPv6 addresses however they are written', '2001:db8::', '2001:0db8:0:0:0:0:0:1'],
  ['an IPv4 address and the same one mapped into IPv6', '192.0.2.1', '::ffff:192.0.2.1'],
  ['a mapped IPv4 address however it is written', '::ffff:192.0.2.255', '0:0:0:0:0:FFFF:c000:02ff'],
  ['a link-local address on every interface', 'fe80::1%eth0', 'fe80::2%eth1'],
])('%s count as one', async (_, one, other) => {
  const door = new Door();
  expect(await door.tryTimes(3, { from: one })).toEqual(wrong(3));
  expect(await door.tryTimes(3, { from: other })).toEqual(['wrong', 'wrong', 1]);
  expect(await door.try({ from: one })).toBe(1);
});

test.each([
  ['two /64 of IPv6', '2001:db8:0:1::1', '2001:db8:0:2::1'],
  ['two IPv4 addresses', '192.0.2.1', '192.0.2.2'],
  ['two mapped IPv4 addresses', '::ffff:192.0.2.1', '::ffff:192.0.2.2'],
  ['what is mapped and what is not', '::ffff:192.0.2.1', '::fffe:192.0.2.1'],
  ['what is no address', 'unix', ''],
  ['what only looks like IPv6', '1:2', '192.0.2.1:80'],
])('%s count each for itself', async (_, one, other) => {
  const door = new Door();
  expect(await door.tryTimes(5, { from: one })).toEqual(wrong(5));
  expect(await door.tryTimes(5, { from: other })).toEqual(wrong(5));
});

test('no text as an address or a name makes an attempt fail', async () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9a-f:.%@/\][]*$/), fc.ipV6(), fc.ipV4());
  await fc.assert(
    fc.asyncProperty(text, text, async (from, account) => {
      expect(await new Door().try({ from, account, password: RIGHT })).toBe('right');
    }),
  );
});

test('a name counts as the same one however it is spelled, since a directory takes it so', async () => {
  const door = new Door();
  for (const account of ['ann', 'Ann', 'ANN', ' ann ', 'ａｎｎ']) expect(await door.try({ account })).toBe('wrong');
  expect(await door.try()).toBe(1);
});

test('spaces before a name, however many, make no other name of it', async () => {
  const door = new Door();
  for (const spaces of [0, 253, 254, 255, 1_000]) {
    expect(await door.try({ account: `${' \t\u3000\u00a0'.repeat(spaces).slice(0, spaces)}ann` })).toBe('wrong');
  }
  expect(await door.try({ account: 'ann' })).toBe(1);
});

test('a name of a megabyte counts as what it begins with', async () => {
  const door = new Door();
  for (let count = 0; count < 5; count += 1) {
    expect(await door.try({ account: `${'a'.repeat(1_000_000)}${count}` })).toBe('wrong');
  }
  expect(await door.try({ account: 'a'.repeat(1_000_000) })).toBe(1);
  expect(await door.try({ account: 'a' })).toBe('wrong');
});

test('of more than fifty thousand addresses and names, the one that was wrong longest ago is forgotten', async () => {
  const door = new Door();
  const { promise: untilChecked, resolve: end } = Promise.withResolvers<undefined>();
  const bea = { from: '192.0.2.2', account: 'bea' };
  await door.tryTimes(3);
  await door.tryTimes(3, bea);
  const slow = door.guessing.attempt({ account: 'bea', clientAddress: bea.from, password: 'x' }, () => untilChecked);
  await door.try();
  for (let index = 0; index < 49_999; index += 1) {
    await door.try({ from: `10.0.${index >> 8}.${index & 255}`, account: `user-${index}` });
  }
  expect(await door.tryTimes(2)).toEqual(['wrong', 1]);
  // What is known of bea begins anew, with the one that was being checked.
  end(undefined);
  await slow;
  expect(await Promise.all([1, 2, 3, 4, 5].map(() => door.try(bea)))).toEqual([...wrong(4), 1]);
});

test('who is right takes nobody’s place among those who were wrong', async () => {
  const door = new Door();
  for (let count = 0; count < 19; count += 1) await door.try({ account: `user-${count}` });
  for (let index = 0; index < 50_000; index += 1) {
    await door.try({ from: `10.0.${index >> 8}.${index & 255}`, account: `right-${index}`, password: RIGHT });
  }
  expect(await door.tryTimes(2)).toEqual(['wrong', 1]);
});
