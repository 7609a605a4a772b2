// Who is calling, where it takes nothing but what the database says: nobody, or whoever has a token of ours.
import { ForMainProcess } from '../ports/read-only.ts';
import type { Arrival } from './authentication.ts';
import type { Caller } from './caller.ts';
import type { Principal } from './principal.ts';
import type { ScopedAccess } from './scope.ts';
import type { Standings } from './standings.ts';
import type { Tokens } from './tokens.ts';

interface TokenCallersOptions {
  readonly mode: 'accounts' | 'none';
  readonly tokens: Tokens;
  readonly standings: Standings;
}

/** For a process that only reads. Passwords and secrets are checked by the main process, which knows who has to wait, and notes who logs in. */
export class TokenCallers {
  readonly #options: TokenCallersOptions;

  constructor(options: TokenCallersOptions) {
    this.#options = options;
  }

  /** As `Authentication.identify`. @throws ForMainProcess for any other credential, Unauthorized for a token that does not count */
  async identify(authorization: string | undefined, arrival: Arrival): Promise<Caller> {
    if (this.#options.mode === 'none') return await this.#admit({ kind: 'open' }, arrival);
    if (authorization === undefined) return await this.#admit({ kind: 'anonymous' }, arrival);
    const [, value] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    if (value === undefined) throw new ForMainProcess();
    const { principal, access } = this.#options.tokens.verify(value);
    return await this.#admit(principal, arrival, access);
  }

  async #admit(principal: Principal, arrival: Arrival, token?: readonly ScopedAccess[]): Promise<Caller> {
    const rights = await this.#options.standings.rightsOf(principal, arrival.address);
    return { principal, rights, token, rejection: undefined, claimed: '', ...arrival };
  }
}
