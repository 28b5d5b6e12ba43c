# shellcheck shell=bash
# The file system that the directory is on. Its UUID is remembered, so that with the disk missing nobody gets an empty
# directory in its place.

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
  local known=''
  read_file_system
  if [[ -e $FILE_SYSTEM_FILE ]]; then known=$(<"$FILE_SYSTEM_FILE"); fi
  if [[ $FS_TYPE == tmpfs || $FS_TYPE == ramfs ]]; then
    refuse "$EXPORT_PATH is on a $FS_TYPE, and images would vanish at boot; name a directory on a disk"
    return 1
  elif [[ -n $known && $known != "$FS_ID" ]]; then
    refuse "the file system that $EXPORT_PATH is on, $known, is not mounted there; ${FS_ID:-another one} ($FS_SOURCE on" \
      "$FS_TARGET) is. Mount it, also in /etc/fstab. If its images were moved here: rm $FILE_SYSTEM_FILE"
    return 1
  fi
}

want_file_system_record() {
  if [[ -n $FS_ID && -d $EXPORT_PATH ]]; then want_file "$FILE_SYSTEM_FILE" 644 "$FS_ID"; fi
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
