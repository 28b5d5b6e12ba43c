#!/bin/sh
# QEMU calls this with the name of the tap it has just opened. The tap moves into the machines' network and keeps
# serving QEMU, which itself stays outside, where its forwarded SSH port must be. The tap goes when QEMU ends.
set -eu
ip link set dev "$1" netns "$NETWORK_PID" name "$MACHINE"
nsenter --target "$NETWORK_PID" --net ip link set dev "$MACHINE" master nfs up
