#!/bin/sh
# The first process in that kernel: mounts what has to be writable over the host's files, which are its root and read-only, and starts the agent that runs
# commands. It stays, since orphans need a parent that reaps them. Arguments: the folder that has to stay visible, the
# host's folder that is the inbox, and the agent's command.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
stay=$1 inbox=$2
shift 2

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
case $stay in
/tmp/*)
  mkdir /run/stay
  mount --bind "$stay" /run/stay
  mount -t tmpfs tmpfs /tmp
  mkdir -p "$stay"
  mount --move /run/stay "$stay"
  ;;
*) mount -t tmpfs tmpfs /tmp ;;
esac
mount -t tmpfs tmpfs /var/tmp
mkdir /run/inbox
mount -t hostfs -o "$inbox" inbox /run/inbox

# Its modules are not where modprobe looks, and nothing can be written there.
mkdir -p /run/modules/lib
ln -s /usr/lib/uml/modules /run/modules/lib/modules
export MODPROBE_OPTIONS="-d /run/modules"
printf '#!/bin/sh\nexec /sbin/modprobe %s "$@"\n' "$MODPROBE_OPTIONS" >/run/modules/modprobe
chmod +x /run/modules/modprobe
echo /run/modules/modprobe >/proc/sys/kernel/modprobe

modprobe ipv6
ip link set lo up
export HOME=/tmp
"$@" || :
echo "the agent has ended"
echo o >/proc/sysrq-trigger
while :; do sleep 1; done
