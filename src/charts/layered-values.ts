// Values of a chart as its templates see them: its own defaults below those that the charts around it set for it.
import { isJsonMap, type JsonMap, type JsonValue, member } from './compare/json-value.ts';
import { pathText } from './compare/value-path.ts';

/** A map of values, and where it stands. */
export interface ValuesLayer {
  readonly values: JsonMap;
  /** below the outermost chart's top folder: `values.yaml`, `charts/redis/values.yaml` */
  readonly file: string;
  /** of the map in that file: `metrics.image`; empty for the whole file */
  readonly path: string;
}

/** Where a value stands. */
export interface ValueOrigin {
  readonly file: string;
  readonly path: string;
}

const GLOBAL = 'global';

/**
 * Several maps that are looked at as one, without merging them: maps are merged key by key, of everything else the uppermost
 * counts. A null is nothing, as in Helm 4 (pkg/chart/common/util, `CoalesceValues`); in Helm 3 it takes away what lies below it.
 */
export class LayeredValues {
  readonly layers: readonly ValuesLayer[];

  /** @param layers the uppermost first */
  constructor(layers: readonly ValuesLayer[]) {
    this.layers = layers;
  }

  keys(): ReadonlySet<string> {
    return new Set(this.layers.flatMap(({ values }) => Object.keys(values)));
  }

  has(key: string): boolean {
    return this.layers.some(({ values }) => member(values, key) !== undefined);
  }

  /** Undefined for what is not there and for null. */
  get(key: string): Exclude<JsonValue, null | JsonMap> | LayeredValues | undefined {
    const maps: ValuesLayer[] = [];
    for (const { values, file, path } of this.layers) {
      const value = member(values, key);
      if (value === undefined || value === null) continue;
      if (!isJsonMap(value)) {
        if (maps.length > 0) break;
        return value;
      }
      maps.push({ values: value, file, path: pathBelow(path, key) });
    }
    return maps.length === 0 ? undefined : new LayeredValues(maps);
  }

  map(key: string): LayeredValues | undefined {
    const value = this.get(key);
    return value instanceof LayeredValues ? value : undefined;
  }

  /** The scalar as a text; undefined when there is none or when it is empty. */
  text(key: string): string | undefined {
    const value = this.get(key);
    return (typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '') || undefined;
  }

  /** @param path keys with points between them, as conditions of dependencies have them */
  at(path: string): ReturnType<LayeredValues['get']> {
    const keys = path.split('.');
    let values: LayeredValues | undefined = this;
    for (const key of keys.slice(0, -1)) values = values?.map(key);
    return values?.get(keys.at(-1) ?? '');
  }

  /** The uppermost map that has one of these keys. */
  origin(keys: readonly string[]): ValueOrigin | undefined {
    const layer = this.layers.find(({ values }) => keys.some((key) => member(values, key) !== undefined));
    return layer && { file: layer.file, path: layer.path };
  }

  /** The values of a subchart: its own below those that stand here under its name. */
  around(name: string, defaults: ValuesLayer): LayeredValues {
    return new LayeredValues([...layersOf(this.map(name)), defaults]);
  }

  /** The same, and `global` of all charts over those in its own. */
  ofSubchart(name: string, defaults: ValuesLayer): LayeredValues {
    const globals = layersOf(this.map(GLOBAL)).map(asGlobal);
    return new LayeredValues([...globals, ...this.around(name, defaults).layers]);
  }
}

function layersOf(values: LayeredValues | undefined): readonly ValuesLayer[] {
  return values?.layers ?? [];
}

/** How `key` in the map at `path` is written. */
export function pathBelow(path: string, key: string): string {
  return path === '' ? pathText([key]) : `${path}.${pathText([key])}`;
}

function asGlobal({ values, file, path }: ValuesLayer): ValuesLayer {
  return { values: { [GLOBAL]: values }, file, path: path.slice(0, -GLOBAL.length - 1) };
}
