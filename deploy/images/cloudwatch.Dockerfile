# moto's server as CloudWatch's stand-in, for trying a deployment where AWS is not reached. Never part of one.
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE}
ARG MOTO=moto[server]==5.2.5
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check "$MOTO"
USER nobody
EXPOSE 5000
CMD ["/opt/venv/bin/python", "-m", "moto.server", "-H", "0.0.0.0", "-p", "5000"]
