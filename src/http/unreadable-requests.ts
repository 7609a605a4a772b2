// Answers what Node's parser refuses, before there is a request that could be routed.
import type { Socket } from 'node:net';
import type { ConnectionError } from 'fastify';
import { SECURITY_HEADER_LINES } from './answer-headers.ts';
import { errorBody } from './errors.ts';

const ANSWERS: Readonly<Record<string, readonly [status: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the request line and headers have more than 16 KiB'],
};

/** The error carries the bytes that arrived, credentials and all, and is for that reason not logged. */
export function answerUnreadable(error: Pick<ConnectionError, 'code'>, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = ANSWERS[error.code] ?? ['400 Bad Request', 'this is not an HTTP request'];
  const body = errorBody('UNSUPPORTED', message);
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  socket.end(`${head}${SECURITY_HEADER_LINES}Connection: close\r\n\r\n${body}`, () => socket.destroy());
}
