// How much may be unpacked for one chart: Helm's limits, and ours where Helm sets none.
import { invalidArchive, quotedName } from './invalid-archive.ts';

const MEBIBYTE = 1024 * 1024;
/** bytes of one file, unpacked (Helm's MaxDecompressedFileSize) */
const MAXIMUM_FILE_BYTES = 5 * MEBIBYTE;
/** bytes of all files, unpacked; Helm (MaxDecompressedChartSize) refuses a chart that reaches it */
const MAXIMUM_CHART_BYTES = 100 * MEBIBYTE;
/** Files and folders; Helm sets no limit, large umbrella charts have some thousands. */
const MAXIMUM_ENTRIES = 20_000;
/** bytes of the tar stream: the files, and 2.5 KiB for the headers and the padding of each entry */
const MAXIMUM_TAR_BYTES = MAXIMUM_CHART_BYTES + MAXIMUM_ENTRIES * 2560;

/** Counts what is unpacked for one chart, the archives in it included. Each method throws RegistryError MANIFEST_INVALID. */
export class UnpackAllowance {
  #entries = 0;
  #bytes = 0;
  #tarBytes = 0;

  /** Whether nothing more can be unpacked. */
  get isSpent(): boolean {
    return this.#entries >= MAXIMUM_ENTRIES || this.#bytes >= MAXIMUM_CHART_BYTES || this.#tarBytes > MAXIMUM_TAR_BYTES;
  }

  addEntry(): void {
    this.#entries += 1;
    if (this.#entries > MAXIMUM_ENTRIES) throw invalidArchive(`has more than ${MAXIMUM_ENTRIES} files and folders`);
  }

  /** To be called before the bytes of a file are read. */
  addFile(name: string, bytes: number): void {
    if (bytes > MAXIMUM_FILE_BYTES) {
      throw invalidArchive(`has the file ${quotedName(name)} of ${bytes} bytes: Helm loads files of at most 5 MiB`);
    }
    this.#bytes += bytes;
    if (this.#bytes >= MAXIMUM_CHART_BYTES) {
      throw invalidArchive('unpacks to 100 MiB or more: Helm loads less than that');
    }
  }

  /** Ends what the limits per file do not see: headers and padding without end. */
  addTar(bytes: number): void {
    this.#tarBytes += bytes;
    if (this.#tarBytes > MAXIMUM_TAR_BYTES) {
      throw invalidArchive(
        `unpacks to more than ${Math.floor(MAXIMUM_TAR_BYTES / MEBIBYTE)} MiB of tar, headers included`,
      );
    }
  }
}
