#!/usr/bin/env bash
# Configures and builds one preset with a progress bar; the full output goes to build/logs/build-PRESET.log.
#
#   scripts/build.sh release [TARGET...]      ("programs": what ships, without the tests)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

programs=(millwright millwright-agent millwright-hub millwright-sim millwright-train millwright-tuf)
preset=${1:-release}
shift || true
targets=("$@")
[ "${targets[*]}" = programs ] && targets=("${programs[@]}")
mkdir -p "$MW_LOGS"
log="$MW_LOGS/build-$preset.log"
started=$SECONDS

# The Node that scripts/setup.sh put aside where the machine's own is too old.
if [ -x "$MW_ROOT/build/node/node_modules/.bin/node" ]; then
  export MW_NODE="$MW_ROOT/build/node/node_modules/.bin/node"
  export PATH="$MW_ROOT/build/node/node_modules/.bin:$PATH"
fi

cd "$MW_ROOT"
cmake --preset "$preset" >"$log" 2>&1 || mw_die_with_log "configuring the $preset preset failed" "$log"

# Ninja prints "[done/total] text"; the bar shows it, the log keeps it.
show_ninja() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
      mw_bar "build $preset" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
    fi
  done
}
NINJA_STATUS='[%f/%t] ' cmake --build --preset "$preset" --parallel "${MW_JOBS:-$(nproc)}" \
  ${targets:+--target "${targets[@]}"} 2>&1 | show_ninja ||
  mw_die_with_log "building the $preset preset failed" "$log"
mw_bar_end "build $preset" "done in $((SECONDS - started)) s"
