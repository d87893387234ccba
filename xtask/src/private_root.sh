# Runs as process 1 of its own mount and process namespaces; `private_root.rs` starts it.
# In: ROOTFS (Debian 13 with an engine), STATE (its `data`, `run` and `root` folders exist), BINDS (colon list).
# When this shell ends, the kernel ends every process and mount that the engine made: nothing can be left behind.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin

# /proc is still the host's, so this is the number under which the host knows this shell.
read -r host_pid _ </proc/self/stat
# Field 22 tells this process from a later one with the same number; the name before it may hold blanks.
start=$(sed 's/.*) //' "/proc/$host_pid/stat" | cut -d ' ' -f 20)

# An overlay keeps the cached root as it was made; pivot_root and runc want the root to be a mount point.
new=$STATE/root
mount -t tmpfs -o mode=0755 tmpfs "$new"
mkdir "$new/upper" "$new/work" "$new/merged"
mount -t overlay -o "lowerdir=$ROOTFS,upperdir=$new/upper,workdir=$new/work" overlay "$new/merged"
new=$new/merged

mount --rbind /dev "$new/dev"
mount --rbind /sys "$new/sys"
mount -t proc proc "$new/proc"
mount -t tmpfs -o mode=0755 tmpfs "$new/run"
mkdir -p "$new/var/lib/docker" "$new/.old"
# Overlay needs a data root that is no overlay itself: the host's own file system.
mount --bind "$STATE/data" "$new/var/lib/docker"
cat /etc/resolv.conf >"$new/etc/resolv.conf" 2>/dev/null || :
cat /etc/hosts >"$new/etc/hosts" 2>/dev/null || :

# What labs bind from, at the same path as on the host; and the socket's folder, which both sides must see.
IFS=:
for dir in $BINDS $STATE/run; do
    mkdir -p "$new$dir"
    mount --rbind "$dir" "$new$dir"
done
unset IFS

cd "$new"
pivot_root . .old
umount -l /.old
cd /
# Where the state's folder lies in a bound one, this root came along into itself, and would go on into every container.
umount -l "$STATE/root" 2>/dev/null || :
echo "$host_pid $start" >"$STATE/run/pid"

unset DOCKER_HOST
# A signal for this shell is a signal for the engine, which then stops its containers first.
trap 'kill -TERM "$engine"' TERM INT
# The group that the package makes is some other group on the host. The usual socket is there for containers that are given it.
dockerd --host "unix://$STATE/run/docker.sock" --host unix:///var/run/docker.sock --group root --pidfile /run/dockerd.pid --data-root /var/lib/docker &
engine=$!
# A trapped signal ends the first wait early.
while kill -0 "$engine" 2>/dev/null; do wait "$engine" || :; done
