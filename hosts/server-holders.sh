# shellcheck shell=bash
# Who would lose its files if the export went away now?

refuse_while_held() {
  local peers
  peers=$(connected_clients)
  if [[ -z $peers ]] || ! uses_this_export; then return; fi
  fail "clients hold $EXPORT_PATH: ${peers%, }. Stop them (scale the registry down, unmount), or set forceRemoval"
}

connected_clients() {
  local client peer
  for client in "${CLIENTS[@]}"; do
    if [[ $client == *:* ]]; then client="[$client]"; fi
    # iproute of RHEL 7 prints a heading: only lines with our port count.
    ss -tn state established "( sport = :2049 and dst $client )" |
      while read -r _ _ _ peer _; do if [[ $peer == *:[0-9]* ]]; then printf '%s, ' "${peer%:*}"; fi; done
  done
}

# One TCP connection carries all mounts of a client. Where this is the only export those clients have, being
# connected means holding it. Otherwise the kernel is asked: with its cache flushed, an export that is in use is
# looked up again by the first request. The registry looks at its storage every 10 seconds, and what its node
# answers from its own cache is asked again after 60 (nfs(5): acdirmax).
uses_this_export() {
  local line client others=no deadline
  while read -r line; do
    for client in "${CLIENTS[@]}"; do
      if [[ ${line%%[[:space:]]*} != "$EXPORT_PATH" && $line == *[[:space:]]"$client("* ]]; then others=yes; fi
    done
  done < <(live_table)
  if [[ $others == no ]]; then return 0; fi
  timeout 60 exportfs -f
  deadline=$((SECONDS + 75))
  while [[ $SECONDS -lt $deadline ]]; do
    if grep -qs "^${EXPORT_PATH}[[:space:]]" /proc/fs/nfsd/exports; then return 0; fi
    sleep 1
  done
  return 1
}
