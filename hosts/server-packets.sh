# shellcheck shell=bash
# Do a client's packets reach the server? However the rules are written, and whosever they are, the kernel knows: a copy of
# them all judges a connection in a network namespace of its own, where the client's address is at the other end of a wire
# that has the name of this host's interface. Nothing of the host is touched, and it ends by itself.

# try_connection and its commands run there; 7 is its status for a connection that does not come about.
try_packets() {
  local client address route device server directory status said refused=''
  if ! command -v systemd-socket-activate >/dev/null || ! command -v nsenter >/dev/null; then return; fi
  directory=$(mktemp -d)
  copy_rules "$directory"
  for client in "${CLIENTS[@]}"; do
    if [[ -z $(find "$directory" -type f -size +0 -print -quit) ]]; then break; fi
    route=$(ip -o route get "${client%%/*}" 2>/dev/null) || continue
    device=$(device_to "$client")
    server=$(sed -n 's/.* src \([^ ]*\).*/\1/p' <<<"$route")
    if [[ -z $server || -z $device || $device == lo ]]; then continue; fi
    for address in $(addresses_to_try "$client" "$server" "$directory"); do
      status=0
      said=$(timeout --kill-after=5 90 unshare --net bash --norc -c "$(declare -f try_connection)"$'\ntry_connection "$@"' \
        packets "$directory" "$device" "$address" "$server" "${TCP_PORTS[@]}" 2>&1 9>&-) || status=$?
      if [[ $status == 7 ]]; then
        refused+="${refused:+, }$address to ${said##*$'\n'}"
      elif [[ $status != 0 ]]; then
        say "notice: whether the firewall lets $address in could not be tried: ${said##*$'\n'}"
      fi
    done
  done
  rm -rf "$directory"
  if [[ -n $refused ]]; then
    refuse "this host's own firewall keeps clients out, by a rule that is not opened here: $refused. Let them in, live and" \
      "at the next boot: ${FIREWALL_PORTS[*]} from ${CLIENTS[*]}"
  fi
}

# try_connection RULES DEVICE CLIENT SERVER PORT...
try_connection() {
  local rules=$1 device=$2 client=$3 server=$4 bits=32 count=0 peer file name port
  shift 4
  set -e
  if [[ $client == *:* ]]; then bits=128; fi
  unshare --net sleep 80 &
  peer=$!
  trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
  until [[ $(readlink "/proc/$peer/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do sleep 0.1; done
  ip link set lo up
  # Rules may name other interfaces.
  while read -r name; do
    if [[ $name != lo && $name != "$device" ]]; then ip link add "$name" type veth peer name "peer-$((count++))" netns "$peer"; fi
  done <"$rules/interfaces.names"
  ip link add "$device" type veth peer name wire netns "$peer"
  ip address add "$server/$bits" dev "$device" nodad
  ip link set "$device" up
  ip route add "$client/$bits" dev "$device" src "$server"
  # shellcheck disable=SC2016 # for the inner shell
  nsenter --target "$peer" --net bash --norc -ec \
    'ip address add "$1/$3" dev wire nodad; ip link set wire up; ip route add "$2/$3" dev wire src "$1"' \
    wire "$client" "$server" "$bits"
  # Sets that rules of iptables name; tables of nftables hold their own.
  if [[ -s $rules/ipset ]]; then ipset restore <"$rules/ipset"; fi
  for file in "$rules"/*tables*; do
    if [[ -s $file ]]; then "${file##*/}-restore" <"$file"; fi
  done
  if [[ -s $rules/nft ]]; then nft -f "$rules/nft"; fi
  if [[ $server == *:* ]]; then name="[$server]"; else name=$server; fi
  # shellcheck disable=SC2046 # no address holds a blank
  systemd-socket-activate $(printf -- "--listen=$name:%s " "$@") sleep 80 2>/dev/null &
  for port in "$@"; do
    until ss -ltn | grep -q ":$port "; do sleep 0.1; done
    # shellcheck disable=SC2016
    if ! nsenter --target "$peer" --net timeout 5 bash --norc -c 'exec 3<>"/dev/tcp/$1/$2"' connect "$server" "$port" 2>/dev/null; then
      printf '%s/tcp\n' "$port"
      exit 7
    fi
  done
}

# Everything that may judge a packet, each in a file that its own tool takes back. What iptables-nft keeps in nftables is
# for its own tool, too.
copy_rules() {
  local variant
  for variant in $(iptables_variants); do
    saved_tables "$variant" >"$1/$variant"
    if ! grep -qE '^(-A|:.* DROP)' "$1/$variant"; then : >"$1/$variant"; fi
  done
  if command -v nft >/dev/null; then
    bounded nft list ruleset 2>/dev/null | THEIRS=$(tables_of_iptables) awk '
      /^table / { text = ""; theirs = index("\n" ENVIRON["THEIRS"] "\n", "\n" $2 " " $3 "\n") }
      { text = text $0 "\n" }
      /^}/ { if (!theirs) printf "%s", text }' >"$1/nft" || true
  fi
  if [[ -n $(find "$1" -type f -size +0 -print -quit) ]]; then
    ip -o link | awk -F ': ' '{ sub(/@.*/, "", $2); print $2 }' >"$1/interfaces.names"
    if command -v ipset >/dev/null; then bounded ipset save 2>/dev/null >"$1/ipset" || true; fi
  fi
}

# addresses_to_try CLIENT SERVER RULES: one of the client's network, and those of it that rules name.
addresses_to_try() {
  local network
  {
    printf '%s\n' "$1"
    grep -ohE '([0-9]+\.){3}[0-9]+(/[0-9]+)?|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}(/[0-9]+)?' \
      "$3"/*tables* "$3/nft" "$3/ipset" 2>/dev/null |
      sort -u | while read -r network; do
      if is_network "$network" && holds "$1" "$network" 2>/dev/null; then printf '%s\n' "$network"; fi
    done
  } | awk -v server="$2" '
    {
      address = $1; prefix = ""
      if (sub(/\/.*/, "", address)) prefix = 1
      if (prefix && address ~ /\./) { n = split(address, part, "."); address = part[1] "." part[2] "." part[3] "." part[4] + 1 }
      if (prefix && address ~ /::$/) address = address "1"
      if (address == server && address ~ /\./) { n = split(address, part, "."); address = part[1] "." part[2] "." part[3] "." part[4] + 1 }
      if (address != server && !seen[address]++ && ++count <= 8) print address
    }'
}
