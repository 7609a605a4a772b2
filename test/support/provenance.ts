// Provenance files in the form in which `helm package --sign` writes them, with a signature that nobody could verify.
import { stringify } from 'yaml';
import { digestOf } from '../../src/oci/digest.ts';

interface SignedChart {
  readonly name: string;
  readonly version: string;
  readonly archive: Buffer;
}

/** @param signature whatever; another one makes another file */
export function provenanceOf({ name, version, archive }: SignedChart, signature: string): Buffer {
  return Buffer.from(
    [
      '-----BEGIN PGP SIGNED MESSAGE-----',
      'Hash: SHA512',
      '',
      stringify({ apiVersion: 'v2', name, version }),
      '...',
      stringify({ files: { [`${name}-${version}.tgz`]: digestOf(archive) } }).trimEnd(),
      '-----BEGIN PGP SIGNATURE-----',
      '',
      Buffer.from(signature).toString('base64'),
      '-----END PGP SIGNATURE-----',
      '',
    ].join('\n'),
  );
}
