// Records what happened, in the transaction in which it happens.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Transaction } from '../ports/database.ts';
import { insertEvent } from '../tables/events.ts';

/** Who did it, and when: milliseconds since 1970. */
interface Occasion {
  readonly at: number;
  readonly actor: string;
}

export type Event = Occasion &
  (
    | { readonly kind: 'tag.set'; readonly repository: RepositoryName; readonly tag: Tag; readonly digest: Digest }
    | { readonly kind: 'tag.deleted'; readonly repository: RepositoryName; readonly tag: Tag; readonly digest: Digest }
    | {
        readonly kind: 'manifest.pushed' | 'manifest.deleted' | 'blob.deleted';
        readonly repository: RepositoryName;
        readonly digest: Digest;
      }
    | {
        readonly kind: 'chart.published';
        readonly repository: RepositoryName;
        readonly tag: Tag;
        readonly digest: Digest;
        readonly detail: { readonly name: string; readonly version: string };
      }
    | {
        readonly kind: 'user.added' | 'user.removed' | 'user.password-changed';
        readonly detail: { readonly user: string };
      }
    | {
        readonly kind: 'grant.added' | 'grant.removed';
        readonly detail: { readonly user: string; readonly namespace: string; readonly role?: string };
      }
    | {
        readonly kind: 'namespace.changed';
        readonly detail: { readonly namespace: string; readonly visibility: string };
      }
  );

export async function recordEvent(tx: Transaction, event: Event): Promise<void> {
  await insertEvent(tx, {
    at: event.at,
    kind: event.kind,
    actor: event.actor,
    repository: 'repository' in event ? event.repository : '',
    tag: 'tag' in event ? event.tag : undefined,
    digest: 'digest' in event ? event.digest : undefined,
    detail: 'detail' in event ? event.detail : {},
  });
}
