# Shared by the shell scripts: where things are, and one line of progress.
# shellcheck shell=bash

MW_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
MW_LOGS="$MW_ROOT/build/logs"
# Debian's own interpreter: python3-paho-mqtt and python3-protobuf belong to it, whatever else is on PATH.
MW_PYTHON=/usr/bin/python3
export MW_ROOT MW_LOGS MW_PYTHON

# One line that is redrawn on a terminal, and a plain line every ten percent elsewhere.
mw_bar_last=-1
mw_bar() {  # mw_bar LABEL DONE TOTAL
  local label=$1 done=$2 total=$3 percent filled width=30
  percent=$((total > 0 ? done * 100 / total : 0))
  if [ -t 2 ]; then
    filled=$((percent * width / 100))
    printf '\r\033[K  %-18s [%s%s] %3d%%  %s/%s' "$label" \
      "$(printf '%*s' "$filled" '' | tr ' ' '#')" "$(printf '%*s' $((width - filled)) '' | tr ' ' '.')" \
      "$percent" "$done" "$total" >&2
  elif [ $((percent / 10)) -ne "$mw_bar_last" ]; then
    mw_bar_last=$((percent / 10))
    printf '  %-18s %3d%%\n' "$label" "$percent" >&2
  fi
}

mw_bar_end() {  # mw_bar_end LABEL TEXT: replaces the bar by what came of it
  mw_bar_last=-1
  [ -t 2 ] && printf '\r\033[K' >&2
  printf '  %-18s %s\n' "$1" "$2" >&2
}

mw_die() {
  printf '\nmillwright: %s\n' "$*" >&2
  exit 1
}

# Runs a command as root: directly, or through sudo.
mw_root_do() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo -E "$@"
  else mw_die "packages are missing and this is neither root nor is there sudo: $*"
  fi
}

# Shows the end of a log, then stops.
mw_die_with_log() {  # mw_die_with_log TEXT LOG
  printf '\n' >&2
  tail -n 40 "$2" >&2
  mw_die "$1 (whole log: $2)"
}
