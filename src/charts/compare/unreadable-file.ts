// Thrown inside of a comparison for a file that cannot be read as what it should be; the answer says so instead.
export class UnreadableFile extends Error {
  /** @param why a sentence without its subject, which is the file: "is not YAML: …" */
  constructor(why: string, options?: ErrorOptions) {
    super(why, options);
    this.name = 'UnreadableFile';
  }
}

/** What a reader of a file gives: the content, or why there is none. */
export type Readable<Content> =
  | { readonly readable: true; readonly content: Content }
  | { readonly readable: false; readonly reason: string };

/** @param file what the reason begins with, such as "values.yaml of 1.2.0" */
export function attempt<Content>(file: string, read: () => Content): Readable<Content> {
  try {
    return { readable: true, content: read() };
  } catch (error) {
    if (error instanceof UnreadableFile) return { readable: false, reason: `${file} ${error.message}` };
    throw error;
  }
}
