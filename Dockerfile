FROM rust:1.95-slim-bookworm AS build
# SQLite and libpq are built from their C sources; libpq's TLS is OpenSSL's.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev make pkg-config libssl-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
# What was compiled before is kept between builds in the caches, so the program has to be copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target,sharing=locked \
    cargo build --release --locked --features postgres-tls && cp target/release/invitation-service /usr/local/bin/

FROM debian:bookworm-slim
# Certificates to check the mail relay's and the database's with, and the rules of time zones.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 invitation \
    && useradd --uid 10001 --gid invitation --home-dir /data --no-create-home --shell /usr/sbin/nologin invitation \
    && install -d -o invitation -g invitation -m 0700 /data
COPY --from=build /usr/local/bin/invitation-service /usr/local/bin/

# The settings' defaults are relative to the working directory: from here, `data/secret.key` lies in the
# volume too.
WORKDIR /
ENV LISTEN_ADDR=0.0.0.0:8080 \
    DATABASE_URL=sqlite:///data/invitations.db \
    MAIL_URL=directory:/data/mail
VOLUME /data
# By number, so that an orchestrator can tell that it is not root.
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/invitation-service", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/invitation-service"]
CMD ["serve"]
