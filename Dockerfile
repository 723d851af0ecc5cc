# The image of the service: one binary, the bundled price list, and nothing else that runs.

# `make docker-build` passes the version that Cargo.toml asks for.
ARG RUST_VERSION=1.95

# Slim, as a C compiler is all that the build takes. The same Debian as below, so that the C library is the one it was linked with.
FROM rust:${RUST_VERSION}-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY templates templates
# zlib is linked in whatever the build image holds: the last stage has none.
ENV LIBZ_SYS_STATIC=1
# No cache mounts: a builder without BuildKit takes this file too.
RUN cargo build --locked --release --bin cre-backend-api && cp target/release/cre-backend-api /usr/local/bin/
# There is no shell to do this below: the folder of the repository and the keys, for the service alone.
RUN install -d /state && install -d -m 0700 /state/.gitops

# Not scratch: a static glibc can't be trusted with host names, and outgoing TLS wants the authorities' certificates.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /usr/local/bin/cre-backend-api /usr/local/bin/cre-backend-api
WORKDIR /app
COPY pricing-list.json ./
COPY --from=build --chown=65532:65532 /state/ ./
# The distribution's `nonroot`, by number: a cluster can't tell from a name that it isn't root.
USER 65532:65532
# Beyond loopback the service wants authentication, and doesn't start without: AUTH_TOKENS_FILE, or AUTH=none to mean it.
ENV LISTEN_ADDRESS=0.0.0.0:8000
EXPOSE 8000
VOLUME /app/.gitops
ENTRYPOINT ["/usr/local/bin/cre-backend-api"]
