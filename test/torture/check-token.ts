// A token that was given out stays good through crashes, until it ends: the key that signed it was durable before.
import { type Connection, requireStatus } from './connection.ts';
import type { Model } from './model.ts';

/** For the way to the server: milliseconds. */
const MARGIN = 10_000;

/** Shows the token of the last time, and gets another one for the next. @throws Violation */
export async function checkToken(connection: Connection, model: Model): Promise<void> {
  if (model.token !== undefined && endOf(model.token) > Date.now() + MARGIN) {
    const headers = { authorization: `Bearer ${model.token}` };
    requireStatus(await connection.ask('GET', '/v2/', { headers }), [200], 'a token from before the server died');
  }
  const path = '/token?scope=repository:team/chart-c0:pull,push';
  const answer = requireStatus(await connection.ask('GET', path), [200], 'a token');
  model.token = (JSON.parse(answer.body.toString()) as { readonly token: string }).token;
}

/** milliseconds since 1970 */
function endOf(token: string): number {
  const [, payload = ''] = token.split('.');
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { readonly exp: number }).exp * 1000;
}
