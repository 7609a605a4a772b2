// The registry's address as clients type it, and the helm commands with it that messages suggest.

export interface RegistryAddress {
  /** with the port, where it is not the scheme's own */
  readonly host: string;
  /** helm refuses plain HTTP unless it is told to expect it */
  readonly isPlainHttp: boolean;
}

export function loginCommand(address: RegistryAddress): string {
  return `"helm registry login ${address.host}${flags(address)}"`;
}

export function logoutCommand(address: RegistryAddress): string {
  return `"helm registry logout ${address.host}"`;
}

/** @param path what stands before the chart's name, which helm appends by itself; empty for the root */
export function pushCommand(
  address: RegistryAddress,
  chart: { readonly name: string; readonly version: string },
  path: string,
): string {
  const target = path === '' ? `${address.host}/` : `${address.host}/${path}`;
  return `"helm push ${chart.name}-${chart.version}.tgz oci://${target}${flags(address)}"`;
}

function flags(address: RegistryAddress): string {
  return address.isPlainHttp ? ' --plain-http' : '';
}
