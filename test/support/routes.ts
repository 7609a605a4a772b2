// The routes of a server, read from the tree in which Fastify prints them.
import type { FastifyInstance } from 'fastify';

/** `GET /v2/:name/tags/list` and so on. */
export function routesOf(server: FastifyInstance): readonly string[] {
  const above: string[] = [];
  return server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent, part, methods] = /^((?:│ {3}| {4})*)[└├]── (\S+)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
      if (indent === undefined || part === undefined) return [];
      const depth = indent.length / 4;
      const path = `${above[depth - 1] ?? ''}${part}`;
      above[depth] = path;
      return (methods?.split(', ') ?? []).map((method) => `${method} ${path}`);
    });
}
