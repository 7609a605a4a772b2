// Requests to the servers that tests start, which are all on loopback.
import { openOutgoingRequests } from '../../src/adapters/outgoing-requests.ts';
import type { OutgoingRequests } from '../../src/ports/outgoing-requests.ts';

export const LOOPBACK_REQUESTS: OutgoingRequests = openOutgoingRequests({ allowedPrivateHosts: ['127.0.0.0/8'] });
