#!/bin/bash
# systemd.sh - run one command, as root, on a machine whose process 1 is systemd.
#
# The machine is a set of namespaces: systemd gets a cgroup of its own as its root, an empty /run, a handful of units (a system bus and
# nothing else) and no generators, so that it is up in a second or two. The command runs in a scope of it, as those of a login do.
set -euo pipefail

die() { echo "systemd.sh: $*" >&2; exit 125; }

[ $# -gt 0 ] || { echo 'usage: systemd.sh COMMAND [ARG...] (as root, on pure cgroup v2: in vmrun.sh, say)' >&2; exit 125; }
[ "$(id -u)" = 0 ] || die 'needs root'
[ -x /lib/systemd/systemd ] || die 'needs /lib/systemd/systemd: apt install systemd'
[ -x /usr/bin/dbus-daemon ] || die 'needs dbus-daemon: apt install dbus'
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || die 'needs cgroup version 2 alone on /sys/fs/cgroup'

group=/sys/fs/cgroup/ts-c-systemd.$$
keeper=''
# What systemd leaves: its processes die with process 1, and their cgroups can go once the kernel has buried them.
clean() {
  [ -z "$keeper" ] || { kill -KILL "$keeper" && wait "$keeper"; } 2>/dev/null || true
  [ ! -d "$group" ] || echo 1 > "$group/cgroup.kill"
  for _ in {1..50}; do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [ -d "$group" ] || break
    sleep 0.05
  done
}
trap clean EXIT
trap 'exit 130' INT TERM

mkdir "$group"
for controller in $(cat "$group/../cgroup.controllers"); do
  echo "+$controller" > "$group/../cgroup.subtree_control" || true
done

# Process 1 alone enters the group: what systemd can't see can't be moved out of the root of its cgroups, where nobody may stay.
enter() {
  echo 0 > "$group/cgroup.procs"
  exec unshare --cgroup bash -c machine
}
machine() {
  set -e
  umount -l /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mount -t tmpfs -o mode=755 run /run
  mkdir -p /run/lock /run/units /run/none
  cat > /run/units/default.target <<'UNIT'
[Unit]
DefaultDependencies=no
AllowIsolate=yes
Requires=dbus.service
After=dbus.service
UNIT
  cat > /run/units/dbus.socket <<'UNIT'
[Unit]
DefaultDependencies=no
[Socket]
ListenStream=/run/dbus/system_bus_socket
UNIT
  cat > /run/units/dbus.service <<'UNIT'
[Unit]
DefaultDependencies=no
Requires=dbus.socket
[Service]
Type=notify
NotifyAccess=main
ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only
UNIT
  printf '[Unit]\nDefaultDependencies=no\n' > /run/units/shutdown.target
  mount --bind /run/units /lib/systemd/system
  for dir in /etc/systemd/system /lib/systemd/system-generators /lib/systemd/system-preset; do
    if [ -d "$dir" ]; then mount --bind /run/none "$dir"; fi
  done
  exec env -i container=ts-c PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    /lib/systemd/systemd --log-target=kmsg --log-level=notice --show-status=no --crash-reboot=no
}

(
  export group
  export -f enter machine
  exec unshare --fork --kill-child --pid --mount --uts --ipc --propagation private --mount-proc \
    bash -c enter < /dev/null
) &
keeper=$!

# Up is: the manager has finished to start, and has its name on the bus.
first=''
# systemd can move only what is beneath its root already.
inside() (
  echo "$BASHPID" > "$group/init.scope/cgroup.procs"
  exec nsenter --target "$first" --mount --uts --ipc --pid --cgroup -- env --chdir="$PWD" "$@"
)
for _ in {1..300}; do
  kill -0 "$keeper" 2>/dev/null || die 'systemd has ended'
  [ "$first" ] || first=$(cat "/proc/$keeper/task/$keeper/children" 2>/dev/null) && first=${first%% *}
  if [ "$first" ] && [ -S "/proc/$first/root/run/dbus/system_bus_socket" ] &&
    inside busctl --timeout=2 status org.freedesktop.systemd1 > /dev/null 2>&1; then
    up=yes
    break
  fi
  sleep 0.1
done
[ "${up:-}" ] || { dmesg | tail -n 40 >&2; die 'systemd does not answer'; }

status=0
inside systemd-run --quiet --scope --collect --property=Delegate=yes -- "$@" || status=$?
exit "$status"
