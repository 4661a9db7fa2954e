# The program is built where the compiler is and run where it isn't. Both stages install with bin/setup, as bin/run does.

FROM swift:6.3-bookworm AS build
WORKDIR /src
COPY bin/setup bin/
RUN bin/setup
COPY bin/build bin/
COPY Package.swift ./
COPY Sources Sources
# Package.swift names the tests too, and the package manager wants to see what it names.
COPY Tests Tests
RUN bin/build && install -D -m 0755 .build/release/Sluice /out/sluice

FROM debian:12
COPY bin/setup /tmp/bin/
RUN /tmp/bin/setup --runtime && rm -rf /tmp/bin /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/sluice --shell /usr/sbin/nologin sluice \
    && install -d -m 0711 -o sluice -g sluice /var/lib/sluice
COPY --from=build /out/sluice /usr/local/bin/sluice
WORKDIR /srv/sluice
COPY Migrations Migrations
COPY Templates Templates
COPY Public Public
ENV DATA_DIR=/var/lib/sluice ASSETS_DIR=/srv/sluice PORT=8080 HOST=0.0.0.0
USER sluice
VOLUME /var/lib/sluice
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD curl --fail --silent --show-error --max-time 2 --output /dev/null "http://127.0.0.1:${PORT}/health"
ENTRYPOINT ["/usr/local/bin/sluice"]
CMD ["serve"]
