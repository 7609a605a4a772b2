// What the chart API answers of two versions, as far as "chartroom chart compare" shows it.
import { reader } from './answers.ts';

export interface Comparison {
  readonly from: { readonly version: string };
  readonly to: { readonly version: string };
  readonly equal: boolean;
  readonly breaking: readonly Risk[];
  readonly note: string;
  readonly metadata: {
    readonly fields: readonly FieldChange[];
    readonly dependencies: {
      readonly added: readonly ComparedDependency[];
      readonly removed: readonly ComparedDependency[];
      readonly changed: readonly { readonly name: string; readonly fields: readonly FieldChange[] }[];
    };
  };
  readonly values: NotCompared | ValueChanges;
  readonly schema:
    | NotCompared
    | { readonly compared: true; readonly change: string; readonly changes: readonly SchemaChange[] };
  readonly crds: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly CrdChange[];
    readonly unread: readonly { readonly path: string; readonly reason: string }[];
  };
  readonly images: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly { readonly from: string; readonly to: string }[];
  };
  readonly files: readonly FileChange[];
  readonly cut: readonly { readonly part: string; readonly message: string }[];
}

interface Risk {
  readonly severity: string;
  readonly message: string;
}

interface NotCompared {
  readonly compared: false;
  readonly reason: string;
}

/** Either whole, or the beginning of its JSON. */
export interface ShownValue {
  readonly value?: unknown;
  readonly excerpt?: string;
}

export interface FieldChange {
  readonly field: string;
  readonly from?: ShownValue;
  readonly to?: ShownValue;
}

export interface ComparedDependency {
  readonly name: string;
  readonly version?: string;
  readonly repository: string;
}

interface ValueChanges {
  readonly compared: true;
  readonly added: readonly { readonly path: string; readonly value: ShownValue; readonly comment?: string }[];
  readonly removed: readonly { readonly path: string; readonly value: ShownValue }[];
  readonly moved: readonly { readonly fromPath: string; readonly toPath: string }[];
  readonly changed: readonly ChangedValue[];
  readonly retyped: readonly ChangedValue[];
}

export interface ChangedValue {
  readonly path: string;
  readonly from: ShownValue;
  readonly to: ShownValue;
}

export interface SchemaChange {
  readonly path: string;
  readonly keyword: string;
  readonly effect: string;
  readonly from?: ShownValue;
  readonly to?: ShownValue;
}

export interface CrdChange {
  readonly name: string;
  readonly addedVersions: readonly string[];
  readonly removedVersions: readonly string[];
  readonly noLongerServed: readonly string[];
  readonly schemas: readonly { readonly version: string; readonly changes: readonly SchemaChange[] }[];
}

export type FileChange =
  | { readonly change: 'added' | 'removed'; readonly path: string; readonly size: number }
  | {
      readonly change: 'changed';
      readonly path: string;
      readonly diff:
        | {
            readonly shown: true;
            readonly text: string;
            readonly addedLines: number;
            readonly removedLines: number;
            readonly cutLines: number;
          }
        | { readonly shown: false; readonly reason: string };
    };

export const readComparison = reader<Comparison>(
  'from',
  'to',
  'breaking',
  'metadata',
  'values',
  'schema',
  'crds',
  'files',
);
