#!/usr/bin/env bash
# Build the base image NAME from Debian's packages and this machine's Node: for machines that reach no image registry.
# Needs root, debootstrap, docker's client, node and npm. Usage: build_base.sh NAME
set -euo pipefail

name=${1:?"usage: build_base.sh NAME (for example agent-platform/sandbox-base:local)"}
suite=bookworm
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

for program in debootstrap docker node npm; do
    command -v "$program" >/dev/null || { echo "$program is missing: install it and try again." >&2; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo "debootstrap needs root: run this with sudo." >&2; exit 1; }

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
echo "Installing Debian $suite from $mirror ..."
debootstrap --variant=minbase --include=ca-certificates,git,python3,python3-venv,libcurl4 \
    "$suite" "$root" "$mirror" >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
rm -f "$root.log"

cp -L "$(command -v node)" "$root/usr/local/bin/node"
mkdir -p "$root/usr/local/lib/node_modules"
npm_home=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
cp -a "$npm_home" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"

# The authorities that this machine trusts: its way to the package registries may need them.
certificates=/etc/ssl/certs/ca-certificates.crt
[ ! -f "$certificates" ] || cp -L "$certificates" "$root$certificates"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc "$root"/usr/share/man

tar -C "$root" -c . | docker import \
    --change "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    --change "ENV NODE_EXTRA_CA_CERTS=$certificates" \
    --change "ENV SSL_CERT_FILE=$certificates" \
    --change "ENV PIP_CERT=$certificates" \
    - "$name" >/dev/null
echo "Built $name."
