# shellcheck shell=bash
# Whose an export is. A host may serve several stacks, and a second one with the same path would take the first one's
# clients off it. So a record names the stack and the cluster that an export belongs to, its path, and what no other cluster
# has, a line each. An export made before there were records has none: it is of whoever asks for it by the same id and path.

read_owner() {
  RECORD_STACK='' RECORD_CLUSTER='' RECORD_PATH='' RECORD_CLUSTER_UID=''
  { read -r RECORD_STACK; read -r RECORD_CLUSTER; read -r RECORD_PATH; read -r RECORD_CLUSTER_UID; } <"$1" || true
}

# Clusters may be called the same, "admin" say, and one may be called by two names.
ours() {
  if [[ $RECORD_STACK != "$OWNER_STACK" ]]; then return 1; fi
  if [[ -n $RECORD_CLUSTER_UID && -n $OWNER_CLUSTER_UID ]]; then
    [[ $RECORD_CLUSTER_UID == "$OWNER_CLUSTER_UID" ]]
  else
    [[ $RECORD_CLUSTER == "$OWNER_CLUSTER" ]]
  fi
}

# One directory below another is as good as the same: its owner and its mode would be two stacks'.
overlap() { [[ $1/ == "$2"/* || $2/ == "$1"/* ]] || share_files "$1" "$2"; }

refuse_others_export() {
  local record name whose
  for record in "$STATE"/*.owner; do
    if [[ ! -e $record ]]; then continue; fi
    read_owner "$record"
    name=${record##*/}
    name=${name%.owner}
    if damaged; then
      read -r RECORD_PATH _ <<<"$(paths_of_export "$name")"
      if [[ $name == "$EXPORT_NAME" ]] || { [[ -n $RECORD_PATH ]] && overlap "$RECORD_PATH" "$EXPORT_PATH"; }; then
        refuse "$(damage "$record")"
      fi
      continue
    fi
    if ours || ! overlap "$RECORD_PATH" "$EXPORT_PATH"; then continue; fi
    whose="the export of $RECORD_PATH on this host belongs to stack $RECORD_STACK of cluster $(cluster_text "$RECORD_CLUSTER" "$RECORD_CLUSTER_UID"), and"
    whose+=" this is stack $OWNER_STACK of cluster $(cluster_text "$OWNER_CLUSTER" "$OWNER_CLUSTER_UID")"
    if [[ $name != "$EXPORT_NAME" ]]; then
      refuse "$whose; name a directory that is no part of it, or, where that stack is gone and its export as well: rm $record"
    elif [[ $RECORD_STACK != "$TAKE_OVER_FROM" ]]; then
      refuse "$whose; name another path, or, to hand the export over to this stack: nfs.host.takeOverFrom: $RECORD_STACK"
    fi
  done
}

# Which no run leaves behind, but a file system that was repaired may.
damaged() { [[ $RECORD_PATH != /* ]]; }

damage() {
  printf '%s is damaged, and nobody can tell from it which stack the export belongs to. If it is this stack, take the file away: rm %s' "$1" "$1"
}

# The uid is told only where the names do not tell clusters apart.
cluster_text() {
  printf '%s' "$1"
  if [[ $RECORD_CLUSTER == "$OWNER_CLUSTER" && -n $2 ]]; then printf ' (namespace kube-system: uid %s)' "$2"; fi
}

NEW_RECORDS=()

# want_record FILE TEXT: one that was not there before goes again with an export that is taken back.
want_record() {
  if [[ ! -e $1 ]]; then NEW_RECORDS+=("$1"); fi
  want_file "$1" 644 "$2"
}

want_owner_record() {
  want_record "$OWNER_FILE" "$OWNER_STACK"$'\n'"$OWNER_CLUSTER"$'\n'"$EXPORT_PATH${OWNER_CLUSTER_UID:+$'\n'$OWNER_CLUSTER_UID}"
}

# An export that was handed over is not the former owner's to remove, and its removal is done all the same.
belongs_to_another() {
  if [[ ! -e $OWNER_FILE ]]; then return 1; fi
  read_owner "$OWNER_FILE"
  if damaged; then fail "$(damage "$OWNER_FILE"). Nothing was removed"; fi
  ! ours
}
