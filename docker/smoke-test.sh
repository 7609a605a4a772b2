#!/bin/sh
# Builds the container image and tries it: one line for each check, and exit code 1 at the first that fails.
#
#   docker/smoke-test.sh                                  with docker, podman or buildah, the first that works here
#   ENGINE=podman docker/smoke-test.sh                    with this one
#   BASE_IMAGE=registry.example.com/node:24-trixie-slim docker/smoke-test.sh
#   docker/smoke-test.sh --build-arg NPM_CONFIG_REGISTRY=https://npm.example.com/    (all words go to the build)
#
# The image stays, under the name in IMAGE; container and volume are removed. A helm on the PATH is used as well.
# buildah alone has no daemon, no health checks and no read-only root. With it the server runs in a chroot and on this
# machine's own network, and a check at the end says whether it has written anything outside of /data.
set -eu
cd "$(dirname "$0")/.."

IMAGE=${IMAGE:-localhost/chartroom:smoke-test}
GRACE=30
password='smoke test password'
name=chartroom-smoke-test-$$
checks=0

works() {
  case $1 in
    buildah) buildah --version ;;
    *) "$1" info ;;
  esac >/dev/null 2>&1
}

find_engine() {
  for candidate in docker podman buildah; do
    if works "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  echo 'none of docker (with its daemon), podman and buildah works here' >&2
  return 1
}

ENGINE=${ENGINE:-$(find_engine)}
case $ENGINE in
  docker | podman)
    # The server is a container, its first process.
    pid=1
    port=5000
    # Images in podman's own format carry no health check, and its --read-only leaves /tmp writable.
    if [ "$ENGINE" = podman ]; then
      build_options='--format docker'
      run_options=--read-only-tmpfs=false
    fi

    prepare() { "$ENGINE" volume create "$name"; }

    start() {
      # shellcheck disable=SC2086
      "$ENGINE" run --detach --name "$name" --read-only ${run_options:-} --cap-drop ALL \
        --security-opt no-new-privileges --volume "$name:/data" --publish 127.0.0.1::5000 \
        --env CHARTROOM_ADMIN_PASSWORD="$password" "$IMAGE"
    }

    inside() { "$ENGINE" exec --interactive "$name" "$@"; }

    stop() {
      "$ENGINE" stop -t "$GRACE" "$name" &&
        status=$("$ENGINE" inspect --format '{{.State.ExitCode}}' "$name") &&
        "$ENGINE" rm "$name"
    }

    log() { "$ENGINE" logs "$name"; }
    image_user() { "$ENGINE" image inspect --format '{{.Config.User}}' "$IMAGE"; }
    published_port() { "$ENGINE" port "$name" 5000/tcp | sed -n '1s/.*://p'; }

    clean_up() {
      "$ENGINE" rm --force "$name"
      "$ENGINE" volume rm --force "$name"
      rm -rf "$work"
    }
    ;;
  buildah)
    # The server is a process that this script has started, on the image's files.
    pid=
    build_options='--format docker'
    BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
    export BUILDAH_ISOLATION

    # Who is not root has the container's users in a user namespace.
    as_owner() { if [ "$(id -u)" -eq 0 ]; then "$@"; else buildah unshare "$@"; fi; }

    prepare() {
      buildah from --name "$name" "$IMAGE" &&
        mkdir "$work/data" &&
        as_owner chown "$(image_user)" "$work/data" &&
        touch "$work/before" &&
        port=$(inside node -p 'require("node:net").createServer().listen(0).unref().address().port')
    }

    inside() {
      buildah run --isolation chroot --volume "$work/data:/data:Z" --env CHARTROOM_HOST=127.0.0.1 \
        --env CHARTROOM_PORT="${port:-5000}" --env CHARTROOM_ADMIN_PASSWORD="$password" "$name" -- "$@"
    }

    start() {
      command=$(buildah inspect --type image --format '{{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}}' "$IMAGE")
      rm -f "$work/status"
      {
        status=0
        # shellcheck disable=SC2016,SC2046
        inside sh -c 'echo $$ && exec "$@"' - $(echo "$command" | tr -d '[]') >"$work/log" 2>&1 </dev/null || status=$?
        echo "$status" >"$work/status"
      } &
      for _ in $(seq 50); do
        pid=$(sed -n 1p "$work/log")
        if [ -n "$pid" ]; then return; fi
        sleep 0.2
      done
      return 1
    }

    stop() {
      # From inside, since only there the server's user has the same number.
      # shellcheck disable=SC2016
      inside sh -c 'kill -TERM "$1"' - "$pid" || return 1
      for _ in $(seq "$GRACE"); do
        sleep 1
        if [ -s "$work/status" ]; then
          pid=
          status=$(cat "$work/status")
          return
        fi
      done
      return 1
    }

    log() { cat "$work/log"; }
    image_user() { buildah inspect --type image --format '{{.OCIv1.Config.User}}' "$IMAGE"; }
    published_port() { echo "$port"; }

    clean_up() {
      # shellcheck disable=SC2016
      if [ -n "$pid" ]; then inside sh -c 'kill -KILL "$1"' - "$pid"; fi
      buildah rm "$name"
      as_owner rm -rf "$work"
    }
    ;;
  *)
    echo "ENGINE is \"$ENGINE\", but must be docker, podman or buildah" >&2
    exit 1
    ;;
