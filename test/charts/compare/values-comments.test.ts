// Which comment belongs to which key of values.yaml, in the forms that charts have.
import { describe, expect, test } from 'vitest';
import { Effort } from '../../../src/charts/compare/effort.ts';
import type { CommentedKey } from '../../../src/charts/compare/values-comments.ts';
import { readValues } from '../../../src/charts/compare/values-file.ts';

/** The comments of all keys that have one, by their path. */
function comments(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const collect = (key: CommentedKey, path: string): void => {
    for (const [name, child] of key.children) {
      if (child.comment !== undefined) found[`${path}${name}`] = child.comment;
      collect(child, `${path}${name}.`);
    }
  };
  collect(readValues(text, new Effort(1_000_000)).comments.root, '');
  return found;
}

describe('the comment of a key', () => {
  test('stands right above it, in one line or several, or beside it', () => {
    const text = '# First.\na: 1\n\n# Second,\n# in two lines.\nb: 2 # Beside.\nc: 3\n';
    expect(comments(text)).toEqual({ a: 'First.', b: 'Second,\nin two lines.\nBeside.' });
  });

  test('does not stand above an empty line', () => {
    expect(comments('# Values of web.\n\na: 1\n')).toEqual({});
  });

  test('is found at every level, and stays with its own', () => {
    const text = 'a:\n  # Inner.\n  b:\n    c: 1 # Innermost.\n  # Next.\n  d: 2\n# Outer.\ne: 3\n';
    expect(comments(text)).toEqual({ 'a.b': 'Inner.', 'a.b.c': 'Innermost.', 'a.d': 'Next.', e: 'Outer.' });
  });

  test('is no line of a text that begins with "#"', () => {
    expect(comments('script: | # Runs first.\n  # not a comment\nb: "# nor this"\nc: a#b\n')).toEqual({
      script: 'Runs first.',
    });
  });

  test('of a map in one line is that of its key alone', () => {
    expect(comments('a: {b: 1, c: 2} # Both.\n')).toEqual({ a: 'Both.' });
    expect(comments('{\n  # Inner.\n  "a": 1,\n}\n')).toEqual({ a: 'Inner.' });
  });

  test('has its key as Helm reads it', () => {
    expect(comments('# Yes.\ny: 1\n# Ten.\n0x0a: 1\n# Quoted.\n"y": 1\n')).toEqual({
      true: 'Yes.',
      10: 'Ten.',
      y: 'Quoted.',
    });
  });

  test('stays where it was written when an alias or a merge brings the key in elsewhere', () => {
    const text = 'a: &a\n  # Of b.\n  b: 1\nc: *a\nd:\n  <<: *a\n';
    expect(comments(text)).toEqual({ 'a.b': 'Of b.' });
  });

  test('is read past a byte order mark, and with the line ends of Windows', () => {
    expect(comments('\ufeff# First.\r\na: 1 # Beside.\r\n')).toEqual({ a: 'First.\nBeside.' });
  });
});

describe('forms of comments', () => {
  test('that helm-docs knows: the description begins with "--"', () => {
    const text =
      '# -- Not part of it.\n# -- Tag of the image,\n# else appVersion\n# @default -- appVersion\ntag: ""\n# --\nb: 1\n';
    expect(comments(text)).toEqual({ tag: 'Tag of the image,\nelse appVersion\n@default -- appVersion' });
  });

  test('that Bitnami has: a description may stand at a distance, with the path of its key', () => {
    const text =
      '## @section Image\n## Image of web.\n## ref: https://example.org\n## @param image.tag [string] Tag of the image\n## @param image.missing Not there\n##\nimage:\n  tag: ""\n  ## Optional.\n  ##\n  pull: Always\n';
    expect(comments(text)).toEqual({
      image: 'Image of web.\nref: https://example.org',
      'image.tag': 'Tag of the image',
      'image.pull': 'Optional.',
    });
  });
});
