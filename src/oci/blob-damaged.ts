// The refusal for a blob whose bytes were damaged or lost in the store: what happened, and what heals it.
import type { Digest } from './digest.ts';
import { RegistryError } from './error.ts';

/** Whoever asks whether the blob is there, in order to push it, is told that it is not, and so uploads it again. */
export class BlobDamaged extends RegistryError {
  readonly digest: Digest;

  constructor(digest: Digest, options?: ErrorOptions) {
    super(
      'BLOB_DAMAGED',
      `blob ${digest} was damaged or lost in the registry's store, and is not given out: push the same content again, ` +
        'which heals it, or have the operator restore it from a backup ("chartroom verify" tells what else is damaged)',
      options,
    );
    this.digest = digest;
  }
}
