#!/bin/sh
# The rootless part of the entrypoint of docker:dind-rootless, so that one kind of node serves both images:
# no arguments, or ones that start with a dash, are added to the usual command line of dockerd; a line that starts
# with dockerd is taken as it is; anything else is run instead.
set -eu

: "${XDG_RUNTIME_DIR:=/run/user/$(id -u)}"
export XDG_RUNTIME_DIR
mkdir -p "$XDG_RUNTIME_DIR"

if [ "$#" -eq 0 ] || [ "${1#-}" != "$1" ]; then
    set -- dockerd "--host=unix://$XDG_RUNTIME_DIR/docker.sock" "$@"
fi
if [ "$1" = dockerd ]; then
    # Left by a container that was killed: dockerd would take its own number for the old process.
    find "$XDG_RUNTIME_DIR" -iname 'docker*.pid' -delete 2>/dev/null || :
    # shellcheck disable=SC2086 # flags are a list of words
    exec rootlesskit \
        --net="${DOCKERD_ROOTLESS_ROOTLESSKIT_NET:-slirp4netns}" \
        --mtu="${DOCKERD_ROOTLESS_ROOTLESSKIT_MTU:-1500}" \
        --disable-host-loopback \
        --port-driver=builtin \
        --copy-up=/etc \
        --copy-up=/run \
        ${DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS:-} \
        docker-init -- "$@"
fi
exec "$@"
