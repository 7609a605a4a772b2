// What the main process of a server and its readers, the processes that only read, say to one another.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';

/** How many requests a source has sent, or what a bucket of such requests holds. */
export type SourceCount = readonly [source: string, count: number];

/** The values of a metric, as `metrics/metrics.ts` has them. */
export type MetricSamples = Readonly<
  Record<
    string,
    readonly {
      readonly value: number;
      readonly labels?: Readonly<Record<string, string>>;
      readonly suffix?: string;
    }[]
  >
>;

export type MessageToReader =
  /** The first: what it is to work with. */
  | { readonly kind: 'start'; readonly settings: object }
  /** With a connection, which is its own from now on. */
  | { readonly kind: 'connection'; readonly id: number }
  /** What the main process has counted of those sources of which the reader has told. */
  | { readonly kind: 'levels'; readonly levels: readonly SourceCount[] }
  /** Running requests may end, then the process ends as well. */
  | { readonly kind: 'stop' };

export type MessageFromReader =
  | { readonly kind: 'ready' }
  /** A connection is over. */
  | { readonly kind: 'closed'; readonly id: number }
  | ({ readonly kind: 'report' } & ReaderReport);

/** What a reader has done since its last report. */
export interface ReaderReport {
  /** Requests that it answered itself. */
  readonly requests: readonly SourceCount[];
  readonly pulls: readonly (readonly [repository: RepositoryName, blob: Digest, count: number])[];
  /** As they are now, since it was started. */
  readonly samples: MetricSamples;
}
