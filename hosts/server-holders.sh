# shellcheck shell=bash
# Who would lose its files if the export, or a client's entry of it, went away now? The live table says to whom it is
# served, whatever the caller believes.

refuse_while_held() {
  local leaving
  mapfile -t leaving < <(served_entries "$(live_table)" "$EXPORT_PATH" | sed 's/(.*//')
  refuse_holders "clients hold $EXPORT_PATH"
}

# Clients that are named no longer keep the export until they let go of it, and so do those that have it by what ends.
refuse_to_cut_off() {
  local client options ends ending='' leaving=()
  if [[ $FORCE == yes || $MODE != apply ]]; then return; fi
  while IFS='(' read -r client options; do
    ends=$(ends_with "${options%)}")
    if [[ -n $ends ]]; then
      leaving+=("$client")
      ending=$ends
    fi
  done < <(served_entries "$1" "$EXPORT_PATH")
  refuse_holders "$ending would end, by which clients may have mounted $EXPORT_PATH"
  leaving=()
  while IFS='(' read -r client _; do
    if ! among "$client" "${CLIENTS[@]}"; then leaving+=("$client"); fi
  done < <(served_entries "$1" "$EXPORT_PATH")
  refuse_holders "clients that are no longer named hold $EXPORT_PATH" "${CLIENTS[@]}"
}

# What of the options of a live entry is asked no more, and ends what was mounted by it, whoever stays named. A file handle
# bears the number of fsid=, and mountd finds none by another; one from before there was a number bears the file system's
# UUID, and is found all the same. And a client stays with the flavour that it has mounted with.
ends_with() {
  local option flavour ends=''
  for option in ${1//,/ }; do
    case $option in
      fsid=*) if ! among "$option" "${EXPECTED_OPTIONS[@]}"; then ends+=" and $option"; fi ;;
      sec=*)
        for flavour in ${option//[=:]/ }; do
          if [[ $flavour != sec && :$SECURITY: != *":$flavour:"* ]]; then ends+=" and sec=$flavour"; fi
        done
        ;;
    esac
  done
  printf '%s' "${ends# and }"
}

# served_entries TABLE DIRECTORY: as "CLIENT(OPTIONS)", without those that somebody else's file serves all the same.
served_entries() {
  local path rest
  while IFS=$'\t' read -r path rest; do
    if [[ $path == "$2" && -z $(named_elsewhere "$path" "${rest%%(*}") ]]; then printf '%s\n' "$rest"; fi
  done <<<"$1"
}

