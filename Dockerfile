# Chartroom as a container image; how to run it is in docs/container.md, docker/smoke-test.sh builds and tries it.

# On Debian, since Node's own builds are for its C library and not for Alpine's; slim, since nothing here needs a compiler.
# The tag moves with the fixes of Node 24 and Debian 13: build with --pull to get them.
ARG BASE_IMAGE=docker.io/library/node:24-trixie-slim

FROM ${BASE_IMAGE} AS build
ARG NPM_CONFIG_REGISTRY
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without install scripts: both native modules bring a binary for each platform, so nothing needs a compiler. Removed is what
# only those need who compile them, and the binaries of other systems.
RUN npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/better-sqlite3/deps node_modules/better-sqlite3/src \
 && find node_modules/*/prebuilds -mindepth 1 -maxdepth 1 ! -name 'linux*' -exec rm -rf {} +
COPY . .
# Whatever the umask of the checkout was, the user below can read everything. Then the native modules are loaded once: a
# platform for which one has no binary fails here instead of at the first start.
RUN chmod -R u+rwX,go+rX,go-w . \
 && node -e "require('argon2'); new (require('better-sqlite3'))(':memory:')" \
 && install -d -o 1000 -g 1000 node_modules/.cache
# What is compiled at a first start comes with the image, where the server may write nothing. Node keeps it by user, path and
# processor: for another one it is compiled at each start, as without it.
USER 1000:1000
RUN node docker/fill-compile-cache.mjs
USER 0:0
# Written for that user alone; in the image it belongs to root, and nobody else may change what will be run.
RUN chmod -R go+rX,go-w node_modules/.cache

FROM ${BASE_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Chartroom" \
      org.opencontainers.image.description="A self-hosted registry for Helm charts" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The command for "docker exec", and a data folder that new volumes take their owner from. The package managers of the base
# image are of no use in a container that installs nothing, and only give security scanners something to report.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
 && printf '#!/bin/sh\nexec node /app/src/main.mjs "$@"\n' > /usr/local/bin/chartroom \
 && chmod 0755 /usr/local/bin/chartroom \
 && install -d -m 0750 -o 1000 -g 1000 /data
COPY --from=build /app /app
WORKDIR /app
# SQLite writes large intermediate results to a temporary file, and the root filesystem may be read-only.
ENV CHARTROOM_HOST=0.0.0.0 \
    CHARTROOM_DATA_DIR=/data \
    SQLITE_TMPDIR=/data
VOLUME ["/data"]
EXPOSE 5000
# The user "node" of the base image, as a number, so that Kubernetes can tell that it is not root.
USER 1000:1000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["node", "/app/docker/healthcheck.mjs"]
# The wrapper hands its process over to node, which so gets the signals.
ENTRYPOINT ["chartroom"]
CMD ["serve"]
