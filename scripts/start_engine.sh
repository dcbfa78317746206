#!/usr/bin/env bash
# Start a container engine of our own below DIR unless it answers already, and print the line that points at it.
# Installs nothing: Debian's docker.io and iptables must be there. Stop it: kill $(cat DIR/pid)
set -euo pipefail

directory=${1:?"usage: start_engine.sh DIR"}
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
host=unix://$directory/docker.sock
answers() { DOCKER_HOST=$host docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

if ! answers; then
    command -v dockerd >/dev/null || { echo "dockerd is missing: install docker.io and iptables." >&2; exit 1; }
    # A pid file that outlived its process (a reboot, a kill) would keep the new one from starting.
    forget_dead() { [ ! -f "$1" ] || grep -qs "$2" "/proc/$(cat "$1")/cmdline" || rm -f "$1"; }
    forget_dead "$directory/pid" dockerd
    forget_dead "$directory/exec/containerd/containerd.pid" containerd
    setsid nohup dockerd --data-root "$directory/data" --exec-root "$directory/exec" -H "$host" \
        --pidfile "$directory/pid" >"$directory/dockerd.log" 2>&1 </dev/null &
    for _ in $(seq 120); do
        answers && break
        sleep 0.5
    done
    answers || { echo "the engine does not answer after 60 s; see $directory/dockerd.log" >&2; exit 1; }
fi
echo "DOCKER_HOST=$host"
