#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lint.sh format|lint [--all]: clang-format, clang-tidy and shellcheck, on the files that differ
# from the last commit of the main branch, or on all. ./dev calls it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

tool() { command -v "$1-14" || command -v "$1"; }

# Prints the project's files that match the patterns: all, or the changed ones.
files() {
  local base
  if [[ $all == true ]]; then
    git ls-files -co --exclude-standard -- "$@"
    return
  fi
  base=$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD)
  {
    git diff --name-only --diff-filter=d "$base" -- "$@"
    git ls-files -o --exclude-standard -- "$@"
  } | sort -u
}

# Runs a command on the files whose names come in by stdin, a few at a time.
each() { xargs -r -d '\n' -n 4 -P "$(nproc)" "$@"; }

mode=${1:-lint}
all=false
[[ ${2:-} != --all ]] || all=true

if [[ $mode == format ]]; then
  files '*.cc' '*.h' | each "$(tool clang-format)" -i
  exit
fi

status=0
files '*.cc' '*.h' | each "$(tool clang-format)" --dry-run -Werror || status=1
files dev .ci/run '*.sh' | each shellcheck -x || status=1
files 'src/*.cc' | each "$(tool clang-tidy)" -p build/dev --quiet || status=1
((status == 0)) || echo "lint: see above; ./dev format repairs the layout" >&2
exit "$status"
