// Finds what looks like images among the values of a chart: maps with repository and tag, and texts under keys called image.
import { isJsonMap, type JsonValue } from './compare/json-value.ts';
import { digestOf, imageText, isTag, parseImageReference } from './image-reference.ts';
import { LayeredValues, pathBelow, type ValueOrigin } from './layered-values.ts';

interface ValuesImage extends ValueOrigin {
  readonly image: string;
  /** The values have no tag, and the chart's appVersion stands in its place. */
  readonly hasAppVersion: boolean;
  /** see `ImageSearch` */
  readonly onlyWith: string | undefined;
}

interface ImageSearch {
  readonly appVersion: string | undefined;
  /** Under which path the outermost chart's values set these values; empty for its own. */
  readonly path: string;
  /** The value, from the outermost chart's values on, that is off and without which none of these images is used. */
  readonly onlyWith: string | undefined;
  /** Bitnami's charts, and many others, put it in the place of every other registry. */
  readonly globalRegistry: string | undefined;
  /** Keys that are not looked at: what stands there is for other charts. */
  readonly except: ReadonlySet<string>;
  /** Keys of values that are for charts with another appVersion. */
  readonly unversioned: ReadonlySet<string>;
  /** Called for each value; false ends the search. */
  readonly step: () => boolean;
}

interface Place {
  readonly appVersion: string | undefined;
  readonly key: string;
  /** from the outermost chart's values on */
  readonly path: string;
  readonly onlyWith: string | undefined;
  /** Whether some key above says that images follow: `images: {proxy: envoy:1.30}`. */
  readonly isAmongImages: boolean;
}

/** `image`, `images`, `sidecarImage` */
const IMAGE_KEY = /images?$/i;
/** `imageK8S`; but nothing that is about an image and none: `imagePullPolicy`, `imageRegistry`. */
const ABOUT_IMAGE_KEY = /^image/i;
const NO_IMAGE_KEY = /(?:registry|repository|repo|tag|policy|secrets?|host|url|digest|version|sha)$/i;
/** What a map with a repository has when it is about images and not about code or charts. */
const IMAGE_FIELDS = ['tag', 'digest', 'registry', 'sha', 'pullPolicy', 'imagePullPolicy'];
const NAME_FIELDS = ['repository', 'image', 'name'];
const TAG_FIELDS = ['tag', 'version'];

export function imagesInValues(values: LayeredValues, search: ImageSearch): readonly ValuesImage[] {
  const finder = new ValuesImageFinder(search);
  const { appVersion, path, onlyWith } = search;
  finder.map(values, { key: '', path, appVersion, onlyWith, isAmongImages: false });
  return finder.found;
}

class ValuesImageFinder {
  readonly found: ValuesImage[] = [];
  readonly #search: ImageSearch;

  constructor(search: ImageSearch) {
    this.#search = search;
  }

