// What all clients together know of a registry at any moment: what must be there, and what may be.
import type { Digest } from '../../src/oci/digest.ts';
import { Register } from './register.ts';

/** A version of a chart; what it held once, it holds for ever. */
export interface VersionState {
  /** It was published once, so nothing else may ever be. */
  readonly isTaken: boolean;
  /** It is published, and was not deleted. */
  readonly isThere: boolean;
  readonly isYanked: boolean;
}

/** A version that one client alone publishes, deletes and yanks. */
export interface OwnVersion {
  readonly repository: string;
  readonly name: string;
  readonly version: string;
  readonly archive: Buffer;
  readonly config: Buffer;
  /** of the archive */
  readonly content: Digest;
  /** It came by ChartMuseum's API, where the server makes the config blob, which is not byte for byte this one. */
  readonly isClassic: boolean;
  readonly state: Register<VersionState>;
}

/** A version that many clients push with content of their own at the same time: one of them wins. */
export interface ContestedVersion {
  readonly repository: string;
  readonly name: string;
  readonly version: string;
  /** Digest of the archive that was accepted, or seen. */
  winner: Digest | undefined;
}

export interface OpenUpload {
  readonly repository: string;
  readonly location: string;
  readonly bytes: Buffer;
  /** bytes that were acknowledged */
  received: number;
  /** The last request has been sent: it may be over. */
  isEnding: boolean;
  /** The power was cut since: what is there of it may be torn, which its end must notice. */
  isTorn: boolean;
}

export class Model {
  /** How many ended well; they leave nothing any time, so that what nothing refers to may be gone. */
  collections = 0;
  /** The last one that was given out. */
  token: string | undefined;
  /** By `repository:version`. */
  readonly versions = new Map<string, OwnVersion>();
  readonly contested = new Map<string, ContestedVersion>();
  /** By `repository:tag`: where a tag points that moves; null when it is not there. */
  readonly tags = new Map<string, Register<Digest | null>>();
  /** By `repository@digest`: whether the manifest may be there; without a tag it may be collected. */
  readonly manifests = new Map<string, Register<boolean>>();
  readonly manifestBytes = new Map<Digest, Buffer>();
  /** By path: blobs that were acknowledged; without a manifest they may be collected. */
  readonly blobs = new Map<string, Buffer>();
  readonly uploads = new Map<string, OpenUpload>();
  /** Keys of what was asked for since the last check. */
  readonly touched = new Set<string>();

  tag(repository: string, tag: string): Register<Digest | null> {
    return this.#of(this.tags, `${repository}:${tag}`, null);
  }

  manifest(repository: string, digest: Digest): Register<boolean> {
    return this.#of(this.manifests, `${repository}@${digest}`, false);
  }

  #of<State>(registers: Map<string, Register<State>>, key: string, initial: State): Register<State> {
    this.touched.add(key);
    const known = registers.get(key);
    if (known) return known;
    const register = new Register<State>(initial);
    registers.set(key, register);
    return register;
  }
}
