# The image of the service: one static binary, the authorities that outgoing TLS trusts, the bundled price list, and nothing else.

# `make docker-build` passes the version that Cargo.toml asks for.
ARG RUST_VERSION=1.95

# Slim, as a C compiler is all that the build takes.
FROM rust:${RUST_VERSION}-slim-bookworm AS build
RUN apt-get update -q && apt-get install -q -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY .ci/static .ci/static
COPY src src
COPY templates templates
# No cache mounts: a builder without BuildKit takes this file too.
RUN .ci/static /out
COPY pricing-list.json /out/rootfs/app/

# What is made above is a root of its own, and the folder of the repository and the keys, which is the service's alone.
FROM scratch
COPY --from=build /out/rootfs/ /
COPY --from=build --chown=65532:65532 /out/state/ /app/
WORKDIR /app
# By number: a cluster can't tell from a name that it isn't root.
USER 65532:65532
# Beyond loopback the service wants authentication, and doesn't start without: AUTH_TOKENS_FILE and its like, or AUTH=none to mean it.
ENV LISTEN_ADDRESS=0.0.0.0:8000
EXPOSE 8000
VOLUME /app/.gitops
ENTRYPOINT ["/usr/local/bin/cre-backend-api"]
