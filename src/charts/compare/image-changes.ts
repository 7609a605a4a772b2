// Compares the images that two charts use, by their repositories.
import { imageKey, parseImageReference } from '../image-reference.ts';

export interface ImagesComparison {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** the same repository, as the newer version writes it, with another tag or digest */
  readonly changed: readonly { readonly repository: string; readonly from: string; readonly to: string }[];
}

/**
 * References to one image are equal however they are written: `nginx:1` is `docker.io/library/nginx:1`. A repository of
 * which both have one reference that the other has not, counts as changed.
 */
export function compareImages(from: readonly string[], to: readonly string[]): ImagesComparison {
  const removed = byRepository(from, to);
  const added = byRepository(to, from);
  const changed = [...removed].flatMap(([repository, [before, ...others]]) => {
    const [after, ...more] = added.get(repository) ?? [];
    if (before === undefined || after === undefined || others.length > 0 || more.length > 0) return [];
    return [{ key: repository, change: { repository: nameOf(after), from: before, to: after } }];
  });
  const paired = new Set(changed.map(({ key }) => key));
  const rest = (images: ReadonlyMap<string, readonly string[]>): readonly string[] =>
    [...images].flatMap(([repository, references]) => (paired.has(repository) ? [] : references)).toSorted();
  return {
    added: rest(added),
    removed: rest(removed),
    changed: changed.map(({ change }) => change).toSorted((one, other) => (one.repository < other.repository ? -1 : 1)),
  };
}

/** Those that `others` has not. */
function byRepository(images: readonly string[], others: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const known = new Set(others.map(imageOf));
  const own = new Map(images.map((image) => [imageOf(image), image]));
  return Map.groupBy(
    [...own].filter(([key]) => !known.has(key)).map(([, image]) => image),
    repositoryOf,
  );
}

/** A text that is no reference stands for itself. */
function imageOf(image: string): string {
  const reference = parseImageReference(image);
  return reference === undefined ? image : imageKey(reference);
}

function nameOf(image: string): string {
  return parseImageReference(image)?.name ?? image;
}

function repositoryOf(image: string): string {
  const reference = parseImageReference(image);
  return reference === undefined ? image : imageKey({ name: reference.name, tag: undefined, digest: undefined });
}
