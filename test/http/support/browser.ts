// A browser that logs in: it keeps cookies, and goes where it is sent.

interface Cookie {
  readonly value: string;
  readonly path: string;
}

const MAXIMUM_REDIRECTS = 10;

/** Cookies by host, path and name; there is no other clock in it than the server's "forget this one". */
export class Browser {
  readonly #cookies = new Map<string, Cookie>();

  /** Goes on until an answer sends it nowhere else. */
  async open(address: string): Promise<Response> {
    let url = address;
    for (let count = 0; count < MAXIMUM_REDIRECTS; count += 1) {
      const answer = await this.get(url);
      const location = answer.headers.get('location');
      if (location === null) return answer;
      url = new URL(location, url).href;
    }
    throw new Error(`${address} sends the browser around without end`);
  }

  /** As `open`, but the address at which it would come to `path` is returned instead. */
  async openUntil(path: string, address: string): Promise<string> {
    let url = address;
    for (let count = 0; count < MAXIMUM_REDIRECTS; count += 1) {
      if (new URL(url).pathname === path) return url;
      const location = (await this.get(url)).headers.get('location');
      if (location === null) throw new Error(`${url} sends the browser nowhere`);
      url = new URL(location, url).href;
    }
    throw new Error(`${address} never leads to ${path}`);
  }

  async get(url: string): Promise<Response> {
    const { host, pathname } = new URL(url);
    const cookie = [...this.#cookies]
      .filter(([key, { path }]) => key.startsWith(`${host} `) && `${pathname}/`.startsWith(path.replace(/\/?$/, '/')))
      .map(([key, { value }]) => `${key.split(' ')[1]}=${value}`)
      .join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } });
    for (const line of answer.headers.getSetCookie()) this.#keep(host, line);
    return answer;
  }

  /** Its cookies for a host, by name. */
  cookiesOf(host: string): ReadonlyMap<string, string> {
    const own = [...this.#cookies].filter(([key]) => key.startsWith(`${host} `));
    return new Map(own.map(([key, { value }]) => [key.split(' ')[1] ?? '', value]));
  }

  /** Puts a value in the place of that of a cookie that it has. */
  replaceCookie(host: string, name: string, value: string): void {
    const cookie = this.#cookies.get(`${host} ${name}`);
    if (!cookie) throw new Error(`there is no cookie ${name} of ${host}`);
    this.#cookies.set(`${host} ${name}`, { ...cookie, value });
  }

  #keep(host: string, line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const path = /; Path=([^;]+)/i.exec(line)?.[1] ?? '/';
    const isOver = /; Max-Age=0(?:;|$)/i.test(line) || /; Expires=Thu, 01 Jan 1970/i.test(line);
    if (isOver) this.#cookies.delete(`${host} ${name}`);
    else this.#cookies.set(`${host} ${name}`, { value, path });
  }
}
