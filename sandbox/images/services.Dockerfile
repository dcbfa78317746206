# The servers that a suite may have beside its tests: PostgreSQL, Redis, MongoDB. Build: manage.py build_sandbox_images
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}

RUN apt-get update \
    && apt-get install -y --no-install-recommends libcurl4 postgresql redis-server \
    && rm -rf /var/lib/apt/lists/* /var/lib/postgresql
# Empty where none could be fetched.
COPY mongod/bin/ /usr/local/bin/
COPY mongod/lib/ /usr/local/lib/
# Not on the PATH of Debian's package, and its directory carries the version.
RUN ldconfig && ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ \
    && (getent passwd 1000 >/dev/null || useradd --uid 1000 --home-dir /tmp --shell /bin/sh sandbox) \
    && mkdir /srv/postgres && chown 1000:1000 /srv/postgres
USER 1000:1000
# A cluster that every run begins with a copy of: making one takes seconds. Who is asked for no password needs none:
# nobody but the tests of one run can reach it.
RUN initdb --no-sync --username=test --auth=trust --encoding=UTF8 --locale=C.UTF-8 --pgdata=/srv/postgres \
    && echo 'CREATE DATABASE test' | postgres --single -D /srv/postgres postgres
