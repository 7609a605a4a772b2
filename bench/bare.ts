// The least that a server of our kind does: Fastify, one select by a key in SQLite, and the bytes as the answer. For comparison.
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import Fastify from 'fastify';
import { OCI_MANIFEST } from '../src/oci/media-types.ts';

const [folder = '', port = '', rows = ''] = process.argv.slice(2);
const database = new BetterSqlite(join(folder, 'bare.db'));
database.pragma('journal_mode = wal');
database.exec('create table manifests (tag text primary key, content blob) strict, without rowid');
const insert = database.prepare('insert into manifests (tag, content) values (?, ?)');
const content = Buffer.alloc(700, 'x');
database.transaction(() => {
  for (let row = 0; row < Number(rows); row += 1) insert.run(`1.${row}.0`, content);
})();
const select = database.prepare('select content from manifests where tag = ?').pluck();
const app = Fastify();
app.get('/v2/*', async (request, reply) => {
  const { '*': path } = request.params as { readonly '*': string };
  return await reply.type(OCI_MANIFEST).send(select.get(path.slice(path.lastIndexOf('/') + 1)));
});
await app.listen({ host: '127.0.0.1', port: Number(port) });
