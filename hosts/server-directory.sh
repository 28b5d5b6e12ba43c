# shellcheck shell=bash
# The exported directory: ours to make and to own, never to empty, and never somebody else's. It is entered by one name
# after the other and then worked on from within: whoever may write to a directory above it, such as a client of another
# export, could put a symbolic link in the place of any name.

# Looks only. Nothing of what is refused here was changed.
refuse_others_directory() {
  local real below
  real=$(readlink -m -- "$EXPORT_PATH")
  below=$(mounted_in_directory)
  if [[ $real != "$EXPORT_PATH" ]]; then
    # exportfs would export the target, and the live table would name another path than was asked.
    refuse "$EXPORT_PATH passes through a symbolic link; name $real instead"
  elif ! right_file_system; then
    return
  elif [[ -e $EXPORT_PATH && ! -d $EXPORT_PATH ]]; then
    refuse "$EXPORT_PATH is not a directory"
  elif [[ $REQUIRE_MOUNT_POINT == yes ]] && ! mountpoint -q "$EXPORT_PATH"; then
    refuse "nothing is mounted on $EXPORT_PATH; mount its file system, also in /etc/fstab"
  elif [[ -n $below ]]; then
    refuse "a file system is mounted on $below, which clients would not see: they would get the directory beneath it. Name" \
      "that directory, or mount it on $EXPORT_PATH"
  elif [[ $FS_TYPE != nfs* && ! -w $(existing_parent) ]]; then
    # Of root this asks no permission, but of another server's.
    refuse "nobody can write in $(existing_parent): its file system is mounted read-only (findmnt -T), as the kernel does after an" \
      "error of its disk (dmesg), or it was made immutable (lsattr -d). Mend that on the host"
  elif [[ -d $EXPORT_PATH ]]; then
    enter_directory
    refuse_strangers
    cd /
    want_space "$EXPORT_PATH"
  else
    want_space "$(existing_parent)"
  fi
}

# Where something is mounted in the directory, which is no part of its export (exports(5), nohide). No client looks into folders
# with a dot, which snapshots are mounted in.
mounted_in_directory() {
  local place target
  while IFS=$'\t' read -r place target; do
    if [[ $target == "$EXPORT_PATH"/[!.]* ]]; then
      printf '%s' "$target"
      return
    fi
  done <<<"$(mounts)"
}

# enter_directory [make]: makes what is missing of the path, where told to.
enter_directory() {
  local names name at=''
  IFS=/ read -r -a names <<<"${EXPORT_PATH#/}"
  cd /
  for name in "${names[@]}"; do
    at+=/$name
    if [[ ${1:-} == make && ! -e $name ]]; then mkdir -- "$name"; fi
    # Where nothing is made on the way, the end of it tells.
    if ! cd -- "$name" || { [[ ${1:-} == make || $at == "$EXPORT_PATH" ]] && [[ $(readlink /proc/self/cwd) != "$at" ]]; }; then
      cd /
      fail "$at was exchanged for something else in this moment; nothing was done there"
    fi
  done
}

# As the user that every client becomes.
as_squashed() { setpriv --reuid="$EXPORT_UID" --regid="$EXPORT_GID" --clear-groups "$@"; }

# What this user may not write to belongs to somebody: to another program, or to a registry that ran as another user.
# A directory that was taken up before is searched only as deep as the registry makes folders to write in.
refuse_strangers() {
  local owner known=no depth=(-mindepth 1) skipped=("${NOT_IMAGES[@]}")
  if [[ -e $OWNER_FILE || -e $EXPORTS_FILE ]]; then known=yes depth+=("${FOLDERS_DEPTH[@]}") skipped+=("${NO_FOLDERS[@]}"); fi
  owner=$(stat -c %u .)
  if [[ $owner == "$EXPORT_UID" ]]; then
    # The registry makes and deletes files in each folder, and writes to those that name a tag's image.
    refuse_stranger "$(as_squashed find . -xdev "${depth[@]}" "${skipped[@]}" \
      '(' -type d -o -type f ! -user "$EXPORT_UID" ')' ! -writable -print -quit 2>/dev/null)"
  elif [[ -n $(find . -mindepth 1 -maxdepth 1 "${NOBODYS[@]}" -print -quit) || ($owner != 0 && $known == no) ]]; then
    refuse_stranger .
  elif [[ $owner == 0 && -n $(package_of "$EXPORT_PATH") ]]; then
    refuse "$EXPORT_PATH belongs to package $(package_of "$EXPORT_PATH"); name a directory of its own"
  fi
}

