// Deletes a tag, or a manifest with all its tags.
import { recordEvent } from '../events/record.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Reference } from '../oci/tag.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { countCatalogRevisionUp } from '../tables/catalog-revision.ts';
import { detachProvenance } from '../tables/chart-versions.ts';
import { deleteManifest as deleteManifestRow } from '../tables/manifests.ts';
import { deleteTag, deleteTagsOf } from '../tables/tags.ts';
import type { Actor } from './actor.ts';
import { requireNotFloating } from './floating-tags.ts';
import { recordTagsDeleted } from './publish-version.ts';
import { missingManifest } from './read-manifest.ts';

/**
 * By tag, only the tag goes; by digest, the manifest and every tag on it. Fixed tags are remembered, so that what was
 * published under them cannot be replaced. A version whose provenance file came with the manifest has none any more.
 * @throws RegistryError MANIFEST_UNKNOWN or NAME_UNKNOWN, TAG_KEPT for a floating tag
 */
export async function deleteManifest(
  dependencies: { readonly database: Database; readonly clock: Clock },
  repository: RepositoryName,
  reference: Reference,
  actor: Actor,
): Promise<void> {
  const at = dependencies.clock.now();
  const occasion = { at, author: actor.author, repository };
  const isDeleted = await dependencies.database.transaction(async (tx) => {
    const revision = await countCatalogRevisionUp(tx);
    const deletion = { repository, at, by: actor.name };
    if (reference.kind === 'tag') await requireNotFloating(tx, repository, reference.tag);
    const tags =
      reference.kind === 'tag'
        ? await deleteTag(tx, reference.tag, deletion)
        : await deleteTagsOf(tx, reference.digest, deletion);
    const names = tags.map(({ tag }) => tag);
    await recordTagsDeleted(tx, repository, names, { revision, at });
    for (const deleted of tags) await recordEvent(tx, { ...occasion, ...deleted, kind: 'tag.deleted' });
    if (reference.kind === 'tag') return tags.length > 0;
    const { digest } = reference;
    await detachProvenance(tx, repository, digest, revision);
    if (!(await deleteManifestRow(tx, repository, digest))) return false;
    await recordEvent(tx, { ...occasion, kind: 'manifest.deleted', digest });
    return true;
  });
  if (!isDeleted) throw await missingManifest(dependencies.database, repository, reference);
}
