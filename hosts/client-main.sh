# shellcheck shell=bash
# Readies this node to mount the export: the client's package, SELinux, and a real mount to prove it. Nothing is
# undone when the node leaves: both are shared with whatever else the node runs.

main() {
  begin "$1"
  case $OS_FAMILY in
    debian | ubuntu) want_package nfs-common ;;
    suse) want_package nfs-client ;;
    rhel) want_package nfs-utils ;;
  esac
  want_booleans
  if [[ $DIFFERENCES == 0 ]]; then want_answer; fi
  finish
  say "ready: this node mounts $SERVER:$EXPORT_PATH"
}

# Containers are confined by SELinux: without the boolean that their policy asks, they may not touch NFS files. That is the first, of
# RHEL and its kin, or the second, of Debian; what a policy does not have is not asked.
want_booleans() {
  local boolean now off=()
  if ! command -v selinuxenabled >/dev/null || ! selinuxenabled; then return; fi
  for boolean in virt_use_nfs container_use_nfs; do
    now=$(getsebool "$boolean" 2>/dev/null) || continue
    if [[ $now != *' on' ]] && mend "SELinux boolean $boolean on"; then off+=("$boolean=on"); fi
  done
  if [[ ${#off[@]} -gt 0 ]]; then bounded setsebool -P "${off[@]}"; fi
}

# In a mount namespace of its own, so that nothing stays mounted however this ends.
want_answer() {
  local output directory
  directory=$(mktemp -d)
  # The command is for the inner shell, which gets the values as arguments.
  # shellcheck disable=SC2016
  if ! output=$(timeout --kill-after=10 "$ANSWER_WITHIN" unshare --mount bash -c \
    'mount -t nfs -o "$1" "$2" "$3" && stat "$3" >/dev/null && umount "$3"' \
    mount "$MOUNT_OPTIONS" "$MOUNT_SOURCE" "$directory" 2>&1); then
    rmdir "$directory" 2>/dev/null || true
    refuse "$SERVER does not serve $EXPORT_PATH to this node within $ANSWER_WITHIN s: ${output:-no answer}"
    return
  fi
  rmdir "$directory"
}
