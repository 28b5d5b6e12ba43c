#!/bin/sh
# Stands in npm's place in the workspaces' image. The operator has each new pod run `pulumi install`, and with it
# `npm install`: 15 seconds of CPU for every run of every stack, and a download. The image has the dependencies already.
set -eu
home=$(dirname "$(dirname "$(readlink -f "$0")")")

if [ "${1-}" != install ]; then exec npm-itself "$@"; fi
if ! cmp -s package-lock.json "$home/package-lock.json"; then
  echo "error: this image was made of another package-lock.json than this commit's: make one of fleet/Containerfile" >&2
  exit 1
fi
ln -sfn "$home/node_modules" node_modules
