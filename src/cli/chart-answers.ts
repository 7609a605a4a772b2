// What the chart API answers, as far as commands show it. Times are ISO 8601, sizes bytes.
import { reader } from './answers.ts';

interface ChartInList {
  readonly chart: string;
  readonly version: string;
  readonly appVersion: string | null;
  readonly description: string | null;
  readonly deprecated: boolean;
  readonly versions: number;
  readonly updatedAt: string;
}

interface FoundChart extends ChartInList {
  readonly snippet: string | null;
}

export interface Notice {
  readonly kind: string;
  readonly about: string;
  readonly reason: string;
  readonly replacement: string;
}

export interface VersionReference {
  readonly version: string;
  readonly tag: string;
  readonly digest: string;
  readonly createdAt: string;
  readonly createdBy: string | null;
  readonly prerelease: boolean;
  readonly deprecated: boolean;
  readonly yanked: boolean;
  readonly notice: Notice | null;
  readonly signed: boolean;
  readonly size: number;
  readonly appVersion: string | null;
}

interface Resolution extends VersionReference {
  readonly chart: string;
  readonly pinnedReference: string;
}

interface Version extends VersionReference {
  readonly pulls: number;
  readonly floatingTags: readonly string[];
}

interface ChartDetails {
  readonly chart: string;
  readonly newest: VersionReference;
  readonly versions: number;
}

export interface VersionDetails extends Version {
  readonly chart: string;
  readonly pinnedReference: string;
  readonly commands: Readonly<Record<string, string>>;
  /** Chart.yaml, in which anything may stand. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly provenance: { readonly keyId: string | null; readonly problem: string | null } | null;
  readonly contents: Contents | null;
  readonly contentsProblem: string | null;
}

interface Contents {
  readonly fileCount: number;
  readonly customResources: readonly {
    readonly group: string;
    readonly kind: string;
    readonly versions: readonly { readonly name: string }[];
  }[];
  readonly images: readonly Image[];
  readonly problems: readonly string[];
  readonly cut: readonly string[];
}

export interface Image {
  readonly image: string;
  readonly declared: boolean;
  readonly guessedTag: boolean;
  readonly onlyWith?: string;
  readonly sources: readonly { readonly file: string; readonly path: string }[];
}

interface ChartFile {
  readonly path: string;
  readonly size: number;
  readonly kind: string;
}

export interface Dependency {
  readonly name: string;
  readonly alias: string | null;
  readonly condition: string | null;
  readonly range: string;
  readonly location: string;
  readonly place: string;
  readonly newestAllowed: string | null;
  readonly newest: string | null;
  readonly outdated: boolean;
  readonly locked: string | null;
  readonly bundled: string | null;
}

export interface Dependent {
  readonly chart: string;
  readonly version: string;
  readonly ranges: readonly {
    readonly range: string;
    readonly location: string;
    readonly certain: boolean;
    readonly newestAllowed: string | null;
    readonly allowsNewest: boolean;
  }[];
}

interface LockCheck {
  readonly ok: boolean;
  readonly inSync: boolean | null;
  readonly dependencies: readonly CheckedDependency[];
}

export interface CheckedDependency {
  readonly name: string;
  readonly version: string;
  readonly location: string;
  readonly place: string;
  readonly found: VersionReference | null;
  readonly range: string | null;
  readonly inRange: boolean | null;
  readonly newerAllowed: string | null;
  readonly newer: string | null;
}

interface Pulls {
  readonly total: number;
  readonly days: readonly { readonly day: string; readonly pulls: number }[];
  readonly versions: readonly { readonly version: string; readonly pulls: number }[];
}

export const readChartInList = reader<ChartInList>('chart', 'version', 'description', 'versions', 'updatedAt');
export const readFoundChart = reader<FoundChart>('chart', 'version', 'description', 'snippet');
export const readResolution = reader<Resolution>('chart', 'version', 'tag', 'digest', 'pinnedReference');
export const readVersion = reader<Version>('version', 'tag', 'digest', 'createdAt', 'size', 'pulls', 'floatingTags');
export const readChartDetails = reader<ChartDetails>('chart', 'newest', 'versions');
export const readVersionDetails = reader<VersionDetails>('chart', 'version', 'commands', 'metadata', 'contents');
export const readChartFile = reader<ChartFile>('path', 'size', 'kind');
export const readDependency = reader<Dependency>('name', 'range', 'location', 'place', 'outdated');
export const readDependent = reader<Dependent>('chart', 'version', 'ranges');
export const readLockCheck = reader<LockCheck>('ok', 'inSync', 'dependencies');
export const readPulls = reader<Pulls>('total', 'days', 'versions');
