// Requests that several processes answer count together, as soon as they have told of them.
import { expect, test } from 'vitest';
import { RequestBuckets } from '../../../src/http/limits/request-buckets.ts';
import { ReportedRates } from '../../../src/http/processes/reported-rates.ts';
import { ForMainProcess } from '../../../src/ports/read-only.ts';
import { TestClock } from '../../support/clock.ts';

const ANN = 'principal user ann';

function start(requestsPerMinute = 10) {
  const clock = new TestClock('2026-11-23T10:00:00Z');
  const main = new RequestBuckets(clock);
  const processes = [0, 1].map(() => new ReportedRates({ clock, requestsPerMinute }));
  const [one, other] = processes as [ReportedRates, ReportedRates];
  const report = () => {
    for (const rates of processes) {
      const levels = rates
        .take()
        .map(([source, count]) => [source, main.add(source, count, requestsPerMinute)] as const);
      rates.learn(levels);
    }
  };
  return { clock, one, other, report };
}

function answer(rates: ReportedRates, times: number): void {
  for (let count = 0; count < times; count += 1) {
    rates.requireRoom(ANN);
    rates.count(ANN);
  }
}

test('a process alone lets through as many as there are in a minute, and then one whenever a share of it is over', () => {
  const { clock, one } = start();
  answer(one, 10);
  expect(() => one.requireRoom(ANN)).toThrow(ForMainProcess);
  clock.advance(6_000);
  answer(one, 1);
  expect(() => one.requireRoom(ANN)).toThrow(ForMainProcess);
});

test('what another process has answered takes their places, once both have told of theirs', () => {
  const { one, other, report } = start();
  answer(one, 6);
  report();
  answer(other, 3);
  report();
  // Six and three: one is left.
  answer(other, 1);
  expect(() => other.requireRoom(ANN)).toThrow(ForMainProcess);
});

test('what was counted since a report is not forgotten when its answer comes', () => {
  const { one } = start();
  answer(one, 4);
  one.take();
  answer(one, 4);
  one.learn([[ANN, 4]]);
  answer(one, 2);
  expect(() => one.requireRoom(ANN)).toThrow(ForMainProcess);
});

test('what is passed on is taken back, here and in the report, since the main process counts it', () => {
  const { one } = start();
  answer(one, 10);
  one.takeBack(ANN);
  answer(one, 1);
  expect(() => one.requireRoom(ANN)).toThrow(ForMainProcess);
  expect(one.take()).toEqual([[ANN, 10]]);
});

test('without a limit nothing is counted', () => {
  const { one } = start(0);
  answer(one, 1_000);
  expect(one.take()).toEqual([]);
});
