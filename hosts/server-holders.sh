# shellcheck shell=bash
# Who would lose its files if the export, or a client's entry of it, went away now? The live table says to whom it is
# served, whatever the caller believes.

refuse_while_held() {
  local leaving
  mapfile -t leaving < <(served_clients "$(live_table)")
  refuse_holders "clients hold $EXPORT_PATH"
}

# Clients that are named no longer: they keep the export until they let go of it.
refuse_to_cut_off() {
  local client leaving=()
  if [[ $FORCE == yes || $MODE != apply ]]; then return; fi
  while IFS= read -r client; do
    if [[ -n $client ]] && ! among "$client" "${CLIENTS[@]}"; then leaving+=("$client"); fi
  done < <(served_clients "$1")
  refuse_holders "clients that are no longer named hold $EXPORT_PATH" "${CLIENTS[@]}"
}

# Clients of our directory in the given table, without those that somebody else's file serves all the same.
served_clients() {
  local path rest
  while IFS=$'\t' read -r path rest; do
    if [[ $path == "$EXPORT_PATH" && -z $(named_elsewhere "$path" "${rest%%(*}") ]]; then printf '%s\n' "${rest%%(*}"; fi
  done <<<"$1"
}

# refuse_holders WHAT [CLIENT THAT STAYS]...: of the clients in `leaving`.
refuse_holders() {
  local what=$1 peers staying
  shift
  staying=$#
  if [[ ${#leaving[@]} == 0 ]]; then return; fi
  peers=$(connected_clients "$@")
  if [[ -z $peers ]] || ! used_by_leaving "$peers"; then return; fi
  fail "$what: ${peers% }. Stop them (scale the registry down, unmount), or set forceRemoval"
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

# One TCP connection carries all mounts of a client. Where this is the only export of the host, being connected means
# holding it. Otherwise the kernel is asked: with its cache flushed, an export that is in use is looked up again by the
# first request. The registry looks at its storage every 10 seconds, and what its node answers from its own cache is asked
# again after 60 (nfs(5): acdirmax).
used_by_leaving() {
  local deadline client used
  if ! live_table | cut -f 1 | grep -qvxF -- "$EXPORT_PATH"; then return 0; fi
  timeout 60 exportfs -f
  deadline=$((SECONDS + 75))
  while [[ $SECONDS -lt $deadline ]]; do
    used=$(grep -s "^${EXPORT_PATH}[[:space:]]" /proc/fs/nfsd/exports || true)
    if [[ -n $used && $staying == 0 ]]; then return 0; fi
    for client in "${leaving[@]}" $1; do if [[ $used == *"$client"* ]]; then return 0; fi; done
    sleep 1
  done
  return 1
}

# Where nobody is left who asked for NFSv3 it ends, and with it whatever is mounted over it. Of such mounts, unlike others,
# the server keeps a list.
refuse_to_end_nfs3() {
  local path peers client holders=''
  if [[ $NFS3 == yes || $MODE == check || $FORCE == yes || $(served_versions) != *+3* ]]; then return; fi
  if others_may_use_nfs3; then return; fi
  peers=$(ss -tn state established '( sport = :2049 )' | sed -n 's/.* \[\{0,1\}\([0-9a-fA-F.:]*\)\]\{0,1\}:[0-9]* *$/\1/p')
  for path in $OUR_PATHS; do
    while IFS= read -r client; do
      if [[ $'\n'$peers$'\n' == *$'\n'"$client"$'\n'* ]]; then holders+=" $path by $client"; fi
    done < <(sed -n "s|^\(.*\):$path:0x[0-9a-f]*\$|\1|p" /var/lib/nfs/rmtab 2>/dev/null | sort -u)
  done
  if [[ -n $holders ]]; then
    fail "NFSv3 would end, over which clients have mounted:$holders. Stop them (scale the registry down, unmount), or set forceRemoval"
  fi
}