# refuse_holders WHAT [CLIENT THAT STAYS]...: of the clients in `leaving`.
refuse_holders() {
  local what=$1 peers mounted staying
  shift
  staying=$#
  if [[ ${#leaving[@]} == 0 ]]; then return; fi
  mounted=$(mounted_over_nfs3 "$EXPORT_PATH" | leaving_among "$@")
  peers=$(connected_clients "$@")
  if [[ -n $mounted ]]; then
    fail "$what, mounted over NFSv3: ${mounted% }. Stop them (scale the registry down, unmount), or set forceRemoval." \
      "Of one that is gone for good, take the line out of /var/lib/nfs/rmtab"
  elif [[ -n $peers ]] && only_export; then
    fail "$what: ${peers% }. Stop them (scale the registry down, unmount), or set forceRemoval. Whoever is connected counts, for" \
      "this host exports nothing else: one that still has mounted what is exported no more lets go of it by umount -fl"
  elif [[ -n $peers ]] && used_by_leaving "$peers"; then
    fail "$what: ${peers% }. Stop them (scale the registry down, unmount), or set forceRemoval"
  fi
}

# Of such mounts, unlike others, the server keeps a list, connected or not: of the directory, or of one in it.
mounted_over_nfs3() {
  if [[ $(served_versions) == *+3* ]]; then
    sed -n "s|^\(.*\):$1\(/.*\)\{0,1\}:0x[0-9a-f]*\$|\1|p" /var/lib/nfs/rmtab 2>/dev/null | sort -u || true
  fi
}

# leaving_among [CLIENT THAT STAYS]...: the addresses on stdin that come in by a client in `leaving`, and by none that stays.
leaving_among() {
  local address
  while IFS= read -r address; do
    if comes_in_by "$address" "${leaving[@]}" && ! comes_in_by "$address" "$@"; then printf '%s ' "$address"; fi
  done
}

# comes_in_by ADDRESS CLIENT...: a client that is no network was exported by hand, to a name, which anybody may have.
comes_in_by() {
  local address=$1 client
  shift
  for client in "$@"; do
    if ! is_network "$client" || ! is_network "$address" || holds "$client" "$address"; then return; fi
  done
  return 1
}

# Addresses of the clients in `leaving` that are connected, without those of the given ones.
connected_clients() {
  local client peer stay=''
  for client in "$@"; do stay+=" and not dst $(ss_address "$client")"; done
  for client in "${leaving[@]}"; do
    # What is no address was exported by hand, to a name: everyone connected may be it.
    client=$([[ $client != *[!0-9a-fA-F:./]* ]] && printf ' and dst %s' "$(ss_address "$client")") || client=''
    # iproute of RHEL 7 prints a heading: only lines with our port count.
    ss -tn state established "( sport = :2049$client$stay )" |
      while read -r _ _ _ peer _; do if [[ $peer == *:[0-9]* ]]; then printf '%s\n' "${peer%:*}"; fi; done
  done | sort -u | tr '\n' ' '
}

ss_address() { if [[ $1 == *:* ]]; then printf '[%s]' "$1"; else printf '%s' "$1"; fi; }

# One TCP connection carries all mounts of a client, and ends with the last of them. Where this is the only export of the
# host, being connected means holding it, or what was exported before: stale, but mounted, and the server cannot tell.
only_export() { ! live_table | cut -f 1 | grep -vxF -- "$EXPORT_PATH" >/dev/null; }

# Otherwise the kernel is asked: with its cache flushed, an export that is in use is looked up again by the
# first request. The registry looks at its storage every 10 seconds, and what its node answers from its own cache is asked
# again after 60 (nfs(5): acdirmax). Of NFSv4 the server keeps no list of mounts: of a client that asks for nothing meanwhile,
# it knows only who has used the export in the last quarter of an hour or more (mountd keeps an answer for half of one).
used_by_leaving() {
  local deadline client used lately
  lately=$(uses_of_export)
  # Which answers what is looked up; without it nobody would seem to use anything.
  want_mountd
  timeout 60 exportfs -f
  deadline=$((SECONDS + 75))
  while [[ $SECONDS -lt $deadline ]]; do
    used=$(uses_of_export)
    if [[ -n $used && $staying == 0 ]]; then return 0; fi
    for client in "${leaving[@]}" $1; do if [[ $used == *"$client"* ]]; then return 0; fi; done
    sleep 1
  done
  if [[ -n $lately ]]; then
    say "notice: ${1% }, connected for other exports of this host, used $EXPORT_PATH within the last half hour and asked for" \
      "nothing of it now; where it is still mounted there, it is a stale file handle from here on"
  fi
  return 1
}

uses_of_export() { grep -s "^${EXPORT_PATH}[[:space:]]" /proc/fs/nfsd/exports || true; }

# Where nobody is left who asked for NFSv3 it ends, and with it whatever is mounted over it.
refuse_to_end_nfs3() {
  local path clients holders=''
  if [[ $NFS3 == yes || $MODE == check || $FORCE == yes || $(served_versions) != *+3* ]]; then return; fi
  if others_may_use_nfs3; then return; fi
  for path in $OUR_PATHS; do
    clients=$(mounted_over_nfs3 "$path")
    if [[ -n $clients ]]; then holders+=" $path by ${clients//$'\n'/ }"; fi
  done
  if [[ -n $holders ]]; then
    fail "NFSv3 would end, over which clients have mounted:$holders. Stop them (scale the registry down, unmount), or set" \
      "forceRemoval. Of one that is gone for good, take the line out of /var/lib/nfs/rmtab"
  fi
}
