// Records what happened, in the transaction in which it happens.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Transaction } from '../ports/database.ts';
import { insertEvent } from '../tables/events.ts';
import type { Author } from './author.ts';

/** Who did it, and when: milliseconds since 1970. */
interface Occasion {
  readonly at: number;
  readonly author: Author;
}

/** What was done. `detail` says what changed, in words that need no look elsewhere, and never a secret. */
type Change =
  | {
      readonly kind: 'tag.set' | 'tag.deleted';
      readonly repository: RepositoryName;
      readonly tag: Tag;
      readonly digest: Digest;
    }
  | {
      readonly kind: 'manifest.pushed' | 'manifest.deleted' | 'manifest.collected' | 'blob.deleted';
      readonly repository: RepositoryName;
      readonly digest: Digest;
    }
  | {
      readonly kind: 'blob.damaged';
      readonly repository: RepositoryName;
      readonly digest: Digest;
      readonly detail: { readonly damage: string; readonly tags: readonly Tag[] };
    }
  | {
      readonly kind: 'blob.healed';
      readonly repository: RepositoryName;
      readonly digest: Digest;
      readonly detail: { readonly by: string; readonly tags: readonly Tag[] };
    }
  | {
      readonly kind: 'chart.published';
      readonly repository: RepositoryName;
      readonly tag: Tag;
      readonly digest: Digest;
      readonly detail: { readonly name: string; readonly version: string };
    }
  | {
      readonly kind: 'notice.put' | 'notice.removed';
      readonly repository: RepositoryName;
      /** Empty when it is about the whole chart. */
      readonly tag: Tag | '';
      readonly detail: {
        readonly notice: 'deprecated' | 'yanked';
        readonly reason: string;
        readonly replacement: string;
      };
    }
  | {
      readonly kind: 'upload.ended';
      readonly repository: RepositoryName;
      readonly detail: { readonly upload: string; readonly createdBy: string; readonly bytes: number };
    }
  | {
      /** `doubtful` is one that lacks what the registry itself has lost, or keeps most of what the registry names no more. */
      readonly kind: 'backup.made' | 'backup.doubtful';
      readonly detail: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'garbage.collected'; readonly detail: Readonly<Record<string, number>> }
  /** Which job, and what it was told. */
  | { readonly kind: 'job.started'; readonly detail: { readonly job: string; readonly [option: string]: unknown } }
  | { readonly kind: AccessChange; readonly detail: Readonly<Record<string, unknown>> };

/** A change to who may do what, or to what proves it. */
export type AccessChange =
  | `user.${'added' | 'changed' | 'removed' | 'password-changed'}`
  | `group.${'added' | 'changed' | 'removed' | 'member-added' | 'member-removed'}`
  | `grant.${'added' | 'removed'}`
  | `namespace.${'changed' | 'removed'}`
  | `robot.${'added' | 'changed' | 'removed' | 'rotated' | 'secret-revoked'}`
  | `token.${'added' | 'removed' | 'rotated'}`
  | `trust-rule.${'added' | 'changed' | 'removed'}`
  | 'signing-key.rotated';

type Event = Occasion & Change;

export async function recordEvent(tx: Transaction, event: Event): Promise<void> {
  const { at, kind, author } = event;
  await insertEvent(tx, {
    at,
    kind,
    actor: author.name,
    actorKind: author.kind,
    credential: author.credential,
    clientAddress: author.clientAddress,
    userAgent: author.userAgent,
    outcome: 'allowed',
    repository: 'repository' in event ? event.repository : '',
    tag: ('tag' in event && event.tag) || null,
    digest: 'digest' in event ? event.digest : null,
    detail: JSON.stringify('detail' in event ? event.detail : {}),
  });
}
