#!/bin/sh
# Puts Millwright under /opt/millwright, or takes it away. Configuration (/etc/millwright), queue and models
# (/var/lib/millwright) outlive an upgrade and an uninstall.
#
#   install.sh install | upgrade | uninstall | purge     [--root DIR]   (another root: an image being made)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
action=${1:-}
root=
[ "${2:-}" != --root ] || root=${3:?--root needs a folder}
opt=$root/opt/millwright
etc=$root/etc/millwright
state=$root/var/lib/millwright
units=$root/etc/systemd/system
services="millwright-mosquitto.service millwright-agent.service"

die() {
  echo "install.sh: $*" >&2
  exit 1
}

# On the running system only; an image has no service manager that would answer.
systemd() {
  [ -z "$root" ] && command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ] || return 0
  systemctl "$@"
}

check_source() {
  [ -f "$here/SHA256SUMS" ] || die "$here is not an unpacked tarball"
  (cd "$here" && sha256sum -c --quiet SHA256SUMS) || die "the tarball is damaged; nothing was changed"
  [ -n "$root" ] || [ "$(uname -m)" = aarch64 ] || die "this machine is $(uname -m); the programs are for aarch64"
  [ -n "$root" ] || [ "$(id -u)" = 0 ] || die "root is needed"
}

# The new tree is whole before the old one goes. A power cut between the two renames leaves the old one as millwright.old:
# run this again then.
put_programs() {
  rm -rf "$opt.new"
  mkdir -p "$opt.new"
  (cd "$here" && tar -cf - .) | (cd "$opt.new" && tar -xf -)
  sync
  rm -rf "$opt.old"
  [ ! -d "$opt" ] || mv "$opt" "$opt.old"
  mv "$opt.new" "$opt"
  rm -rf "$opt.old"
  mkdir -p "$units"
  cp "$opt"/systemd/*.service "$units/"
  systemd daemon-reload
}

make_account() {
  [ -z "$root" ] || return 0
  id millwright >/dev/null 2>&1 ||
    useradd --system --home-dir /var/lib/millwright --shell /usr/sbin/nologin millwright
  mkdir -p "$etc/identity"
  chown millwright: "$state" "$etc/identity"
}

install_all() {
  check_source
  mkdir -p "$etc" "$state" "$root/opt"
  chmod 750 "$state"
  put_programs
  make_account
  [ -f "$etc/agent.toml" ] || cp "$opt/agent.toml.example" "$etc/agent.toml"
  for service in $services; do systemd try-restart "$service"; done
  echo "Millwright $(cat "$opt/VERSION") is in $opt; what comes next is in $opt/README"
}

take_away() {
  [ -n "$root" ] || [ "$(id -u)" = 0 ] || die "root is needed"
  for service in $services; do
    systemd disable --now "$service" 2>/dev/null || true
    rm -f "$units/$service"
  done
  systemd daemon-reload
  rm -rf "$opt" "$opt.old" "$opt.new"
}

case "$action" in
  install) install_all ;;
  upgrade)
    [ -d "$opt" ] || [ -d "$opt.old" ] || die "nothing is installed in $opt; say install"
    install_all
    ;;
  uninstall)
    take_away
    echo "the programs are gone; $etc and $state are kept (purge removes them)"
    ;;
  purge)
    take_away
    rm -rf "$etc" "$state"
    echo "everything is gone"
    ;;
  *) die "say install, upgrade, uninstall or purge" ;;
esac
