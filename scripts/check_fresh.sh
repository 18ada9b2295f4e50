#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
  cat << 'TEXT'
Usage: scripts/check_fresh.sh [FOLDER]

Installs a bare Debian 12 below FOLDER (a new temporary folder without it), clones this checkout's HEAD into it and runs
scripts/run.sh (without a display) and scripts/test.sh there. Prints date, commit, durations and last lines. The root is
removed at the end. Needs root, the package debootstrap and about 6 GB.

HONE_DEBIAN_MIRROR   where packages come from; without it, the host's own Debian mirror
HONE_FRESH_KEEP=1    leave the root where it is, unmounted, to look into a failure
TEXT
}

case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
esac
repository=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "check_fresh: needs root, for debootstrap and chroot" >&2; exit 1; }
command -v debootstrap > /dev/null || { echo "check_fresh: needs the Debian package debootstrap" >&2; exit 1; }

# The first Debian archive in the host's sources, in either of apt's two notations.
host_mirror() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2> /dev/null |
    grep -E '^(deb|URIs:) ' | grep -oE '[a-z+]+://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' '
}

work=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/hone-fresh.XXXXXX")
root=$work/root
# What is still mounted is never removed: a bound /dev is the host's.
tidy() {
  local status=$? point
  for point in dev/shm dev proc; do
    if mountpoint -q "$root/$point"; then umount "$root/$point" || umount --lazy "$root/$point" || true; fi
  done
  if grep -q " $root/" /proc/mounts; then
    echo "check_fresh: something is still mounted below $root; it was left" >&2
  elif [ -z "${HONE_FRESH_KEEP:-}" ]; then
    rm -rf --one-file-system "$work"
  else
    echo "check_fresh: the root was kept in $root" >&2
  fi
  exit "$status"
}
trap tidy EXIT
trap 'exit 130' INT TERM

mirror=${HONE_DEBIAN_MIRROR:-$(host_mirror || true)}
mirror=${mirror:-http://deb.debian.org/debian}
echo "check_fresh: installing a bare Debian 12" >&2
debootstrap --variant=minbase bookworm "$root" "$mirror" > "$work/debootstrap.log" 2>&1 || {
  tail -n 20 "$work/debootstrap.log" "$root/debootstrap/debootstrap.log" >&2 || true
  exit 1
}

# The network as the host reaches it: name servers, certificates, apt's and pip's settings.
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
if [ -d /etc/ssl/certs ]; then
  mkdir -p "$root/etc/ssl/certs" "$root/usr/local/share/ca-certificates"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2> /dev/null || true
  cp -rL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2> /dev/null || true
fi
apt-config dump | grep -E '^Acquire::(http|https|Retries|ForceIPv)' > "$root/etc/apt/apt.conf.d/90host" || true
if [ -f /etc/pip.conf ]; then cp -L /etc/pip.conf "$root/etc/pip.conf"; fi
environment=(HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb)
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ${!PIP_*} SSL_CERT_FILE; do
  # A folder of wheels on the host is not in the new root.
  [ -z "${!name:-}" ] || [ "$name" = PIP_FIND_LINKS ] || environment+=("$name=${!name}")
done
for name in PIP_CERT SSL_CERT_FILE; do
  file=${!name:-}
  if [ -f "$file" ] && [ ! -f "$root$file" ]; then
    mkdir -p "$root$(dirname "$file")"
    cp -L "$file" "$root$file"
  fi
done
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mountpoint -q /dev/shm && mount --bind /dev/shm "$root/dev/shm"

# A clone of the commit alone: nothing that lies untracked or built beside it.
git clone --quiet --no-local --no-hardlinks "$repository" "$root/hone"
git -C "$root/hone" remote remove origin
commit=$(git -C "$root/hone" rev-parse --short=12 HEAD)

failed=0
report=()
# attempt TITLE COMMAND…: runs it in the new root; its output to the terminal and its last lines to the report.
attempt() {
  local title=$1 start=$SECONDS status=0
  shift
  echo "check_fresh: $title" >&2
  chroot "$root" env -i "${environment[@]}" "$@" 2>&1 | tee "$work/output.log" >&2 || status=$?
  [ "$status" -eq 0 ] || failed=1
  report+=("$title: exit status $status after $((SECONDS - start)) s" "$(tail -n "${LINES_SHOWN:-12}" "$work/output.log" | sed 's/^/    /')")
}
attempt "scripts/run.sh, first start" /hone/scripts/run.sh
LINES_SHOWN=1 attempt "scripts/run.sh, second start" /hone/scripts/run.sh
LINES_SHOWN=1 attempt "scripts/test.sh" /hone/scripts/test.sh

echo "Debian $(cat "$root/etc/debian_version"), $(date -u +%F), commit $commit, $(nproc) processors"
printf '%s\n' "${report[@]}"
exit "$failed"
