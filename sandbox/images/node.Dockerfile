# Where JavaScript and TypeScript suites run. Build: manage.py build_sandbox_images
ARG BASE_IMAGE=node:20-bookworm-slim
FROM ${BASE_IMAGE}

# npm needs git for dependencies that name a repository, mongod needs libcurl.
RUN (command -v git >/dev/null && ldconfig -p | grep -q libcurl.so.4) \
    || (apt-get update && apt-get install -y --no-install-recommends ca-certificates git libcurl4 && rm -rf /var/lib/apt/lists/*)
# A database server for mongodb-memory-server; both directories are empty where none could be fetched.
COPY mongod/bin/ /usr/local/bin/
COPY mongod/lib/ /usr/local/lib/
RUN ldconfig
# os.userInfo() throws for a user without a name; the directory gives the volume of dependencies its owner.
RUN (getent passwd 1000 >/dev/null || useradd --uid 1000 --home-dir /tmp --shell /bin/sh sandbox) \
    && mkdir -p /work/node_modules && chown -R 1000:1000 /work
USER 1000:1000
WORKDIR /work
