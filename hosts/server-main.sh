# shellcheck shell=bash
# Makes this host serve one NFS export (apply), says how it differs (check), or takes the export away (remove).
# Every step compares with the live host first, so a run that was cut short is completed by the next.

main() {
  begin "$1"
  case $MODE in
    apply | check) converge ;;
    remove) remove_export ;;
    *) fail "unknown mode $MODE" ;;
  esac
  finish
}

converge() {
  choose_conf_style
  OTHER_FILES=$(other_files)
  refuse_others_export
  refuse_others_directory
  # What is refused has no use for the rest, which a check would go through.
  if [[ $DIFFERENCES -gt 0 ]]; then return; fi
  judge_other_exports
  read_shared_protocols
  refuse_taken_ports
  refuse_other_root
  refuse_without_key
  refuse_to_end_nfs3
  if [[ $DIFFERENCES -gt $ACCEPTED ]]; then return; fi
  # Before the server is restarted, and nobody connected for a while.
  refuse_to_cut_off "$(live_table)"
  want_owner_record
  want_directory
  want_file_system_record
  # Debian's package starts the server when it is installed: its configuration comes first. RHEL's brings
  # /etc/nfs.conf, which older versions have to edit.
  want_record "$STATE/$EXPORT_NAME.protocols" "$PROTOCOLS"
  if [[ $CONF_STYLE == drop-in ]]; then want_protocol_files; fi
  want_package "$SERVER_PACKAGE"
  if [[ -n $MISSING_PACKAGE ]]; then return; fi
  if [[ $CONF_STYLE != drop-in ]]; then want_protocol_files; fi
  want_services
  bind_to_mount
  want_export
  # Once more: where NFS was installed only now, nothing of the administrator's was served before.
  judge_other_exports
  want_selinux
  want_firewall
  prove_writable
  if [[ $DIFFERENCES -gt 0 ]]; then return; fi
  say_wrapped
  say "serving: $EXPORT_PATH to ${CLIENTS[*]} (NFSv4$([[ $NFS3 == no ]] || printf ' and NFSv3'), sec=$SECURITY)"
}

remove_export() {
  choose_conf_style
  OTHER_FILES=$(other_files)
  if belongs_to_another; then
    say "kept: the export of $EXPORT_PATH, which belongs to stack $RECORD_STACK of cluster $RECORD_CLUSTER"
    return
  fi
  if [[ $FORCE == no ]]; then refuse_while_held; fi
  read_shared_protocols
  if [[ $SHARED_BY -gt 0 ]]; then refuse_to_end_nfs3; fi
  withdraw_export
  drop_firewall
  rm -f "$STATE/$EXPORT_NAME.protocols" "$OWNER_FILE" "$FILE_SYSTEM_FILE"
  follow_who_is_left
  say "removed: the export of $EXPORT_PATH; its data, packages and services stay"
}

# By default RHEL lets nfsd serve any directory; where that was switched off the export would be empty.
want_selinux() {
  if [[ $(getenforce 2>/dev/null) != Enforcing ]]; then return; fi
  if [[ $(getsebool nfs_export_all_rw) == *' on' ]]; then return; fi
  if mend "SELinux boolean nfs_export_all_rw on"; then bounded setsebool -P nfs_export_all_rw=on; fi
}
