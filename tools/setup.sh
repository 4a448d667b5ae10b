# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Installs what ./dev needs; sourced by it, for its say and die.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Prints the packages of the named groups of tools/packages.txt.
packages_of() {
  local groups=" $* " line group=""
  while read -r line; do
    line=${line%%#*}
    line=${line%"${line##*[![:space:]]}"}
    case $line in
      "") ;;
      "["*"]") group=${line:1:-1} ;;
      *) [[ $groups != *" $group "* ]] || printf '%s\n' "$line" ;;
    esac
  done <"$root/tools/packages.txt"
}

# Node.js is often from elsewhere than Debian, brings npm along, and excludes Debian's.
is_there_otherwise() {
  case $1 in
    nodejs) command -v node ;;
    npm) command -v npm ;;
    *) false ;;
  esac >/dev/null
}

# Prints those packages of the named groups that are not installed.
packages_missing() {
  local package
  packages_of "$@" | while read -r package; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      is_there_otherwise "$package" || printf '%s\n' "$package"
  done
}

# The JavaScript clients of the tests. Without a network their tests fail, and say so.
install_clients() {
  /usr/bin/python3 "$root/tests/clients/js/install.py" "$root/build/dev/tests/clients/js" ||
    say "the tests of ioredis and node-redis will fail"
}

# Runs as root: directly, or by sudo.
as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo -- "$@"
  fi
}

# Debian starts a daemon that it installs. A policy-rc.d forbids it, for as long as apt runs: one
# that an operator has put there stays, ours goes however this shell ends.
policy_file=/usr/sbin/policy-rc.d
policy_is_ours=false

forbid_daemons() {
  [[ ! -e $policy_file ]] || return 0
  policy_is_ours=true
  trap allow_daemons EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  printf '#!/bin/sh\n# Put here by Borg'\''s ./dev setup while apt runs.\nexit 101\n' |
    as_root tee "$policy_file" >/dev/null
  as_root chmod 755 "$policy_file"
}

allow_daemons() {
  [[ $policy_is_ours == true ]] || return 0
  policy_is_ours=false
  as_root rm -f "$policy_file"
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

apt_failed() {
  local what=$1 log=$2
  tail -n 15 "$log" >&2
  if grep -qi 'no space left\|not enough free space' "$log"; then
    die "$what: the disk is full."
  fi
  die "$what failed (whole log: $log). Without network or a mirror, install these yourself:
  $(packages_missing build test | tr '\n' ' ')"
}

# Installs what is missing of the groups given. Does nothing, asks nobody, if all is there.
setup() {
  local missing log package
  command -v dpkg-query >/dev/null || die "setup knows Debian and its kin only; the packages are" \
    "listed in tools/packages.txt. With all of them there, set BORG_NO_SETUP=1."
  mapfile -t missing < <(packages_missing "$@")
  ((${#missing[@]})) || return 0
  ((EUID == 0)) || command -v sudo >/dev/null ||
    die "need root or sudo once, for: apt-get install ${missing[*]}"
  say "installing ${#missing[@]} packages: ${missing[*]}"
  mkdir -p "$root/build"
  log=$root/build/setup.log
  forbid_daemons
  apt_get update >"$log" 2>&1 || apt_failed "apt-get update" "$log"
  apt_get install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 ||
    apt_failed "apt-get install" "$log"
  # Nor shall they start at the next boot: nobody asked for them. What was there before stays.
  for package in "${missing[@]}"; do
    case $package in
      redis-server) as_root update-rc.d redis-server disable >>"$log" 2>&1 || true ;;
      etcd-server) as_root update-rc.d etcd disable >>"$log" 2>&1 || true ;;
    esac
  done
  allow_daemons
}
