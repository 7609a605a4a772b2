// Default values of two versions: what counts as a difference, and which difference it is.
import { describe, expect, test } from 'vitest';
import { type ChartComparison, compareCharts } from '../../../src/charts/compare/compare-charts.ts';
import type { ValuesComparison } from '../../../src/charts/compare/compare-values.ts';
import { chartOfFiles } from './chart-of-files.ts';

type Compared = Extract<ValuesComparison, { compared: true }>;

function comparison(from: string, to: string): ChartComparison {
  return compareCharts(chartOfFiles({ 'values.yaml': from }), chartOfFiles({ 'values.yaml': to }));
}

function valuesOf(from: string, to: string): Compared {
  const { values } = comparison(from, to);
  if (!values.compared) throw new Error(values.reason);
  return values;
}

/** How many differences of each kind there are, of those that have some. */
function counts(from: string, to: string): Readonly<Record<string, number>> {
  const { compared: _, ...lists } = valuesOf(from, to);
  return Object.fromEntries(
    Object.entries(lists)
      .map(([kind, list]) => [kind, list.length] as const)
      .filter(([, length]) => length > 0),
  );
}

describe('no difference', () => {
  test.each([
    ['other order of keys', 'a: 1\nb: {c: 2, d: 3}\n', 'b: {d: 3, c: 2}\na: 1\n'],
    ['other spelling of a number', 'a: 1\nb: 1000\nc: 8\n', 'a: 1.0\nb: 1e3\nc: 010\n'],
    ['other spelling of a boolean', 'a: yes\n', 'a: true\n'],
    ['other spelling of nothing', 'a: ~\n', 'a:\n'],
    ['other quotes', 'a: "x"\nb: {c: d}\n', "a: 'x'\nb:\n  c: d\n"],
    ['an alias for what it stands for', 'a: &x {b: 1}\nc: *x\n', 'a: {b: 1}\nc: {b: 1}\n'],
    ['a merge for what it brings in', 'a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n', 'a: {b: 1}\nc: {b: 1, d: 2}\n'],
    ['the last of equal keys', 'a: 1\na: 2\n', 'a: 2\n'],
    ['documents that Helm merges', 'a: {b: 1}\n---\na: {c: 2}\n', 'a: {b: 1, c: 2}\n'],
    ['no file and an empty one', '', '# nothing\n'],
  ])('%s is none', (_what, from, to) => {
    expect(counts(from, to)).toEqual({});
    expect(comparison(from, to).breaking).toEqual([]);
  });
});

