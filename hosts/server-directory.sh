# shellcheck shell=bash
# The exported directory: ours to make and to own, never to empty.

want_directory() {
  local real
  real=$(readlink -m -- "$EXPORT_PATH")
  if [[ $real != "$EXPORT_PATH" ]]; then
    # exportfs would export the target, and the live table would name another path than was asked.
    refuse "$EXPORT_PATH passes through a symbolic link; name $real instead"
    return
  fi
  if [[ $REQUIRE_MOUNT_POINT == yes ]] && ! mountpoint -q "$EXPORT_PATH"; then
    refuse "nothing is mounted on $EXPORT_PATH; mount its file system, also in /etc/fstab"
    return
  fi
  if [[ ! -e $EXPORT_PATH ]]; then
    want_space "$(existing_parent)"
    if ! mend "create $EXPORT_PATH"; then return; fi
    mkdir -p -- "$EXPORT_PATH"
  fi
  if [[ ! -d $EXPORT_PATH ]]; then
    refuse "$EXPORT_PATH is not a directory"
    return
  fi
  want_owner
  want_space "$EXPORT_PATH"
}

existing_parent() {
  local parent=$EXPORT_PATH
  until [[ -d $parent ]]; do
    parent=${parent%/*}
    parent=${parent:-/}
  done
  printf '%s' "$parent"
}

want_owner() {
  local owner mode stranger
  read -r owner mode < <(stat -c '%u:%g %a' "$EXPORT_PATH")
  if [[ $owner != "$EXPORT_UID:$EXPORT_GID" ]]; then
    if mend "owner of $EXPORT_PATH: $owner, asked is $EXPORT_UID:$EXPORT_GID"; then
      chown "$EXPORT_UID:$EXPORT_GID" "$EXPORT_PATH"
    fi
  fi
  if [[ $mode != "$EXPORT_MODE" ]]; then
    if mend "mode of $EXPORT_PATH: $mode, asked is $EXPORT_MODE"; then chmod "$EXPORT_MODE" "$EXPORT_PATH"; fi
  fi
  # The data may be another program's, and large: said, not changed.
  stranger=$(find "$EXPORT_PATH" -mindepth 1 -maxdepth 2 ! -name lost+found ! -uid "$EXPORT_UID" -print -quit)
  if [[ -n $stranger ]]; then
    say "notice: $stranger belongs to another user; the registry may not be able to write there"
  fi
}

# An empty export must have room for the whole volume. Once images fill it only the file system's size counts:
# a small one means that the disk is not mounted.
want_space() {
  local directory=$1 available size
  if [[ $MINIMUM_BYTES == 0 ]]; then return; fi
  read -r available size < <(df -B1 --output=avail,size "$directory" | tail -n 1)
  if [[ $directory == "$EXPORT_PATH" && -n $(find "$directory" -mindepth 1 ! -name lost+found -print -quit) ]]; then
    available=$size
  fi
  if [[ $available -lt $MINIMUM_BYTES ]]; then
    refuse "$EXPORT_PATH has room for $available bytes; the volume needs $MINIMUM_BYTES"
  fi
}
