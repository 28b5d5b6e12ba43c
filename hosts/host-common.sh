# shellcheck shell=bash
# What every script on a host shares: comparing before changing, whole files or none, one lock, packages.
# The values in capitals are set by the lines that hosts/*.ts put in front.

say() { printf '%s\n' "$*"; }

fail() {
  trap - EXIT
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Nothing ends without a word: a command that fails unexpectedly is named, and what it was to do.
explain_end() {
  local command=$2
  if [[ $1 == 0 || $1 == 3 ]]; then return; fi
  if [[ $command == timeout\ * ]]; then command=$BOUNDED; fi
  printf 'error: stopped at: %s ("%s" ended with status %s)\n' "$STEP" "$command" "$1" >&2
}

# Announces a difference. True: go ahead and mend it. In check it is counted and left.
mend() {
  if [[ $MODE == check ]]; then
    say "differs: $*"
    DIFFERENCES=$((DIFFERENCES + 1))
    return 1
  fi
  change "$*"
}

# What is about to be done. Should it fail, its name is this.
change() {
  say "changed: $*"
  STEP=$*
  CHANGES=$((CHANGES + 1))
}

# A difference that only a person may mend.
refuse() {
  if [[ $MODE != check ]]; then fail "$*"; fi
  say "differs: $*"
  DIFFERENCES=$((DIFFERENCES + 1))
}

begin() {
  MODE=$1
  DIFFERENCES=0 CHANGES=0
  MISSING_PACKAGE='' BOUNDED=''
  STEP='read what this host has'
  export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
  umask 022
  # At the end, the command that runs is the one which runs this script.
  FAILED=''
  set -o errtrace
  trap 'FAILED=$BASH_COMMAND' ERR
  trap 'explain_end $? "${FAILED:-$BASH_COMMAND}"' EXIT
  [[ $EUID == 0 ]] || fail "this needs root: connect as root, or as a user who may run sudo -n"
  # Not in /run/lock, where Debian lets every user make files.
  exec 9>>/run/image-registry.lock
  flock --wait "$WAIT_FOR_LOCK" 9 || fail "another run on this host still works after $WAIT_FOR_LOCK s$(sed "s/^/: /" /run/image-registry.lock)"
  printf '%s of process %s, since %(%F %T)T\n' "$MODE" "$$" -1 >/run/image-registry.lock
  detect_os
}

finish() {
  if [[ $DIFFERENCES -gt 0 ]]; then
    say "this host differs from what was asked in $DIFFERENCES place(s); give reapplyHosts a new text to mend it"
    exit 3
  fi
}

detect_os() {
  local words
  # shellcheck source=/dev/null
  words=$(. /etc/os-release && printf '%s\n' "${VERSION_ID:-99}" "${PRETTY_NAME:-$ID}" " $ID ${ID_LIKE:-} ${VARIANT_ID:-} ")
  { read -r OS_VERSION; read -r OS_NAME; IFS= read -r words; } <<<"$words"
  OS_VERSION=${OS_VERSION%%.*}
  case $words in
    *' rhcos '* | *' coreos '*) fail "$OS_NAME is managed by its cluster; nothing is done to it over SSH" ;;
    *' ubuntu '*) OS_FAMILY=ubuntu ;;
    *' debian '*) OS_FAMILY=debian ;;
    *' rhel '* | *' centos '* | *' fedora '*) OS_FAMILY=rhel ;;
    *suse* | *' sles '*) OS_FAMILY=suse ;;
    *) fail "$OS_NAME is not known here; known are RHEL, Fedora, Debian, Ubuntu, SUSE and their kin" ;;
  esac
}

# among WORD LIST...
among() {
  local sought=$1 one
  shift
  for one in "$@"; do if [[ $one == "$sought" ]]; then return; fi; done
  return 1
}