esac
work=$(mktemp -d)
trap 'clean_up >/dev/null 2>&1 || true' EXIT
trap 'exit 1' HUP INT PIPE TERM

# The function that follows the description must say itself that it failed: "set -e" does not hold within it.
check() {
  description=$1
  shift
  if "$@" >"$work/output" 2>&1; then
    echo "ok    $description"
    checks=$((checks + 1))
    return
  fi
  echo "FAIL  $description"
  tail -n 40 "$work/output" | sed 's/^/      | /'
  echo '      The last lines of the server:'
  { log 2>&1 || true; } | tail -n 20 | sed 's/^/      | /'
  exit 1
}

build() {
  # shellcheck disable=SC2086
  "$ENGINE" build ${build_options:-} ${BASE_IMAGE:+--build-arg "BASE_IMAGE=$BASE_IMAGE"} --tag "$IMAGE" "$@" .
}

user_is_a_number() {
  image_user
  case $(image_user) in
    '' | 0 | 0:* | *[!0-9:]*) return 1 ;;
  esac
}

holds_only_what_runs() {
  # shellcheck disable=SC2016
  inside sh -c '
    for unwanted in .git test node_modules/node node_modules/typescript node_modules/vitest; do
      if [ -e "/app/$unwanted" ]; then echo "/app/$unwanted" && exit 1; fi
    done
    ! command -v npm
  '
}

becomes_healthy() {
  for _ in $(seq 60); do
    if inside node /app/docker/healthcheck.mjs; then return; fi
    sleep 0.5
  done
  return 1
}

engine_finds_it_healthy() {
  # podman has timers for this only where systemd runs.
  if [ "$ENGINE" = podman ]; then
    podman healthcheck run "$name"
    return
  fi
  for _ in $(seq 60); do
    health=$("$ENGINE" inspect --format '{{.State.Health.Status}}' "$name")
    if [ "$health" = healthy ]; then return; fi
    sleep 1
  done
  echo "after a minute it is: $health"
  return 1
}

process_is_the_users() { inside grep "^Uid:[[:space:]]$(image_user | cut -d: -f1)[[:space:]]" "/proc/$pid/status"; }

process_is_node() {
  inside cat "/proc/$pid/cmdline" | tr '\0' ' ' >"$work/cmdline"
  cat "$work/cmdline"
  echo
  grep -q '^node .*main\.ts serve' "$work/cmdline"
}

root_is_read_only() { inside sh -c 'grep " / [^ ]* ro[, ]" /proc/mounts && ! touch /tmp/new'; }

nothing_but_data_is_written() {
  # shellcheck disable=SC2016
  as_owner sh -c '
    find "$(buildah mount "$1")" -newer "$2" ! -type d
    buildah umount "$1" >/dev/null
  ' - "$name" "$work/before" >"$work/written"
  cat "$work/written"
  ! [ -s "$work/written" ]
}

add_a_user() {
  printf '%s' "$password" | inside chartroom user add ci --password-stdin &&
    inside chartroom grant add ci writer team
}

client() { inside node --input-type=module - "$1" "http://127.0.0.1:$port" "$2" "$3" <"$work/client.mjs"; }

# What oras and the like do, so that the test needs nothing but the image.
cat >"$work/client.mjs" <<'END'
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

const [action, url, username, password] = process.argv.slice(2);
const repository = 'team/smoke-test';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const describe = (mediaType, bytes) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
const config = Buffer.from('{}');
const layer = Buffer.alloc(3 * 1024 * 1024, 'chartroom ');
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: 'application/vnd.example.smoke-test',
    config: describe('application/vnd.oci.empty.v1+json', config),
    layers: [describe('application/octet-stream', layer)],
  }),
);

