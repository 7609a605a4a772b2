// Which outside programs the real-client suite drives, in which versions, and how each can be had.

export interface Client {
  /** `helm-4.2.4`: what tests ask for, and the file name in the cache folder. */
  readonly name: string;
  /** The file name on PATH. */
  readonly program: string;
  /** What `<program> <versionArguments>` must print; undefined when any version will do. */
  readonly version: string | undefined;
  readonly versionArguments: readonly string[];
  /** Where it is when it is not on PATH, as programs for root are not on everybody's. */
  readonly folder?: string;
  readonly source: GoSource | DebianSource;
}

export interface GoSource {
  readonly kind: 'go';
  /** For `go install`. */
  readonly module: string;
  /** What to do where `go install` cannot reach the module; printed with the reason for a skip. */
  readonly byHand?: string;
}

export interface DebianSource {
  readonly kind: 'debian';
  readonly package: string;
  /** What the package would ask at its installation, as `debconf-set-selections` reads it. */
  readonly answers?: string;
}

/** The helm versions that every walk must pass with. */
const HELM_VERSIONS = ['3.21.4', '4.2.4'];

/** Older helm, whose authentication differs: run when `CLIENTS=all` is set. */
const OLD_HELM_VERSIONS = ['3.12.3', '3.14.4', '3.17.4'];

/** Where main of opencontainers/distribution-spec stood; its conformance program has no releases of its own. */
const CONFORMANCE_COMMIT = '967efdc079b9';
const CONFORMANCE_VERSION = `v0.0.0-20260716174315-${CONFORMANCE_COMMIT}`;

export function clientsToFind(environment: NodeJS.ProcessEnv): readonly Client[] {
  const oldHelms = environment.CLIENTS === 'all' ? OLD_HELM_VERSIONS : [];
  return [
    ...[...HELM_VERSIONS, ...oldHelms].map(helm),
    goClient('oras', '1.3.6', ['version'], 'oras.land/oras/cmd/oras'),
    goClient('crane', '0.22.1', ['version'], 'github.com/google/go-containerregistry/cmd/crane'),
    goClient('regctl', '0.11.7', ['version'], 'github.com/regclient/regclient/cmd/regctl'),
    {
      name: 'cm-push-0.10.4',
      program: 'helm-cm-push',
      // It does not say which one it is.
      version: undefined,
      versionArguments: [],
      source: {
        kind: 'go',
        module: 'github.com/chartmuseum/helm-push/cmd/helm-cm-push@v0.10.4',
        byHand:
          'to provide it by hand, run "go build -o <this checkout>/.cache/clients/cm-push-0.10.4 ./cmd/helm-cm-push" in a ' +
          'checkout of https://github.com/chartmuseum/helm-push at v0.10.4',
      },
    },
    debianClient('skopeo', 'skopeo'),
    debianClient('gpg', 'gnupg'),
    debianClient('openssl', 'openssl'),
    {
      ...debianClient('slapd', 'slapd'),
      folder: '/usr/sbin',
      // Without a configuration its service does not start: the tests start servers of their own.
      source: { kind: 'debian', package: 'slapd', answers: 'slapd slapd/no_configuration boolean true' },
    },
    {
      name: `oci-conformance-${CONFORMANCE_COMMIT}`,
      program: `oci-conformance-${CONFORMANCE_COMMIT}`,
      version: undefined,
      versionArguments: [],
      source: {
        kind: 'go',
        module: `github.com/opencontainers/distribution-spec/conformance@${CONFORMANCE_VERSION}`,
        byHand:
          `to provide it by hand, run "go build -o <this checkout>/.cache/clients/oci-conformance-${CONFORMANCE_COMMIT} ." in the ` +
          `conformance folder of a checkout of https://github.com/opencontainers/distribution-spec at ${CONFORMANCE_COMMIT}`,
      },
    },
  ];
}

function helm(version: string): Client {
  return goClient('helm', version, ['version', '--short'], `helm.sh/helm/v${version.charAt(0)}/cmd/helm`);
}

function goClient(program: string, version: string, versionArguments: readonly string[], module: string): Client {
  return {
    name: `${program}-${version}`,
    program,
    version,
    versionArguments,
    source: { kind: 'go', module: `${module}@v${version}` },
  };
}

function debianClient(program: string, packageName: string): Client {
  return {
    name: program,
    program,
    version: undefined,
    versionArguments: ['--version'],
    source: { kind: 'debian', package: packageName },
  };
}