# put_file FILE MODE TEXT: readers see the old file or the new one, also after a power cut.
put_file() {
  local file=$1 mode=$2 text=$3 directory temporary
  directory=${file%/*}
  temporary=$directory/.${file##*/}.new
  if [[ ! -d $directory ]]; then mkdir -p "$directory"; fi
  if [[ -e $temporary || -L $temporary ]]; then rm -f "$temporary"; fi
  if ! printf '%s\n' "$text" >"$temporary" || ! chmod "$mode" "$temporary" || ! flush "$temporary"; then
    rm -f "$temporary"
    fail "cannot write $temporary; is the disk full?"
  fi
  mv -fT "$temporary" "$file"
  if command -v restorecon >/dev/null; then restorecon "$file" 9>&- || true; fi
  flush "$directory"
}

# coreutils before 8.24 (RHEL 7) cannot flush one file.
flush() { sync "$1" 2>/dev/null || sync; }

want_file() {
  local file=$1 mode=$2 text=$3 now=''
  if [[ -f $file && ! -L $file ]]; then
    IFS= read -r -d '' now <"$file" || true
    if [[ $now == "$text"$'\n' && $(stat -c %a "$file") == "$mode" ]]; then return; fi
  fi
  if mend "write $file"; then put_file "$file" "$mode" "$text"; fi
}

want_gone() {
  if [[ -e $1 || -L $1 ]]; then
    if mend "remove $1"; then rm -f "$1"; fi
  fi
}

active() { systemctl --quiet is-active "$1"; }

# want_running UNIT: started now, and at every boot.
want_running() {
  local state
  # The properties come in systemd's own order, each on its line.
  state=$(systemctl show --property=ActiveState --property=UnitFileState "$1")
  if [[ $state != *UnitFileState=enabled* ]]; then
    if mend "enable $1"; then bounded systemctl --quiet enable "$1"; fi
  fi
  if [[ $state != *ActiveState=active* ]]; then
    if mend "start $1"; then bounded systemctl start "$1"; fi
  fi
}

# Without this script's lock, which SELinux would say that it keeps from a program in a domain of its own.
bounded() {
  BOUNDED=$*
  timeout --kill-after=30 180 "$@" 9>&-
}

package_installed() {
  case $OS_FAMILY in
    debian | ubuntu) [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]] ;;
    *) rpm -q --quiet "$1" ;;
  esac
}

# want_package NAME: in check, what is missing is in MISSING_PACKAGE afterwards.
want_package() {
  local output
  if package_installed "$1"; then return; fi
  if ! mend "install $1"; then
    # shellcheck disable=SC2034 # the server's script asks for it
    MISSING_PACKAGE=$1
  else
    # Daemons started by the installation must not keep this script's lock.
    output=$(install_package "$1" 2>&1 9>&-) || fail "cannot install $1: $output"
  fi
}

# Waits for other users of the package manager, for at most WAIT_FOR_LOCK; apt and zypper need telling.
install_package() {
  local limit=(timeout --kill-after=30 "$((WAIT_FOR_LOCK + 600))")
  case $OS_FAMILY in
    debian | ubuntu) apt_install "$1" ;;
    suse) ZYPP_LOCK_TIMEOUT=$WAIT_FOR_LOCK "${limit[@]}" zypper --non-interactive install "$1" ;;
    *) if command -v dnf; then "${limit[@]}" dnf -y install "$1"; else "${limit[@]}" yum -y install "$1"; fi ;;
  esac
}

apt_install() {
  local apt=("${limit[@]}" apt-get -q -y -o "DPkg::Lock::Timeout=$WAIT_FOR_LOCK")
  local install=("${apt[@]}" -o Dpkg::Options::=--force-confold --no-install-recommends install "$1")
  export DEBIAN_FRONTEND=noninteractive
  if "${install[@]}"; then return; fi
  # The usual reasons: lists that are old or were never fetched, a dpkg that was killed half way.
  "${limit[@]}" dpkg --force-confold --configure -a || true
  "${apt[@]}" update || true
  "${install[@]}"
}
