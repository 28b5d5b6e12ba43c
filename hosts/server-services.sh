# shellcheck shell=bash
# The services. Whether they need a restart is read off the running server, never off a file having changed: a run
# that died between the two would otherwise leave the old settings running for ever.

want_services() {
  local differing
  if [[ $NFS3 == yes ]]; then want_rpcbind; elif [[ $DEDICATED == yes ]]; then want_rpcbind_masked; else leave_rpcbind; fi
  if [[ $NFS3 == yes ]]; then want_lockd_ports; fi
  want_running nfs-server
  want_mountd
  differing=$(protocol_differences)
  if [[ -z $differing ]]; then return; fi
  if mend "restart nfs-server, because $differing"; then
    restart_server
    differing=$(protocol_differences)
    if [[ -n $differing ]]; then
      fail "nfs-server runs, but ${differing%; }. $(overriding_settings)See systemctl status nfs-server nfs-mountd rpc-statd rpcbind$(enforcing_hint)"
    fi
  fi
}

# It tells the kernel what is exported to whom, also over NFSv4: without it every mount waits for ever. Nothing starts it again
# when it was killed, and nfs-server stays active without it. Somebody may run it, or nfsv4.exportd, without the unit.
want_mountd() {
  if ! active nfs-server || mountd_runs; then return; fi
  if mend "start nfs-mountd, without which no client can mount"; then
    bounded systemctl restart nfs-mountd
    mountd_runs || fail "rpc.mountd does not stay; see systemctl status nfs-mountd"
  fi
}

mountd_runs() { active nfs-mountd || pidof rpc.mountd nfsv4.exportd >/dev/null 2>&1; }

# Debian's policy lets no mountd have NFSv3's port 20048, and RHEL's does.
enforcing_hint() {
  if [[ $(getenforce 2>/dev/null) == Enforcing ]]; then
    printf '. SELinux is enforcing here: where their journal says "Permission denied", its policy keeps a daemon from a port'
  fi
}

restart_server() {
  if [[ $NFS3 == yes ]] || active rpc-statd; then bounded systemctl restart rpc-statd; fi
  bounded systemctl restart nfs-server
}

protocol_differences() {
  local versions sockets port address
  versions=$(served_versions)
  # What the volume asks for.
  if [[ $versions != *+4.2* ]]; then printf 'NFSv4.2 is not served; '; fi
  sockets=$(ss -ltn)
  for address in $(server_addresses); do
    if ! listens "$address" 2049; then printf 'nothing listens on %s, where clients come in, port 2049; ' "$address"; fi
  done
  if [[ $NFS3 == no ]]; then
    if [[ ${KEEP_NFS3:-no} == yes ]]; then return; fi
    if [[ $versions == *+3* ]]; then printf 'NFSv3 is still served; '; fi
    if [[ $(ss -ltnp) == *'"rpc.mountd"'* ]]; then printf 'rpc.mountd still listens; '; fi
    return
  fi
  if [[ $versions != *+3* ]]; then printf 'NFSv3 is not served; '; fi
  for port in "${NFS3_PORTS[@]}"; do
    if [[ $sockets != *":$port "* ]]; then printf 'port %s does not listen; ' "$port"; fi
  done
}

# This host's addresses as its clients know them.
server_addresses() {
  local client
  for client in "${CLIENTS[@]}"; do
    ip -o route get "${client%%/*}" 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p' || true
  done | sort -u
}

# listens ADDRESS PORT, by the list in `sockets`
listens() {
  local any='0\.0\.0\.0'
  if [[ $1 == *:* ]]; then any='\[::\]|::'; fi
  grep -qE "[[:space:]]($any|\*|\[?${1//./\\.}\]?):${2}[[:space:]]" <<<"$sockets"
}

