# shellcheck shell=bash
# The file system that the directory is on, and which of its directories it is. Both are remembered, so that with the disk, the
# subvolume or the bind mount missing, or the directory moved away, nobody gets an empty directory in its place: a line for the
# UUID, and one for the inode.

# read_file_system: of the directory, or of where it would be made.
read_file_system() {
  local lines pairs='^TARGET="([^"]*)" FSTYPE="([^"]*)" UUID="([^"]*)" SOURCE="([^"]*)"'
  lines=$(findmnt --noheadings --pairs --output TARGET,FSTYPE,UUID,SOURCE --target "$(existing_parent)") || true
  # What is mounted last is on top.
  [[ ${lines##*$'\n'} =~ $pairs ]] || fail "findmnt does not tell what $EXPORT_PATH is on: $lines"
  FS_TARGET=${BASH_REMATCH[1]} FS_TYPE=${BASH_REMATCH[2]} FS_ID=${BASH_REMATCH[3]} FS_SOURCE=${BASH_REMATCH[4]}
  if [[ -z $FS_ID && $FS_SOURCE == /dev/* ]]; then FS_ID=$(blkid -s UUID -o value "${FS_SOURCE%%[*}" 2>/dev/null) || true; fi
  # Names of devices change from boot to boot; pools and shares have no other name.
  if [[ -z $FS_ID && $FS_SOURCE != /dev/* ]]; then FS_ID=$FS_SOURCE; fi
}

# Looks only. False: it was refused.
right_file_system() {
  local known='' inode='' now missing
  read_file_system
  now=$(read_inode)
  if [[ -e $FILE_SYSTEM_FILE ]]; then { IFS= read -r known; read -r inode; } <"$FILE_SYSTEM_FILE" || true; fi
  if [[ $FS_TYPE == tmpfs || $FS_TYPE == ramfs ]]; then
    refuse "$EXPORT_PATH is on a $FS_TYPE, and images would vanish at boot; name a directory on a disk"
    return 1
  elif [[ -d $EXPORT_PATH && ! -d $EXPORT_PATH/. ]]; then
    refuse "$EXPORT_PATH cannot be entered: its automount does not mount it (systemctl status), or its disk has errors (dmesg). Mend that on the host"
    return 1
  elif [[ -n $known && $known != "$FS_ID" ]]; then
    refuse "the file system that $EXPORT_PATH is on, $known, is not mounted there; ${FS_ID:-another one} ($FS_SOURCE on" \
      "$FS_TARGET) is. Mount it, also in /etc/fstab. If its images were moved here: rm $FILE_SYSTEM_FILE"
    return 1
  elif [[ -n $known && ! -e $EXPORT_PATH ]]; then
    refuse "$EXPORT_PATH was served and is not there (a mount or a subvolume that is missing, or it was moved). Mount it, also in" \
      "/etc/fstab, or move it back. To begin with an empty one: rm $FILE_SYSTEM_FILE"
    return 1
  elif [[ -z $known ]] && missing=$(missing_mount) && [[ -n $missing ]]; then
    refuse "$missing, and nothing is mounted there: images would go to the disk of $FS_TARGET; mount it or, if they are to be there, take that line out"
    return 1
  elif [[ -n $inode && -n $now && $now' ' != "$inode "* ]]; then
    refuse "$EXPORT_PATH is not the directory that was served (a mount or a subvolume that is missing, or it was moved). Mount it," \
      "also in /etc/fstab, or move it back. If its images are in this one: rm $FILE_SYSTEM_FILE"
    return 1
  fi
}

# What /etc/fstab has on the directory, or on one above it, and has not: before there is a record, nothing else tells that the
# disk for the images is not there.
missing_mount() {
  local mounted line place
  mounted=$'\n'$(mounts | cut -f 2)$'\n'
  while read -r line place; do
    if [[ $EXPORT_PATH/ == "$place"/* && $mounted != *$'\n'"$place"$'\n'* ]]; then
      printf '/etc/fstab:%s mounts %s' "$line" "$place"
      return
    fi
  done < <(awk '$1 !~ /^#/ && $2 ~ /^\/./ { sub(/\/+$/, "", $2); print NR, $2 }' /etc/fstab 2>/dev/null)
}

# Only of file systems that keep a directory's number from one mount to the next; nothing where that is not known. Each subvolume
# of btrfs counts from the same one: there it is the time as well when the directory was made, which its snapshots have, too.
read_inode() {
  local inode birth
  if [[ ! -d $EXPORT_PATH || ! $FS_TYPE =~ ^(ext[234]|xfs|btrfs)$ ]]; then return; fi
  read -r inode birth < <(stat -c '%i %.9W' "$EXPORT_PATH")
  if [[ $FS_TYPE == btrfs && $birth =~ ^[1-9] ]]; then inode+=" $birth"; fi
  printf '%s' "$inode"
}

# The record of a former version has no inode, which apply adds; for a check that is no difference.
want_file_system_record() {
  local inode
  if [[ -z $FS_ID || ! -d $EXPORT_PATH || ($MODE == check && -e $FILE_SYSTEM_FILE) ]]; then return; fi
  inode=$(read_inode)
  want_record "$FILE_SYSTEM_FILE" "$FS_ID${inode:+$'\n'$inode}"
}

# Where the directory is on a disk of its own, the kernel is told to serve it only while that is mounted (exports(5),
# mountpoint). By the test that mountd makes, which takes no bind mount for one.
bind_to_mount() {
  local option=mountpoint
  read_file_system
  if [[ ! $FS_TARGET =~ ^/[A-Za-z0-9._/-]+$ || $(stat -c %d "$FS_TARGET") == $(stat -c %d "$FS_TARGET/..") ]]; then return; fi
  if [[ $FS_TARGET != "$EXPORT_PATH" ]]; then option=mountpoint=$FS_TARGET; fi
  EXPORTS_TEXT=${EXPORTS_TEXT//)/,$option)}
  EXPECTED_OPTIONS+=("$option")
}
