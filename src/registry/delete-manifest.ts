// Deletes a tag, or a manifest with all its tags.

import { recordEvent } from '../events/record.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Reference } from '../oci/tag.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { deleteManifest as deleteManifestRow } from '../tables/manifests.ts';
import { deleteTag, listTagsOf } from '../tables/tags.ts';
import type { Actor } from './actor.ts';
import { missingManifest } from './read-manifest.ts';

/**
 * By tag, only the tag goes; by digest, the manifest and every tag on it. Fixed tags are remembered, so that what was
 * published under them cannot be replaced.
 * @throws RegistryError MANIFEST_UNKNOWN or NAME_UNKNOWN
 */
export async function deleteManifest(
  dependencies: { readonly database: Database; readonly clock: Clock },
  repository: RepositoryName,
  reference: Reference,
  actor: Actor,
): Promise<void> {
  const at = dependencies.clock.now();
  const isDeleted = await dependencies.database.transaction(async (tx) => {
    const tags = reference.kind === 'tag' ? [reference.tag] : await listTagsOf(tx, repository, reference.digest);
    let deletedTags = 0;
    for (const tag of tags) {
      const digest = await deleteTag(tx, { repository, tag, at, by: actor.name });
      if (!digest) continue;
      deletedTags += 1;
      await recordEvent(tx, { kind: 'tag.deleted', at, actor: actor.name, repository, tag, digest });
    }
    if (reference.kind === 'tag') return deletedTags > 0;
    const { digest } = reference;
    if (!(await deleteManifestRow(tx, repository, digest))) return false;
    await recordEvent(tx, { kind: 'manifest.deleted', at, actor: actor.name, repository, digest });
    return true;
  });
  if (!isDeleted) throw await missingManifest(dependencies.database, repository, reference);
}
