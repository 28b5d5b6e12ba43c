# shellcheck shell=bash
# NFS versions and ports belong to the host, not to one export: each export leaves a record of what it asks, and
# the host serves the union.

choose_conf_style() {
  SERVER_PACKAGE=nfs-utils
  CONF_STYLE=drop-in
  case $OS_FAMILY in
    debian | ubuntu)
      SERVER_PACKAGE=nfs-kernel-server
      [[ $OS_VERSION -ge $([[ $OS_FAMILY == debian ]] && printf 12 || printf 22) ]] ||
        fail "$OS_NAME is too old; Debian 12 or Ubuntu 22.04 is the oldest with /etc/nfs.conf.d"
      ;;
    suse)
      SERVER_PACKAGE=nfs-kernel-server
      [[ $OS_VERSION -ge 16 ]] || CONF_STYLE=nfs.conf
      ;;
    rhel)
      [[ $OS_VERSION -ge 9 ]] || CONF_STYLE=nfs.conf
      [[ $OS_VERSION -ge 8 ]] || CONF_STYLE=sysconfig
      [[ $OS_VERSION -ge 7 ]] || fail "$OS_NAME is too old; RHEL 7 is the oldest that works"
      ;;
  esac
}

# Of the kernel's server, such as "-3 +4 +4.1 +4.2"; nothing where it has not run yet.
served_versions() { if [[ -r /proc/fs/nfsd/versions ]]; then printf '%s' "$(</proc/fs/nfsd/versions)"; fi; }

read_shared_protocols() {
  local record name paths words=''
  SHARED_BY=0 NFS3=no DEDICATED=no OUR_PATHS=' '
  if [[ $MODE != remove ]]; then words=$PROTOCOLS OUR_PATHS=" $EXPORT_PATH " SHARED_BY=1; fi
  for record in "$STATE"/*.protocols; do
    name=${record##*/}
    name=${name%.protocols}
    if [[ ! -e $record || $name == "$EXPORT_NAME" ]]; then continue; fi
    paths=$(paths_of_export "$name")
    # A run that died early leaves a record without an export, and so does who takes the exports file away by hand.
    if [[ -z $paths ]]; then continue; fi
    words+=" $(<"$record")"
    OUR_PATHS+="$paths "
    SHARED_BY=$((SHARED_BY + 1))
  done
  case " $words " in *' nfs3 '*) NFS3=yes ;; *' dedicated '*) DEDICATED=yes ;; esac
}

# paths_of_export NAME: what its file names, a word each; without the file, what is served of it all the same.
paths_of_export() {
  if [[ -e /etc/exports.d/$1.exports ]]; then
    sed -n 's|^\(/[^ ]*\) .*|\1|p' "/etc/exports.d/$1.exports" | tr '\n' ' '
  elif [[ -e $STATE/$1.owner ]]; then
    read_owner "$STATE/$1.owner"
    if [[ -n $(served_entries "$(live_table)" "$RECORD_PATH") ]]; then printf '%s' "$RECORD_PATH"; fi
  fi
}

want_protocol_files() {
  if [[ $NFS3 == yes ]]; then
    want_settings "${NFS3_SETTINGS[@]}"
    want_file "$LOCKD_MODPROBE_FILE" 644 "$LOCKD_MODPROBE_TEXT"
    want_file "$LOCKD_SYSCTL_FILE" 644 "$LOCKD_SYSCTL_TEXT"
    return
  fi
  leave_lockd_ports
  if others_may_use_nfs3; then
    say "notice: this host has other exports; NFSv3 stays on for them (dedicated: true would end it)"
    KEEP_NFS3=yes
  else
    want_settings "${NFS4_SETTINGS[@]}"
  fi
}

# Other people's exports may have NFSv3 clients, and a server that is asked for none of it must not cut them off.
others_may_use_nfs3() {
  local path
  if [[ $DEDICATED == yes ]] || nfs3_was_ended; then return 1; fi
  if [[ $(served_versions) != *+3* ]]; then return 1; fi
  while read -r path _; do
    if [[ -n $path && "$OUR_PATHS $EXPORT_PATH " != *" $path "* ]]; then return 0; fi
  done < <(live_table)
  return 1
}

# By an earlier run: who has exported something since then, has done it without NFSv3.
nfs3_was_ended() {
  case $CONF_STYLE in
    drop-in) grep -qs '^vers3=n' "$NFS_CONF_DROP_IN" ;;
    nfs.conf) [[ -e $STATE/settings.before && $(nfsconf --get nfsd vers3 2>/dev/null) == n ]] ;;
    sysconfig) grep -qs '^RPCNFSDARGS=.*-N 3' /etc/sysconfig/nfs ;;
  esac
}

# The settings follow the exports of ours that are left; without any they are again what they were before the first one.
follow_who_is_left() {
  local before=$CHANGES
  read_shared_protocols
  if [[ $SHARED_BY == 0 ]]; then
    drop_protocol_files
    # Else the server would go on with our versions and ports up to the next boot.
    if [[ $CHANGES != "$before" ]] && active nfs-server; then restart_server; fi
  elif package_installed "$SERVER_PACKAGE"; then
    want_protocol_files
    want_services
  fi
}

drop_protocol_files() {
  want_gone "$NFS_CONF_DROP_IN"
  leave_lockd_ports
  restore_settings
  leave_rpcbind
}
