// Whose doing an event is: who, with which credential, from where.

export interface Author {
  /** As messages and lists call them. */
  readonly name: string;
  /** `system` is the server by itself; `operator` whoever runs commands on its machine. */
  readonly kind: 'anonymous' | 'open' | 'operator' | 'robot' | 'system' | 'user' | 'workload';
  /** What they showed: `password`, `token chr_ab12cd34…`, …; empty for nothing. Never a secret. */
  readonly credential: string;
  readonly clientAddress: string;
  readonly userAgent: string;
}

export const SYSTEM: Author = { name: 'chartroom', kind: 'system', credential: '', clientAddress: '', userAgent: '' };
