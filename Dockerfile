# One image for every process; what it runs is its command (docker-compose.yml has them all).
#
#   docker build -t agent-platform .
#   docker build --build-arg BASE_IMAGE=... --build-arg NODE_IMAGE=... -t agent-platform .
#
# BASE_IMAGE needs Python 3.11 or newer with venv, and apt; NODE_IMAGE needs Node 20 or newer with npm.
# Written for the classic builder as well: no mounts, no heredocs, no syntax directive.
ARG BASE_IMAGE=python:3.11-slim-bookworm
ARG NODE_IMAGE=node:20-bookworm-slim

FROM ${NODE_IMAGE} AS dashboard
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
COPY frontend/ ./
RUN npm run --silent build

FROM ${BASE_IMAGE} AS packages
COPY requirements.txt /build/requirements.txt
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps \
        -r /build/requirements.txt

FROM ${BASE_IMAGE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin platform \
    && install -d -o platform -g platform -m 0750 /var/lib/agent-platform
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
COPY --from=dashboard /build/frontend/dist frontend/dist
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app/platform:/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    DATA_DIR=/var/lib/agent-platform
# Settings want secrets; those made here are thrown away with the folder. The static files belong to root.
RUN DATA_DIR=/tmp/collect python manage.py collectstatic --noinput --verbosity 0 && rm -rf /tmp/collect
USER platform
VOLUME /var/lib/agent-platform
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "config.wsgi:application", "--no-ws", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--blocking-threads-idle-timeout", "600", "--workers-kill-timeout", "5", "--respawn-failed-workers", "--log-level", "warning"]