describe('a difference', () => {
  test('is shown once, at the highest key that came or went', () => {
    const values = valuesOf('a: {b: 1}\nold: {x: {z: 1}}\n', 'a: {b: 1, c: {d: 1, e: 2}}\nnew: 3\n');
    expect(values.added).toEqual([
      { path: 'a.c', value: { type: 'map', value: { d: 1, e: 2 } }, comment: undefined },
      { path: 'new', value: { type: 'number', value: 3 }, comment: undefined },
    ]);
    expect(values.removed).toEqual([
      { path: 'old', value: { type: 'map', value: { x: { z: 1 } } }, comment: undefined, commentedOut: false },
    ]);
  });

  test('of a default has both values and both comments', () => {
    const values = valuesOf('# -- Tag\ntag: "1"\n', '# -- Tag of the image\ntag: "2"\n');
    expect(values.changed).toEqual([
      {
        path: 'tag',
        from: { type: 'string', value: '1' },
        to: { type: 'string', value: '2' },
        fromComment: 'Tag',
        toComment: 'Tag of the image',
        items: undefined,
      },
    ]);
    expect(values.comments).toEqual([]);
  });

  test.each([
    ['a text to a number', 'a: "80"\n', 'a: 80\n'],
    ['a map to a list', 'a: {b: c}\n', 'a: [b]\n'],
    ['an empty map to an empty list', 'a: {}\n', 'a: []\n'],
    ['a list to a text', 'a: [b]\n', 'a: b\n'],
    ['a text to a boolean', 'a: "yes"\n', 'a: yes\n'],
  ])('from %s is another type', (_what, from, to) => {
    expect(counts(from, to)).toEqual({ retyped: 1 });
  });

  test('from or to nothing is another default of the same type', () => {
    expect(counts('a:\nb: {c: 1}\n', 'a: text\nb:\n')).toEqual({ changed: 2 });
  });

  test('of a map that was or became empty is another default, since such a map takes any keys', () => {
    expect(counts('limits: {}\nselector: {os: linux}\n', 'limits: {cpu: 1}\nselector: {}\n')).toEqual({ changed: 2 });
  });

  test('of a list names the items that came and went', () => {
    const [changed] = valuesOf('a: [x, u, u, {b: 1}]\n', 'a: [{b: 1}, u, z]\n').changed;
    expect(changed?.items).toEqual({
      added: [{ type: 'string', value: 'z' }],
      removed: [
        { type: 'string', value: 'x' },
        { type: 'string', value: 'u' },
      ],
      more: 0,
      reordered: false,
    });
    expect(counts('a: [x]\n', 'a: [x, z]\n')).toEqual({ changed: 1 });
    const [sorted] = valuesOf('a: [{b: 1, c: 2}]\n', 'a: [{c: 2, b: 1}, z]\n').changed;
    expect(sorted?.items).toMatchObject({ added: [{ value: 'z' }], removed: [] });
    expect(valuesOf('a: [x, z]\n', 'a: [z, x]\n').changed[0]?.items?.reordered).toBe(true);
  });

  test('has a path in which keys with dots have quotes', () => {
    const { added } = valuesOf('', 'a:\n  b.c:\n    "": 1\n  d e: 1\n  f/g: 1\n  "*": 1\n');
    expect(added.map(({ path }) => path)).toEqual(['a']);
    const inner = valuesOf('a: {x: 1}\n', 'a:\n  x: 1\n  b.c: 1\n  "": 1\n  d e: 1\n  f/g: 1\n  "*": 1\n  \'"\': 1\n');
    expect(inner.added.map(({ path }) => path)).toEqual(['a."b.c"', 'a.""', 'a."d e"', 'a.f/g', 'a."*"', 'a."\\""']);
  });

  test('shows the beginning of a long value only', () => {
    const [added] = valuesOf('', `a: [${'word, '.repeat(1000)}]\n`).added;
    expect(added?.value).toEqual({ type: 'list', excerpt: `["word",${'"word",'.repeat(100)}`.slice(0, 400) });
  });

  test('is found at keys that objects have of themselves', () => {
    const values = valuesOf('a: {__proto__: {x: 1}}\n', 'a: {__proto__: {x: 2}, constructor: 1}\n');
    expect(values.added.map(({ path }) => path)).toEqual(['a.constructor']);
    expect(values.changed.map(({ path }) => path)).toEqual(['a.__proto__.x']);
    expect(valuesOf('a: {x: 1, toString: 1}\n', 'a: {x: 1}\n').removed.map(({ path }) => path)).toEqual(['a.toString']);
  });
});

describe('a value that moved', () => {
  test('is no removed and no added one', () => {
    const values = valuesOf(
      'image: {tag: "1.0", name: web}\n',
      'web:\n  # The image.\n  image: {tag: "1.0", name: web}\n',
    );
    expect(values).toMatchObject({ added: [{ path: 'web' }], removed: [{ path: 'image' }], moved: [] });
    const inner = valuesOf(
      'web: {x: 1}\nimage: {tag: "1.0", name: web}\n',
      'web:\n  x: 1\n  # The image.\n  image: {tag: "1.0", name: web}\n',
    );
    expect(inner).toMatchObject({ added: [], removed: [] });
    expect(inner.moved).toEqual([
      {
        fromPath: 'image',
        toPath: 'web.image',
        value: { type: 'map', value: { tag: '1.0', name: 'web' } },
        comment: 'The image.',
      },
    ]);
  });

  test('may be a map with another name', () => {
    expect(counts('security: {user: 1, group: 1}\n', 'podSecurity: {user: 1, group: 1}\n')).toEqual({ moved: 1 });
  });

  test('may be a single value with its name, in a related place', () => {
    expect(counts('a: {tag: v1.0, x: 1}\n', 'a: {x: 1, image: {tag: v1.0}}\n')).toEqual({ removed: 1, added: 1 });
    expect(counts('a: {tag: v1.0, image: {x: 1}}\n', 'a: {image: {x: 1, tag: v1.0}}\n')).toEqual({ moved: 1 });
  });

  test.each([
    ['stands elsewhere by chance', 'a: {x: 1, enabled: true, port: 1}\n', 'a: {x: 1}\nb: {enabled: true, port: 1}\n'],
    ['says little', 'a: {on: true, n: 1, t: abc, in: {x: 1}}\n', 'a: {in: {x: 1, on: true, n: 1, t: abc}}\n'],
    ['has another name', 'a: {x: 1, one: v1.0.0}\n', 'a: {x: 1, other: v1.0.0}\n'],
    ['stands in an unrelated place', 'a: {x: 1, limit: 100}\nb: {y: 1}\n', 'a: {x: 1}\nb: {y: 1, limit: 100}\n'],
    ['could have come from two places', 'a: {u: 1, v: 2}\nb: {u: 1, v: 2}\n', 'c: {u: 1, v: 2}\n'],
    ['could have gone to two places', 'a: {u: 1, v: 2}\n', 'b: {u: 1, v: 2}\nc: {u: 1, v: 2}\n'],
  ])('is none when it %s', (_what, from, to) => {
    expect(valuesOf(from, to).moved).toEqual([]);
  });
});

