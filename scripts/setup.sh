#!/usr/bin/env bash
# Brings a Debian 12 machine to where Millwright builds and runs: the packages of scripts/packages.txt that are
# missing, and a Node of at least version 20. Run again, it does nothing and needs no network.
#
#   scripts/setup.sh [run] [build] [trainer] [console] [test] [arm]     (where none is named, all but arm)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

groups=("$@")
[ ${#groups[@]} -gt 0 ] || groups=(run build trainer console test)
node_major_min=20
node_own="$MW_ROOT/build/node/node_modules/.bin/node"
mkdir -p "$MW_LOGS"
log="$MW_LOGS/setup.log"
export DEBIAN_FRONTEND=noninteractive

packages_of_groups() {
  local group package _rest wanted
  while read -r group package _rest; do
    case "$group" in '' | '#'*) continue ;; esac
    for wanted in "${groups[@]}"; do
      [ "$group" = "$wanted" ] && printf '%s\n' "$package"
    done
  done <"$MW_ROOT/scripts/packages.txt"
  return 0
}

node_new_enough() {  # node_new_enough PROGRAM
  command -v "$1" >/dev/null || return 1
  [ "$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge "$node_major_min" ]
}

# A machine may bring a Node of its own, which Debian's npm package would conflict with: only what is absent is added.
needs_package() {
  case "$1" in
    nodejs) ! command -v node >/dev/null ;;
    npm) ! command -v npm >/dev/null ;;
    *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" != installed ] ;;
  esac
}

# apt-get with its own progress on descriptor 3; waits for another apt that holds a lock.
apt() {  # apt LABEL ARGUMENTS...
  local label=$1 attempt
  shift
  for attempt in 1 2 3 4 5 6; do
    # The status goes through descriptor 3: on 1, maintainer scripts that print fail with an I/O error. The inner
    # shell opens it, since sudo closes all above 2.
    if mw_root_do sh -c 'exec apt-get "$@" 3>&1 1>&2' apt -q -y -o DPkg::Lock::Timeout=300 \
        -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold -o APT::Status-Fd=3 -o Dpkg::Use-Pty=0 \
        "$@" 2>>"$log" </dev/null |
      tee -a "$log" | show_apt "$label"; then
      return 0
    fi
    printf 'attempt %s failed\n' "$attempt" >>"$log"
    tail -n 20 "$log" | grep -qiE 'lock|temporar|timed? ?out|connection|hash sum' || return 1
    sleep $((attempt * 5))
  done
  return 1
}

# Status lines are "dlstatus:N:PERCENT:text" while fetching and "pmstatus:PACKAGE:PERCENT:text" while unpacking.
show_apt() {
  local label=$1 kind _what percent _text
  while IFS=: read -r kind _what percent _text; do
    case "$kind" in
      dlstatus) mw_bar "$label: fetch" "${percent%%.*}" 100 ;;
      pmstatus) mw_bar "$label: unpack" "${percent%%.*}" 100 ;;
    esac
  done
}

install_packages() {
  local missing=() package started=$SECONDS
  while read -r package; do
    if needs_package "$package"; then missing+=("$package"); fi
  done < <(packages_of_groups)
  [ ${#missing[@]} -gt 0 ] || return 0
  [ -r /etc/debian_version ] || mw_die "this is not Debian; install what scripts/packages.txt lists by hand"
  printf '%s: %s\n' "$(date -Is)" "${missing[*]}" >>"$log"
  mw_bar "packages" 0 100
  apt packages update || mw_die_with_log "apt-get update failed" "$log"
  apt packages install --no-install-recommends "${missing[@]}" ||
    mw_die_with_log "apt-get install failed" "$log"
  mw_bar_end packages "${#missing[@]} installed in $((SECONDS - started)) s"
}

install_node() {
  [[ " ${groups[*]} " == *" console "* ]] || return 0
  node_new_enough node && return 0
  node_new_enough "$node_own" && return 0
  mw_bar "node@22" 0 1
  mkdir -p "$MW_ROOT/build/node"
  (cd "$MW_ROOT/build/node" && npm install --no-fund --no-audit --no-save --prefix . node@22) >>"$log" 2>&1 ||
    mw_die_with_log "npm could not install node@22" "$log"
  node_new_enough "$node_own" || mw_die_with_log "build/node has no working Node" "$log"
  mw_bar_end "node" "$("$node_own" --version) in build/node (this machine's own is too old)"
}

install_packages
install_node
