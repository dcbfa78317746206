#!/usr/bin/env bash
# Build the images on the local engine, start docker-compose.yml for real and post a signed alarm to it.
#
# Everything has a name of its own and is removed at the end; KEEP=1 leaves the stack up to look at. Needs root (for
# the base image), a container engine at DOCKER_HOST with the sandbox images, docker-compose or docker compose, .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

export PROJECT=agent-platform-check
base=agent-platform/sandbox-base:local
work=$(mktemp -d)
socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
socket=${socket#unix://}
started=$(date +%s)
say() { echo "[$(($(date +%s) - started)) s] $*"; }

if docker compose version >/dev/null 2>&1; then engine_compose=(docker compose); else engine_compose=(docker-compose); fi
compose() {
    "${engine_compose[@]}" -p "$PROJECT" --env-file "$work/compose.env" \
        -f docker-compose.yml -f deploy/compose.check.yml "$@"
}
finish() {
    code=$?
    if [ "$code" != 0 ]; then
        compose ps || true
        compose logs --tail=40 || true
    fi
    [ -n "${KEEP:-}" ] || compose down --volumes --timeout 5 >/dev/null 2>&1 || true
    rm -rf "$work"
    exit "$code"
}

docker image inspect "$base" >/dev/null 2>&1 || sandbox/images/build_base.sh "$base"
build() { docker build --quiet --build-arg BASE_IMAGE="$base" "$@" >/dev/null; }
say "building images"
build -f deploy/images/postgres.Dockerfile -t "$PROJECT/postgres" deploy/images
build -f deploy/images/redis.Dockerfile -t "$PROJECT/redis" deploy/images
build -f deploy/images/cloudwatch.Dockerfile -t "$PROJECT/cloudwatch" deploy/images
build --build-arg NODE_IMAGE="$base" -t "$PROJECT/app" .

secret() { head -c 48 /dev/urandom | base64 | tr -dc 'A-Za-z0-9'; }
signer=$work/sns
PYTHONPATH=platform .venv/bin/python -c \
    "import pathlib; from integrations.sns.signer import LocalSigner; LocalSigner(pathlib.Path('$signer'))"
chmod 755 "$work" "$signer"
cat >"$work/compose.env" <<ENV
PLATFORM_IMAGE=$PROJECT/app
POSTGRES_IMAGE=$PROJECT/postgres
REDIS_IMAGE=$PROJECT/redis
CLOUDWATCH_IMAGE=$PROJECT/cloudwatch
POSTGRES_PASSWORD=$(secret)
SECRET_KEY=$(secret)
GITHUB_WEBHOOK_SECRET=$(secret)
METRICS_TOKEN=$(secret)
PUBLISH=127.0.0.1:18480
PUBLISH_LIVE=127.0.0.1:18481
PUBLISH_CLOUDWATCH=127.0.0.1:18482
PUBLIC_URL=http://127.0.0.1:18480
ALLOWED_HOSTS=127.0.0.1
SNS_TOPIC_ARNS=arn:aws:sns:us-east-1:123456789012:alarms
SNS_CERTIFICATE=$signer/certificate.pem
ANTHROPIC_API_KEY=the-stand-in-wants-none
ANTHROPIC_BASE_URL=http://model:8100
AWS_ENDPOINT_URL=http://cloudwatch:5000
AWS_ACCESS_KEY_ID=stand-in
AWS_SECRET_ACCESS_KEY=stand-in
DOCKER_SOCKET=$socket
DOCKER_GROUP_ID=$(stat -c %g "$socket")
LEASE_SECONDS=6
PIPELINE_SWEEP_SECONDS=3
ENV
trap finish EXIT

say "starting the stack"
compose up -d
say "asking it"
PYTHONPATH=platform:. .venv/bin/python -m scripts.check_compose "$work/compose.env" "$signer"

for name in web live worker sandbox beat; do
    id=$(compose ps -q "$name")
    [ "$(docker inspect -f '{{.HostConfig.ReadonlyRootfs}} {{.Config.User}}' "$id")" = "true platform" ] ||
        { echo "$name has a writable root or runs as root" >&2; exit 1; }
done
say "every process of the platform has a read-only root and is not root"

compose stop --timeout 60 worker sandbox web live beat >/dev/null 2>&1
for name in web live worker sandbox beat; do
    found=$(docker inspect -f '{{.State.ExitCode}}' "$(compose ps -aq "$name" 2>/dev/null || compose ps -q "$name")")
    # uvicorn closes its connections and then ends by the signal itself: 143. Who is killed ends with 137.
    [ "$found" = 0 ] || [ "$name $found" = "live 143" ] || { echo "$name ended with $found when it was told to stop" >&2; exit 1; }
done
say "every process ended by itself when it was told to"