describe('comments', () => {
  test('that changed alone are listed apart', () => {
    const values = valuesOf('# Old.\na: 1\nb:\n  # Same.\n  c: 1\n', '# New.\na: 1\n# First.\nb:\n  # Same.\n  c: 1\n');
    expect(values.comments).toEqual([
      { path: 'a', from: 'Old.', to: 'New.' },
      { path: 'b', from: undefined, to: 'First.' },
    ]);
    expect(counts('# Old.\na: 1\n', '# New.\na: 1\n')).toEqual({ comments: 1 });
  });

  test('keep a removed value as an example', () => {
    const commented = 'a:\n  # tag: "1"\n  b: 1\nc: 1\n';
    expect(valuesOf('a: {tag: "1", b: 1}\nc: 1\n', commented).removed).toMatchObject([{ commentedOut: true }]);
    expect(comparison('a: {tag: "1", b: 1}\nc: 1\n', commented).breaking).toMatchObject([{ severity: 'attention' }]);
    const elsewhere = [
      '# tag: x\na:\n  b: 1\nc: 1\n',
      'a:\n  b: 1\nc: 1\n# tag: x\n',
      'a:\n  b: 1\n    # tag: x\nc: 1\n',
      'c:\n  # tag: x\n  d: 1\na:\n  b: 1\n',
      'a:\n  b: 1\nc:\n  # tag: x\n  d: 1\n',
    ];
    for (const to of elsewhere) {
      expect(valuesOf('a: {tag: "1", b: 1}\nc: 1\n', to).removed).toMatchObject([{ commentedOut: false }]);
    }
  });
});

describe('values that cannot be compared', () => {
  const bomb = `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]\n`).join('')}`;
  test.each([
    ['bad syntax', 'a: b: c\n', 'is not YAML'],
    ['an alias bomb', bomb, 'stands for more than 200000 values'],
    [
      'an alias for a long text, many times',
      `a: &a ${'x'.repeat(100_000)}\nb: [${'*a, '.repeat(200)}]\n`,
      '16777216 char',
    ],
    ['an alias of itself', 'a: &a [*a]\n', 'nested deeper than 100 levels'],
    ['an alias without an anchor', 'a: *b\n', 'no anchor of that name'],
    ['nesting without end', '['.repeat(9000), 'nested'],
    ['a list', '- a\n', 'is not a map of values'],
    ['a text', 'hello\n', 'is not a map of values'],
    ['a list as its second document', 'a: 1\n---\n- a\n', 'is not a map of values'],
    ['a key that is a list', '? [a]\n: b\n', 'keys must be texts'],
    ['a key that is empty', '~: b\n', 'keys must be texts'],
    ['a merge of no map', '<<: 3\n', 'merge key'],
    ['a flood of tags', '!a '.repeat(340_000), 'has more than 150000 names'],
    ['a flood of lines', 'a: 1\n'.repeat(200_000), 'more than 200000 lines'],
    [
      'a flood of numbers',
      `a: [${Array.from({ length: 70_000 }, (_, index) => `${index}.5`).join()}]`,
      'names, values and signs',
    ],
  ])('as those with %s say why', (_what, text, reason) => {
    const { values, breaking } = comparison('a: 1\n', text);
    expect(values).toMatchObject({ compared: false, reason: expect.stringContaining(reason) });
    expect(values).toMatchObject({ reason: expect.stringMatching(/^values\.yaml of 1\.0\.0 /) });
    expect(breaking).toMatchObject([{ kind: 'not-compared', severity: 'attention' }]);
    expect(comparison(text, 'a: 1\n').values.compared).toBe(false);
  });

  test('as those that are no text say so', () => {
    const binary = chartOfFiles({}, { binaries: { 'values.yaml': { size: 3 } } });
    expect(compareCharts(chartOfFiles({}), binary).values).toEqual({
      compared: false,
      reason: 'values.yaml of 1.0.0 is not text in UTF-8',
    });
  });
});
