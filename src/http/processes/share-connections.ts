// Shares the connections of a server among several processes: they come to one of them, which gives some of them away.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Takes a connection, of which nothing was read yet, for another process; false: it is for this one. */
export type GiveConnection = (socket: Socket) => boolean;

/**
 * To be called as the server is made, before others listen for its connections.
 * @returns what has to be called when all of these have been told
 */
export function shareConnections(server: Server, give: GiveConnection): () => void {
  const [serveHere] = server.listeners('connection');
  if (!serveHere) throw new Error('a server of Node takes connections by a listener, and this one has none');
  server.removeListener('connection', serveHere as () => void);
  // As the option of net.Server is kept, which servers for HTTP do not pass on: what this process read, no other one could.
  Object.assign(server, { pauseOnConnect: true });
  return () => {
    server.on('connection', (socket: Socket) => {
      if (socket.destroyed) return;
      // Without an address, it comes from another process and not from a client.
      if (socket.remoteAddress !== undefined && give(socket)) return;
      serveHere.call(server, socket);
      socket.resume();
    });
  };
}
