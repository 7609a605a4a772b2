// The variables that Kubernetes puts into every container for a Service named "chartroom" are no settings.
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

test('the variables of a Service named "chartroom" are ignored', () => {
  const environment = {
    CHARTROOM_PORT: 'tcp://10.0.0.1:5000',
    CHARTROOM_SERVICE_HOST: '10.0.0.1',
    CHARTROOM_SERVICE_PORT: '5000',
    CHARTROOM_SERVICE_PORT_HTTP: '5000',
    CHARTROOM_PORT_5000_TCP: 'tcp://10.0.0.1:5000',
    CHARTROOM_PORT_5000_TCP_PROTO: 'tcp',
    CHARTROOM_PORT_5000_TCP_PORT: '5000',
    CHARTROOM_PORT_5000_TCP_ADDR: '10.0.0.1',
  };
  expect(loadConfig({ flags: {}, environment }).port).toBe(5000);
  expect(loadConfig({ flags: { port: '8080' }, environment }).port).toBe(8080);
});

test('the variables of a neighbour such as "chartroom-postgres" are ignored', () => {
  const environment = {
    CHARTROOM_POSTGRES_PORT: 'tcp://[fd00::1]:5432',
    CHARTROOM_POSTGRES_SERVICE_HOST: 'fd00::1',
    CHARTROOM_POSTGRES_SERVICE_PORT: '5432',
    CHARTROOM_POSTGRES_PORT_5432_TCP: 'tcp://[fd00::1]:5432',
    CHARTROOM_POSTGRES_PORT_5432_TCP_ADDR: 'fd00::1',
  };
  expect(loadConfig({ flags: {}, environment }).port).toBe(5000);
});

test('a port that an operator sets is still a setting', () => {
  expect(loadConfig({ flags: {}, environment: { CHARTROOM_PORT: '8080' } }).port).toBe(8080);
  expect(() => loadConfig({ flags: {}, environment: { CHARTROOM_PORT: 'http://x' } })).toThrow(
    'CHARTROOM_PORT is "http://x", but must be a whole number from 0 to 65535',
  );
});

test('a name that only looks like it is a mistake', () => {
  expect(() => loadConfig({ flags: {}, environment: { CHARTROOM_SERVICE: 'x' } })).toThrow(
    'CHARTROOM_SERVICE is not a setting',
  );
});