# What the file system keeps for itself in an empty directory: its own, quotas, snapshots.
NOBODYS=(! -name lost+found ! -name 'aquota.*' ! -name '.snapshot*' ! -name .zfs)
# In one that is used already, what the registry never enters.
NOT_IMAGES=('(' -path ./lost+found -o -path './aquota.*' -o -path './.*' ')' -prune -o)
# docker/registry/v2/repositories/NAMESPACE/NAME/_uploads, and names of two parts more. Below that there is a folder for each
# layer, tag and upload, and below blobs/sha256/ab one for each blob: too many to look at in every run.
FOLDERS_DEPTH=(-maxdepth 9)
NO_FOLDERS=('(' -path './docker/registry/v2/blobs/*/*/*' -o -path './docker/registry/v2/repositories/*/_*/*' ')' -prune -o)

refuse_stranger() {
  local owner where=$EXPORT_PATH${1#.} out=''
  if [[ -z $1 ]]; then return; fi
  owner=$(stat -c '%u:%g' "$1")
  if [[ ${owner%:*} == "$EXPORT_UID" ]]; then
    refuse "$where cannot be written to by its owner $owner (mode $(stat -c %a "$1")), as whom clients write: every push would fail." \
      "Mend it on the host: chmod -R u+rwX $EXPORT_PATH, and chattr -R -i $EXPORT_PATH where it was made immutable"
    return
  fi
  if [[ $owner != 0:* ]]; then out="set nfs.host.uid: ${owner%:*} and nfs.host.gid: ${owner#*:}, or "; fi
  refuse "$where belongs to $owner ($(stat -c '%U:%G, mode %a' "$1")), and clients would write as $EXPORT_UID:$EXPORT_GID:" \
    "every push would fail. If these are the registry's images, ${out}give them over on the host:" \
    "chown -R $EXPORT_UID:$EXPORT_GID $EXPORT_PATH. If not, name another directory"
}

# The package that brought a directory; says nothing when none did.
package_of() {
  case $OS_FAMILY in
    debian | ubuntu) dpkg-query -S "$1" 2>/dev/null | sed -n "s|: $1\$||p" || true ;;
    *) rpm -qf "$1" 2>/dev/null | grep -v ' ' || true ;;
  esac
}

want_directory() {
  local owner mode
  if [[ ! -e $EXPORT_PATH ]]; then
    if ! mend "create $EXPORT_PATH"; then return; fi
    enter_directory make
  else
    enter_directory
  fi
  read -r owner mode < <(stat -c '%u:%g %a' .)
  if [[ $owner != "$EXPORT_UID:$EXPORT_GID" ]]; then
    if mend "owner of $EXPORT_PATH: $owner, asked is $EXPORT_UID:$EXPORT_GID"; then chown "$EXPORT_UID:$EXPORT_GID" .; fi
  fi
  # Of a directory chmod leaves setuid and setgid, which a parent hands down, unless the mode has five digits.
  if [[ $mode != "$EXPORT_MODE" ]]; then
    if mend "mode of $EXPORT_PATH: $mode, asked is $EXPORT_MODE"; then chmod "00$EXPORT_MODE" .; fi
  fi
  cd /
}

# The proof that a push will not fail, in the directory and in the deepest one of the registry's folders: the user may
# write there, and, where this run has changed something, does: creates, renames, deletes.
prove_writable() {
  local directory output command
  # What is not there was told by want_directory.
  if [[ $MODE == check && ! -d $EXPORT_PATH ]]; then return; fi
  # For the inner shell, which gets the directory as its argument.
  # shellcheck disable=SC2016
  command='test -w "$1" -a -x "$1"'
  if [[ $CHANGES -gt 0 ]]; then
    # shellcheck disable=SC2016
    command='file=$1/.image-registry-$$; echo proof >"$file" && mv "$file" "$file.renamed" && rm "$file.renamed"'
  fi
  enter_directory
  while IFS= read -r directory; do
    if ! output=$(as_squashed bash --norc -ec "$command" prove "$directory" 2>&1); then
      refuse "$EXPORT_UID:$EXPORT_GID, as whom clients write, cannot write in $EXPORT_PATH${directory#.}: ${output:-permission denied}"
      break
    fi
  done < <(printf '.\n' && deepest_directory)
  cd /
}

deepest_directory() {
  find . -xdev -mindepth 1 "${FOLDERS_DEPTH[@]}" "${NOT_IMAGES[@]}" "${NO_FOLDERS[@]}" -type d -printf '%d %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-
}

existing_parent() {
  local parent=$EXPORT_PATH
  # With the dot, an automount brings what it has not mounted yet.
  until [[ -d $parent/. ]]; do
    parent=${parent%/*}
    parent=${parent:-/}
  done
  printf '%s' "$parent"
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