  map(values: LayeredValues, place: Place): void {
    const isOff = place.key !== '' && place.onlyWith === undefined && values.get('enabled') === false;
    const here = isOff ? { ...place, onlyWith: pathBelow(place.path, 'enabled') } : place;
    const name = nameIn(values, place.key);
    if (name !== undefined) this.#addComposed(name, values, here, { nameFields: NAME_FIELDS, tagFields: TAG_FIELDS });
    for (const key of values.keys()) {
      if (!this.#search.step()) return;
      const isAmongImages = here.isAmongImages || IMAGE_KEY.test(here.key);
      const isOutermost = place.key === '';
      if (isOutermost && this.#search.except.has(key)) continue;
      const isUnversioned = isOutermost && this.#search.unversioned.has(key);
      const appVersion = isUnversioned ? undefined : here.appVersion;
      const path = pathBelow(place.path, key);
      const below = { key, path, appVersion, onlyWith: here.onlyWith, isAmongImages };
      const value = values.get(key);
      if (value instanceof LayeredValues) this.map(value, below);
      else if (typeof value === 'string' && name === undefined) this.#text(value.trim(), values, below);
      else if (typeof value === 'object') this.#list(value, values, below);
    }
  }

  #list(items: readonly JsonValue[], around: LayeredValues, place: Place): void {
    const origin = originOf(around, place.key);
    for (const [index, item] of items.entries()) {
      if (!this.#search.step()) return;
      const path = `${place.path}[${index}]`;
      const itemOrigin = { file: origin.file, path: `${origin.path}[${index}]` };
      if (isJsonMap(item)) this.map(new LayeredValues([{ values: item, ...itemOrigin }]), { ...place, path });
      else if (typeof item === 'string' && IMAGE_KEY.test(place.key))
        this.#addIfTagged(item, { ...place, ...itemOrigin });
    }
  }

  /** A text under a key that says image. Without a tag it may be anything, so then more must speak for it. */
  #text(text: string, around: LayeredValues, place: Place): void {
    const { key, onlyWith } = place;
    const origin = originOf(around, key);
    const isImageKey = IMAGE_KEY.test(key);
    if (NO_IMAGE_KEY.test(key) || !(isImageKey || ABOUT_IMAGE_KEY.test(key) || place.isAmongImages)) return;
    const tagFields = [`${key}Tag`, ...(key === 'image' ? TAG_FIELDS : [])];
    const hasParts = tagFields.some((field) => around.has(field)) || (key === 'image' && around.has('registry'));
    if (isImageKey && hasParts) this.#addComposed(text, around, place, { nameFields: [key], tagFields });
    else if (key === 'image' && text.includes('/')) this.#add(text, origin, onlyWith, false);
    else this.#addIfTagged(text, { ...origin, onlyWith });
  }

  #addIfTagged(text: string, { file, path, onlyWith }: ValueOrigin & { readonly onlyWith: string | undefined }): void {
    const reference = parseImageReference(text);
    if (reference?.tag !== undefined || reference?.digest !== undefined)
      this.#add(text, { file, path }, onlyWith, false);
  }

  #addComposed(
    name: string,
    parts: LayeredValues,
    place: Place,
    { nameFields, tagFields }: { readonly nameFields: readonly string[]; readonly tagFields: readonly string[] },
  ): void {
    const registry = parts.has('registry') ? (this.#search.globalRegistry ?? parts.text('registry')) : undefined;
    const whole = registry === undefined || name.startsWith(`${registry}/`) ? name : `${registry}/${name}`;
    const reference = parseImageReference(whole);
    if (reference === undefined) return;
    const origin = parts.origin([...nameFields, ...tagFields, 'registry', 'digest']) ?? { file: '', path: '' };
    const digest = digestOf(parts.text('digest') ?? parts.text('sha')) ?? reference.digest;
    const tag = tagFields.map((field) => parts.text(field)).find((text) => text !== undefined) ?? reference.tag;
    if (tag !== undefined && digestOf(tag) !== undefined) {
      this.#add(imageText({ ...reference, digest: digestOf(tag) }), origin, place.onlyWith, false);
      return;
    }
    const isTagless = tag === undefined && digest === undefined;
    const guess = isTagless && isTag(place.appVersion ?? '') ? place.appVersion : undefined;
    const image = imageText({ name: reference.name, tag: tag ?? guess, digest });
    this.#add(image, origin, place.onlyWith, guess !== undefined);
  }

  #add(image: string, origin: ValueOrigin, onlyWith: string | undefined, hasAppVersion: boolean): void {
    if (parseImageReference(image) !== undefined) this.found.push({ image, ...origin, onlyWith, hasAppVersion });
  }
}

/** The name of the image that a map describes; undefined when it describes none. */
function nameIn(values: LayeredValues, key: string): string | undefined {
  const repository = values.text('repository');
  const image = values.text('image');
  const isImageKey = IMAGE_KEY.test(key);
  if (repository !== undefined) {
    if (image !== undefined && !/[/:@]/.test(image)) return `${repository}/${image}`;
    return isImageKey || IMAGE_FIELDS.some((field) => values.has(field)) ? repository : undefined;
  }
  if (!isImageKey) return undefined;
  if (image !== undefined && ['registry', 'tag', 'digest'].some((field) => values.has(field))) return image;
  const name = values.text('name');
  const hasTag = TAG_FIELDS.some((field) => values.text(field) !== undefined);
  return name !== undefined && (hasTag || name.includes('/')) ? name : undefined;
}

function originOf(values: LayeredValues, key: string): ValueOrigin {
  const origin = values.origin([key]) ?? { file: '', path: '' };
  return { file: origin.file, path: pathBelow(origin.path, key) };
}
