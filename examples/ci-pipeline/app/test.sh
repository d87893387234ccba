#!/bin/sh
# The test of the image, run in a container of it.
set -e
grep -q pipeline /greeting.txt
echo "the greeting is there"
