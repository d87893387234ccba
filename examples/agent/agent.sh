#!/bin/sh
# Runs every job of /jobs once, in a container of its own, and waits for more.
mkdir -p /tmp/done
while :; do
    for job in /jobs/*.sh; do
        name=$(basename "$job" .sh)
        if [ -e "/tmp/done/$name" ]; then
            continue
        fi
        echo "job $name: starts"
        # The script goes in by its standard input: the job sees no file of the agent.
        if docker run --rm --interactive --name "job-$name" "$JOB_IMAGE" sh <"$job"; then
            echo "job $name: passed"
        else
            echo "job $name: failed"
        fi
        touch "/tmp/done/$name"
    done
    touch /tmp/idle
    sleep 1
done
