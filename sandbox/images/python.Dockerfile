# Where pytest suites run. Build: manage.py build_sandbox_images
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE}

# pip needs git for dependencies that name a repository.
RUN command -v git >/dev/null \
    || (apt-get update && apt-get install -y --no-install-recommends ca-certificates git && rm -rf /var/lib/apt/lists/*)
# os.path.expanduser() needs a user with a name; the directory gives the volume of dependencies its owner.
RUN (getent passwd 1000 >/dev/null || useradd --uid 1000 --home-dir /tmp --shell /bin/sh sandbox) \
    && mkdir -p /work/.venv && chown -R 1000:1000 /work
USER 1000:1000
WORKDIR /work
