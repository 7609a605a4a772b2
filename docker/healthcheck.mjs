// Asks the server of this container whether it can serve: exit code 0, or 1 after a line that says why not.
import '../src/compile-cache.mjs';

const { loadConfig } = await import('../src/config/load.ts');

const TIMEOUT = 4_000;
const EVERY_ADDRESS = { '0.0.0.0': '127.0.0.1', '::': '::1' };

try {
  // The settings that the server was started with; a port given to it as a flag cannot be seen from here.
  const { host, port } = loadConfig({ flags: {} });
  const address = EVERY_ADDRESS[host] ?? host;
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/readyz`;
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
} catch (error) {
  process.stderr.write(`${error.cause?.message ?? error.message}\n`);
  process.exitCode = 1;
}
