// The least that a server with a document does: Node's own, which keeps it in memory. For comparison.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const [path = '', port = ''] = process.argv.slice(2);
const bytes = await readFile(path);
createServer((_request, response) => {
  response.setHeader('content-length', bytes.length);
  response.end(bytes);
}).listen(Number(port), '127.0.0.1');
