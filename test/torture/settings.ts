// How long the torture suite runs, and with which seed: from the environment, which run.mjs sets.
import { ADMIN_ENVIRONMENT } from '../support/chartroom-process.ts';

/** Of servers under torture: their many clients are one user. */
export const TORTURE_ENVIRONMENT = { ...ADMIN_ENVIRONMENT, CHARTROOM_REQUESTS_PER_MINUTE: '0' };

/** Everything random is made from it. */
export const SEED = setting('SEED', 20261123);
/** How often the server is killed. */
export const KILLS = setting('KILLS', 20);
/** How often the power is cut under it. */
export const CUTS = setting('CUTS', 12);
/** How many orders of steps are tried for each race. */
export const INTERLEAVINGS = setting('INTERLEAVINGS', 300);
/** How many times as many hostile requests as usual are made up. */
export const FUZZ = setting('FUZZ', 1);

function setting(name: string, value: number): number {
  const text = process.env[`CHARTROOM_TORTURE_${name}`];
  return text === undefined ? value : Number(text);
}
