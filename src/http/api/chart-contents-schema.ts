// What is in a version's archive, in the words of the chart API.

import type { Static } from 'typebox';
import type { ShownText, VersionContents } from '../../catalog/version-contents.ts';
import type { ContentsDescription } from '../../charts/describe-contents.ts';
import { Type } from '../../json-schemas.ts';
import { writable } from './chart-schemas.ts';
import { choice, orNull, strict } from './schemas.ts';

const FILE_KINDS = [
  ...(['metadata', 'requirements', 'lock', 'values', 'schema', 'notes', 'template'] as const),
  ...(['crd', 'subchart', 'readme', 'license', 'helmignore', 'file'] as const),
] as const;

export const FileKind = choice(FILE_KINDS, 'What Helm takes it for; "file" is what templates reach as ".Files".');

export const ChartFile = strict(
  {
    path: Type.String({ description: "Below the chart's top folder." }),
    size: Type.Integer({ description: 'Bytes.' }),
    kind: FileKind,
  },
  { title: 'ChartFile', description: 'A file of a chart.' },
);

const TextFile = strict(
  {
    path: Type.String(),
    size: Type.Integer({ description: 'Bytes of the whole file.' }),
    text: Type.String({ description: 'At most 262,144 characters of it.' }),
    cut: Type.Boolean({ description: 'There is more of it.' }),
    address: Type.String({ description: 'Where the whole file is, without scheme and host.' }),
  },
  { title: 'TextFile', description: 'A file of a chart as text.' },
);
const ABSENT = 'Null when there is none, or none that is text in UTF-8.';

const CustomResource = strict(
  {
    ...{ group: Type.String(), kind: Type.String() },
    scope: Type.Optional(Type.String({ description: 'Namespaced or Cluster; absent when that is not said.' })),
    versions: Type.Array(strict({ name: Type.String(), served: Type.Boolean(), storage: Type.Boolean() })),
    file: Type.String(),
    place: choice(
      ['crds', 'templates'],
      'crds: installed before everything else, and never changed by Helm; templates: when they are rendered.',
    ),
  },
  { title: 'CustomResource', description: 'The definition of a custom resource (CRD).' },
);
const ImageSource = strict({
  kind: choice(['annotation', 'values', 'template'], ''),
  file: Type.String(),
  path: Type.String({ description: "The annotation's name, the value, or the line." }),
});
const Image = strict(
  {
    image: Type.String({ description: 'As it is written; without a tag, "latest" is meant.' }),
    declared: Type.Boolean({ description: 'The publisher lists it in an annotation; else it was inferred.' }),
    guessedTag: Type.Boolean({ description: 'Nothing says its tag, so that the appVersion was put there.' }),
    onlyWith: Type.Optional(Type.String({ description: 'The value that must be switched on for it to be used.' })),
    sources: Type.Array(ImageSource, { description: 'At most five places that name it.' }),
  },
  { title: 'ChartImage', description: 'An image that the chart seems to use. Templates may name others.' },
);

export const Contents = strict(
  {
    chartYaml: orNull(TextFile, ABSENT),
    readme: orNull(TextFile, ABSENT),
    values: orNull(TextFile, ABSENT),
    schema: orNull(TextFile, ABSENT),
    files: Type.Array(ChartFile, { description: 'In the order of their paths, templates and CRDs among them.' }),
    fileCount: Type.Integer({ description: 'Of all files.' }),
    fileBytes: Type.Integer({ description: 'Of all files together, unpacked.' }),
    templateCount: Type.Integer({ description: 'Without those of subcharts.' }),
    customResources: Type.Array(CustomResource),
    images: Type.Array(Image),
    subcharts: Type.Array(strict({ name: Type.String(), version: Type.String(), path: Type.String() }), {
      description: 'The charts in charts/, and those in these.',
    }),
    problems: Type.Array(Type.String(), {
      description: 'What cannot be read, what is missing, what Helm would refuse.',
    }),
    cut: Type.Array(choice(['files', 'customResources', 'images', 'subcharts', 'problems'], ''), {
      description: 'Lists that are not whole. All files are listed at the address …/files.',
    }),
  },
  { title: 'ChartContents', description: 'What is in the archive.' },
);

/** @param addressOf of a file by its path */
export function shownContents(
  contents: Extract<VersionContents, { kind: 'described' }>,
  addressOf: (path: string) => string,
): Static<typeof Contents> {
  const { texts, description } = contents;
  const { files, fileCount, fileBytes, templateCount, customResources, images, subcharts, problems, cut } =
    writable<ContentsDescription>(description);
  const shown = (file: ShownText | undefined) => (file ? shownText(file, addressOf) : null);
  return {
    chartYaml: shown(texts.chartYaml),
    readme: shown(texts.readme),
    values: shown(texts.values),
    schema: shown(texts.schema),
    ...{ files, fileCount, fileBytes, templateCount, customResources, images, subcharts, problems, cut },
  };
}

function shownText({ path, size, text, isCut }: ShownText, addressOf: (path: string) => string) {
  return { path, size, text, cut: isCut, address: addressOf(path) };
}
