#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of scripts/packages.txt that are missing. Does nothing, in a fraction of a second, when all
# are there. Other systems: install their counterparts; this script then only says which ones it looked for.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t packages < <(sed 's/#.*//' scripts/packages.txt | tr -s ' \t' '\n' | grep -v '^$')
if ! command -v dpkg-query > /dev/null; then
  echo "setup: not a Debian system; Hone needs what these Debian packages hold: ${packages[*]}" >&2
  exit 0
fi
# dpkg-query fails where one of them is unknown to it, which is what this asks.
installed=$({ dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${packages[@]}" 2> /dev/null || true; } |
  awk '$2 == "installed" {print $1}')
mapfile -t missing < <(printf '%s\n' "${packages[@]}" | grep -vxF -f <(printf '%s\n' "$installed" | sort -u) || true)
[ "${#missing[@]}" -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo > /dev/null; then
    echo "setup: these packages are missing, and neither root nor sudo is at hand to install them: ${missing[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi
echo "setup: installing ${#missing[@]} packages: ${missing[*]}" >&2
"${root[@]}" apt-get update -qq >&2 || {
  echo "setup: the package lists cannot be fetched; is there a network?" >&2
  exit 1
}
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