const scope = `repository:${repository}:pull,push`;
const form = new URLSearchParams({ grant_type: 'password', service: 'smoke-test', username, password, scope });
const login = await fetch(`${url}/token`, { method: 'POST', body: form });
const answer = await login.json();
assert.equal(login.status, action === 'be-refused' ? 401 : 200, JSON.stringify(answer));

async function send(path, expected, init = {}) {
  const headers = { ...init.headers, authorization: `Bearer ${answer.access_token}` };
  const response = await fetch(new URL(path, url), { ...init, headers });
  const body = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, expected, `${init.method ?? 'GET'} ${path}: ${body.subarray(0, 500)}`);
  return { headers: response.headers, body };
}

if (action === 'push') {
  for (const bytes of [config, layer]) {
    const { headers } = await send(`/v2/${repository}/blobs/uploads/`, 202, { method: 'POST' });
    const location = new URL(headers.get('location'), url);
    location.searchParams.set('digest', digestOf(bytes));
    await send(location.href, 201, { method: 'PUT', body: bytes });
  }
  const headers = { 'content-type': MANIFEST };
  await send(`/v2/${repository}/manifests/1`, 201, { method: 'PUT', headers, body: manifest });
}
if (action === 'pull') {
  assert.deepEqual((await send(`/v2/${repository}/manifests/1`, 200)).body, manifest);
  assert.deepEqual((await send(`/v2/${repository}/blobs/${digestOf(layer)}`, 200)).body, layer);
}
END

answers_on_this_machine() { curl --fail --silent --show-error --max-time 10 "http://127.0.0.1:$(published_port)/livez"; }

helm_works() {
  HELM_REGISTRY_CONFIG=$work/helm.json
  export HELM_REGISTRY_CONFIG
  registry=localhost:$(published_port)
  mkdir "$work/chart" "$work/pulled" &&
    printf 'apiVersion: v2\nname: smoke\nversion: 1.0.0\n' >"$work/chart/Chart.yaml" &&
    helm package "$work/chart" --destination "$work" &&
    printf '%s' "$password" | helm registry login "$registry" --plain-http --username ci --password-stdin &&
    helm push "$work/smoke-1.0.0.tgz" "oci://$registry/team" --plain-http &&
    helm pull "oci://$registry/team/smoke" --version 1.0.0 --plain-http --destination "$work/pulled" &&
    cmp "$work/smoke-1.0.0.tgz" "$work/pulled/smoke-1.0.0.tgz"
}

stops_in_order() {
  begun=$(date +%s)
  stop || return 1
  seconds=$(($(date +%s) - begun))
  echo "exit code $status after $seconds seconds"
  [ "$status" -eq 0 ] && [ "$seconds" -lt "$GRACE" ]
}

check "$ENGINE builds the image" build "$@"
check 'its user is a number, and not root' user_is_a_number
check 'a fresh volume is made' prepare
if [ "$ENGINE" = buildah ]; then
  check 'the server starts' start
else
  check 'the server starts, read-only and without capabilities' start
fi
check 'the health check finds it ready' becomes_healthy
if [ "$ENGINE" != buildah ]; then check "$ENGINE runs the health check" engine_finds_it_healthy; fi
check "the server runs as the image's user" process_is_the_users
check 'the process that gets the signals is node' process_is_node
check 'neither development packages nor npm are in the image' holds_only_what_runs
if [ "$ENGINE" != buildah ]; then check 'the root filesystem is read-only, /tmp too' root_is_read_only; fi
check 'a wrong password is refused' client be-refused admin 'not the password'
check 'the administrator logs in' client log-in admin "$password"
check 'the command chartroom adds a user' add_a_user
check 'that user logs in and pushes' client push ci "$password"
if command -v curl >/dev/null; then check 'the published port answers' answers_on_this_machine; fi
if command -v helm >/dev/null; then check "$(helm version --template '{{.Version}}') of helm pushes and pulls a chart" helm_works; fi
check "SIGTERM stops it with exit code 0 within $GRACE seconds" stops_in_order
check 'it starts again on the same volume' start
check 'the health check finds it ready again' becomes_healthy
check 'what was pushed is still there' client pull ci "$password"
check 'it stops again' stops_in_order
if [ "$ENGINE" = buildah ]; then check 'nothing outside of /data was written' nothing_but_data_is_written; fi
echo "all $checks checks passed; the image is $IMAGE"
