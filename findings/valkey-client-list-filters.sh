#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Valkey 9.1.2 (Debian sid): two filters of CLIENT LIST are not what their page leads to expect.
#
#   MAXAGE     https://valkey.io/commands/client-list/ gives it in milliseconds; it is seconds: a
#              connection 1.5 s old is not in the list of MAXAGE 1000, and is in that of MAXAGE 1.
#              A script written by the page lists, or with CLIENT KILL closes, nothing for a
#              quarter of an hour.
#   NOT-FLAGS  with several letters is no "none of these": NOT-FLAGS Nx shows a client whose flags
#              are N, because it lacks the x. FLAGS Nx wants all letters, and NOT- is its negation.
#
# Fails if that changes. Needs curl, ar (binutils), tar, xz and some 20 MB below TMPDIR.
set -euo pipefail

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}/pool/main
dir=$(mktemp -d)
server=
idle=
finish() {
  if [[ -n $idle ]]; then kill "$idle" 2>/dev/null || true; fi
  if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; fi
  wait 2>/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT

for package in v/valkey/valkey-tools_9.1.2-1 v/valkey/valkey-server_9.1.2-1 \
  g/glibc/libc6_2.43-7 g/gcc-16/libatomic1_16.2.0-4 g/gcc-16/libgcc-s1_16.2.0-4 \
  g/gcc-16/libstdc++6_16.2.0-4 libc/libcap2/libcap2_2.78-1+b1 \
  j/jemalloc/libjemalloc2_5.3.1-2 libl/liblzf/liblzf1_3.6-4+b4 \
  o/openssl/libssl3t64_3.6.5-1 s/systemd/libsystemd0_262.1-1 \
  libz/libzstd/libzstd1_1.5.7+dfsg-4 z/zlib/zlib1g_1.3.dfsg+really1.3.2-4; do
  curl -fsSL "$mirror/${package}_amd64.deb" -o "$dir/package.deb"
  (cd "$dir" && ar x package.deb && tar -xf data.tar.* && rm -f package.deb ./*.tar.*)
done

lib=$dir/usr/lib/x86_64-linux-gnu
valkey() {
  local program=$1
  shift
  "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$dir/usr/bin/$program" "$@"
}
port=$((20000 + RANDOM % 10000))
ask() { valkey valkey-cli -p "$port" "$@"; }

valkey valkey-server --port "$port" --bind 127.0.0.1 --save '' --dir "$dir" >"$dir/log" &
server=$!
for _ in $(seq 100); do
  if [[ $(ask PING 2>/dev/null) == PONG ]]; then break; fi
  sleep 0.1
done
ask INFO server | grep -E '^valkey_version'

# A connection that does nothing, by the name of "idle".
{ echo CLIENT SETNAME idle; sleep 30; } | valkey valkey-cli -p "$port" >/dev/null &
idle=$!
sleep 1.5

shown() { ask CLIENT LIST "$@" | grep -c 'name=idle ' || true; }
status=0
expect() {
  local wanted=$1 seen
  shift
  seen=$(shown "$@")
  echo "CLIENT LIST $*: shows the idle client $seen times"
  if [[ $seen != "$wanted" ]]; then
    echo "  expected $wanted: the behaviour has changed" >&2
    status=1
  fi
}
ask CLIENT LIST | grep 'name=idle ' | grep -o 'age=[0-9]* idle=[0-9]* flags=[A-Za-z]*'
expect 0 MAXAGE 1000
expect 1 MAXAGE 1
expect 0 NOT-FLAGS N
expect 1 NOT-FLAGS Nx
expect 0 FLAGS Nx
exit $status
