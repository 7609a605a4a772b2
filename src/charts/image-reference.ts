// What the reference of a container image looks like (distribution/reference, the grammar that docker and containerd share).

interface ImageReference {
  /** with registry, when it has one */
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** characters; 255 of the name, 128 of the tag, and a digest */
const MAXIMUM_LENGTH = 512;
const MAXIMUM_NAME = 255;

const HOST = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?';
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const NAME = `(?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*`;
const REFERENCE = new RegExp(
  `^(${NAME})(?::([\\w][\\w.-]{0,127}))?(?:@([a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,128}))?$`,
);
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,128}$/;
const HEXADECIMAL_SHA256 = /^[0-9a-f]{64}$/;

/** Undefined when `text` names no image, as a text with a template in it. */
export function parseImageReference(text: string): ImageReference | undefined {
  const match = text.length > MAXIMUM_LENGTH ? null : REFERENCE.exec(text);
  const [, name, tag, digest] = match ?? [];
  return name === undefined || name.length > MAXIMUM_NAME ? undefined : { name, tag, digest };
}

export function imageText({ name, tag, digest }: ImageReference): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** A digest with its algorithm; some charts have the bare hexadecimal digits of SHA-256. */
export function digestOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (HEXADECIMAL_SHA256.test(text)) return `sha256:${text}`;
  return text.length <= MAXIMUM_LENGTH && DIGEST.test(text) ? text : undefined;
}

/** Equal for two ways to write one image: `nginx` is `docker.io/library/nginx`. */
export function imageKey(reference: ImageReference): string {
  const [first = '', ...rest] = reference.name.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const registry = hasRegistry ? first.replace(/^(?:index|registry-1)\.docker\.io$/, 'docker.io') : 'docker.io';
  const path = hasRegistry ? rest.join('/') : reference.name;
  const name = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return imageText({ ...reference, name: `${registry}/${name}` });
}
