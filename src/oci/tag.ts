// Tags, and references, which are a tag or a digest (OCI Distribution Spec, "Pulling manifests").
import { type Digest, parseDigest } from './digest.ts';
import { RegistryError } from './error.ts';

declare const tag: unique symbol;
export type Tag = string & { readonly [tag]: true };

export type Reference =
  | { readonly kind: 'tag'; readonly tag: Tag }
  | { readonly kind: 'digest'; readonly digest: Digest };

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** @throws RegistryError TAG_INVALID */
export function parseTag(text: string): Tag {
  if (!TAG.test(text)) {
    throw new RegistryError(
      'TAG_INVALID',
      `"${text.slice(0, 160)}" is not a tag: 1 to 128 letters, digits, "_", "." or "-", not starting with "." or "-" (in a chart's tag, "+" is written "_")`,
    );
  }
  return text as Tag;
}

/** A text with a colon is a digest, since no tag has one. @throws RegistryError TAG_INVALID or DIGEST_INVALID */
export function parseReference(text: string): Reference {
  return text.includes(':') ? { kind: 'digest', digest: parseDigest(text) } : { kind: 'tag', tag: parseTag(text) };
}
