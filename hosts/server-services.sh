# shellcheck shell=bash
# The services. Whether they need a restart is read off the running server, never off a file having changed: a run
# that died between the two would otherwise leave the old settings running for ever.

want_services() {
  local differing
  if [[ $NFS3 == yes ]]; then want_rpcbind; elif [[ $DEDICATED == yes ]]; then want_rpcbind_masked; fi
  if [[ $NFS3 == yes ]]; then want_lockd_ports; fi
  want_running nfs-server
  differing=$(protocol_differences)
  if [[ -z $differing ]]; then return; fi
  if mend "restart nfs-server, because $differing"; then
    restart_server
    differing=$(protocol_differences)
    if [[ -n $differing ]]; then
      fail "nfs-server runs, but ${differing}see systemctl status nfs-server rpc-statd rpcbind"
    fi
  fi
}

restart_server() {
  if [[ $NFS3 == yes ]]; then bounded systemctl restart rpc-statd; fi
  bounded systemctl restart nfs-server
}

protocol_differences() {
  local versions sockets port
  versions=$(cat /proc/fs/nfsd/versions 2>/dev/null) || versions=''
  if [[ $versions != *+4* ]]; then printf 'NFSv4 is not served; '; fi
  if [[ $NFS3 == no ]]; then
    if [[ ${KEEP_NFS3:-no} == yes ]]; then return; fi
    if [[ $versions == *+3* ]]; then printf 'NFSv3 is still served; '; fi
    if [[ $(ss -ltnp) == *'"rpc.mountd"'* ]]; then printf 'rpc.mountd still listens; '; fi
    return
  fi
  if [[ $versions != *+3* ]]; then printf 'NFSv3 is not served; '; fi
  sockets=$(ss -ltn)
  for port in "${NFS3_PORTS[@]}"; do
    if [[ $sockets != *":$port "* ]]; then printf 'port %s does not listen; ' "$port"; fi
  done
}

# lockd reads its ports when the server starts. The module's options set them at boot; now they are set here.
want_lockd_ports() {
  local key
  modprobe --quiet lockd || true
  for key in fs.nfs.nlm_tcpport fs.nfs.nlm_udpport; do
    if [[ $(sysctl -n "$key" 2>/dev/null) != "$LOCKD_PORT" ]]; then
      if mend "$key=$LOCKD_PORT"; then sysctl -q -w "$key=$LOCKD_PORT"; fi
    fi
  done
}

want_rpcbind() {
  if [[ $(systemctl is-enabled rpcbind.socket 2>/dev/null) == masked ]]; then
    if mend "unmask ${RPCBIND_UNITS[*]}"; then
      bounded systemctl --quiet unmask "${RPCBIND_UNITS[@]}"
      rm -f "$STATE/masked"
    fi
  fi
  want_running rpcbind.socket
}

want_rpcbind_masked() {
  if [[ $(systemctl is-enabled rpcbind.socket 2>/dev/null) == masked ]] && ! active rpcbind.socket; then return; fi
  if mend "mask ${RPCBIND_UNITS[*]}"; then
    put_file "$STATE/masked" 644 "${RPCBIND_UNITS[*]}"
    bounded systemctl --quiet mask --now "${RPCBIND_UNITS[@]}"
  fi
}