# The administrator's lines about what ours are about, with their files: one that is read after ours wins, and so does what
# the service itself is started with.
overriding_settings() {
  local file lines='' units
  while IFS= read -r file; do
    if [[ ! -e $file || $file == "$NFS_CONF_DROP_IN" ]]; then continue; fi
    lines+=$(awk -v file="$file" '
      { line = tolower($0) }
      line ~ /^[ \t]*\[/ { section = line; gsub(/[][ \t]/, "", section) }
      section ~ /^(nfsd|mountd|statd|lockd)$/ && line ~ /^[ \t]*(vers[0-9.]+|host|port|udp-port|outgoing-port|tcp|threads)[ \t]*=/ {
        gsub(/[ \t]/, ""); printf "%s:%d [%s] %s, ", file, NR, section, $0
      }' "$file")
  done < <(nfs_conf_files)
  units=$(systemctl show --property=DropInPaths nfs-server 2>/dev/null | sed -n 's/^DropInPaths=//p' | tr ' ' '\n' | grep -v '^/usr/' || true)
  if [[ -n $units ]]; then lines+="$(tr '\n' ' ' <<<"$units"), "; fi
  if [[ -n $lines ]]; then printf 'What is set elsewhere: %s. ' "${lines%, }"; fi
}

# With what they include (nfs.conf(5)); a file that need not be there is named with a dash.
nfs_conf_files() {
  printf '%s\n' /etc/nfs.conf /etc/nfs.conf.d/*.conf
  sed -n 's/^[ \t]*include[ \t]*=[ \t]*-\{0,1\}[ \t]*//p' /etc/nfs.conf /etc/nfs.conf.d/*.conf 2>/dev/null |
    while IFS= read -r file; do if [[ $file == /* ]]; then printf '%s\n' "$file"; else printf '/etc/%s\n' "$file"; fi; done
}

# nfs.conf(5): every export's path is then looked for below it.
refuse_other_root() {
  local file files=() root
  while IFS= read -r file; do if [[ -e $file ]]; then files+=("$file"); fi; done < <(nfs_conf_files)
  if [[ ${#files[@]} == 0 ]]; then return; fi
  root=$(awk '
    { line = tolower($0) }
    line ~ /^[ \t]*\[/ { section = line; gsub(/[][ \t]/, "", section) }
    section == "exports" && line ~ /^[ \t]*rootdir[ \t]*=/ {
      sub(/^[^=]*=[ \t]*/, ""); sub(/[ \t]+$/, "")
      root = $0 == "" || $0 == "/" ? "" : FILENAME ":" FNR " [exports] rootdir=" $0
    }
    END { print root }' "${files[@]}")
  if [[ -n $root ]]; then
    refuse "clients would find another directory under the name $EXPORT_PATH: $root puts the paths of all exports below itself; take that out"
  fi
}

# Nobody mounts with Kerberos from a host that has no key: a keytab without any is two bytes long. It may be another one than
# usual, by Kerberos' or gssproxy's configuration, or by what the daemons are started with.
refuse_without_key() {
  local keytab
  if [[ $SECURITY != *krb5* ]]; then return; fi
  while IFS= read -r keytab; do
    if [[ -f $keytab && $(stat -L -c %s "$keytab") -gt 2 ]]; then return; fi
  done < <(
    printf '/etc/krb5.keytab\n'
    grep -shE 'keytab|KTNAME' /etc/krb5.conf /etc/krb5.conf.d/* /etc/gssproxy/*.conf /etc/sysconfig/{nfs,gssproxy} \
      /etc/default/nfs-kernel-server | grep -oE '/[^[:space:],"]*' || true
  )
  refuse "no client can mount with sec=$SECURITY, for this host has no key: /etc/krb5.keytab is missing or empty. Put the key of" \
    "nfs/$(uname -n) there (kadmin: ktadd), or set nfs.host.security: sys"
}

# Daemons of NFSv3 that are built with libwrap ask these files, and turn clients away without a word. NFSv4 does without them.
say_wrapped() {
  local denied daemons='ALL|rpcbind|portmap|(rpc\.)?(mountd|statd)'
  if [[ $NFS3 != yes ]]; then return; fi
  denied=$(grep -nwE "^[[:space:]]*[^#]*($daemons)[^:]*:" /etc/hosts.deny 2>/dev/null | head -n 1) || true
  if [[ -n $denied ]] && ! grep -qswE "^[[:space:]]*[^#]*($daemons)[^:]*:" /etc/hosts.allow; then
    say "warning: /etc/hosts.deny:$denied may keep clients from NFSv3's rpcbind and mountd; let ${CLIENTS[*]} in by /etc/hosts.allow"
  fi
}

# Before any port is moved: one that another program has, and lockd's, which it keeps for as long as this host itself has
# something mounted over NFSv3.
refuse_taken_ports() {
  local port holder mounted ports=(2049)
  if [[ $NFS3 == yes ]]; then ports=("${NFS3_PORTS[@]}"); fi
  for port in "${ports[@]}"; do
    holder=$(ss -ltnp | grep -E "[:.]${port}[[:space:]]" | sed -n 's/.*users:((\"\([^\"]*\)\".*/\1/p' | head -n 1) || true
    case $holder in
      '' | rpcbind | rpc.mountd | rpc.statd | systemd) ;;
      *) refuse "port $port is taken by $holder; NFS needs it" ;;
    esac
  done
  if [[ $NFS3 != yes ]]; then return; fi
  mounted=$(awk '$3 == "nfs" && $4 ~ /(^|,)vers=3(,|$)/ && $4 !~ /(^|,)nolock(,|$)/ { print $2; exit }' /proc/mounts)
  if [[ -n $mounted && $(sysctl -n fs.nfs.nlm_tcpport 2>/dev/null) != "$LOCKD_PORT" ]]; then
    refuse "lockd cannot take port $LOCKD_PORT while this host itself mounts $mounted over NFSv3; unmount it, or mount it with nolock"
  fi
}

# lockd reads its ports when the server starts. The module's options set them at boot; now they are set here.
want_lockd_ports() {
  local key
  modprobe --quiet lockd 9>&- || true
  for key in fs.nfs.nlm_tcpport fs.nfs.nlm_udpport; do
    if [[ $(sysctl -n "$key" 2>/dev/null) != "$LOCKD_PORT" ]]; then
      if mend "$key=$LOCKD_PORT"; then
        remember_lockd "$key"
        sysctl -q -w "$key=$LOCKD_PORT"
      fi
    fi
  done
}

remember_lockd() {
  local known=''
  if [[ -e $STATE/lockd.before ]]; then known=$(<"$STATE/lockd.before"); fi
  if [[ $known != *"$1="* ]]; then
    put_file "$STATE/lockd.before" 644 "${known:+$known$'\n'}$1=$(sysctl -n "$1" 2>/dev/null || printf 0)"
  fi
}

leave_lockd_ports() {
  local line
  want_gone "$LOCKD_MODPROBE_FILE"
  want_gone "$LOCKD_SYSCTL_FILE"
  if [[ ! -e $STATE/lockd.before ]] || ! mend "lockd's ports as they were"; then return; fi
  while IFS= read -r line; do sysctl -q -w "$line" || true; done <"$STATE/lockd.before"
  rm -f "$STATE/lockd.before"
}

want_rpcbind() {
  if [[ $(systemctl is-enabled rpcbind.socket 2>/dev/null) == masked ]]; then unmask_rpcbind; fi
  want_running rpcbind.socket
}

want_rpcbind_masked() {
  if [[ $(systemctl is-enabled rpcbind.socket 2>/dev/null) == masked ]] && ! active rpcbind.socket; then return; fi
  if mend "mask ${RPCBIND_UNITS[*]}"; then
    put_file "$STATE/masked" 644 "${RPCBIND_UNITS[*]}"
    bounded systemctl --quiet mask --now "${RPCBIND_UNITS[@]}"
  fi
}

# Nobody who is left asks for the mask.
leave_rpcbind() { if [[ -e $STATE/masked ]]; then unmask_rpcbind; fi; }

unmask_rpcbind() {
  if mend "unmask ${RPCBIND_UNITS[*]}"; then
    bounded systemctl --quiet unmask "${RPCBIND_UNITS[@]}"
    rm -f "$STATE/masked"
  fi
}
