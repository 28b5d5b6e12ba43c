# shellcheck shell=bash
# Do a client's packets reach the server? However the rules are written, and whosever they are, the kernel knows: a copy of
# them all judges connections in a network namespace of its own, where the clients' addresses are at the other ends of wires
# that have the names of this host's interfaces. Nothing of the host is touched, and it ends by itself.

try_packets() {
  local directory all port connection client card unknown alone refused='' unheard='' count=0
  directory=$(mktemp -d)
  copy_rules "$directory"
  if [[ ! -e $directory/interfaces.names ]]; then
    : # No rules, or none that drop.
  elif ! command -v systemd-socket-activate >/dev/null || ! command -v nsenter >/dev/null; then
    printf 'that takes systemd-socket-activate and nsenter, which are not both here\n' >"$directory/trouble"
  else
    all=$(connections "$directory")
    if [[ -n $all ]]; then
      while read -r port connection; do
        # Once more by itself, for a rule may count connections; more of them would tell no more.
        if [[ -z $port || $((++count)) -gt 3 ]]; then break; fi
        alone=$(in_copy "$directory" <<<"$connection")
        if [[ $alone != *" $connection" ]]; then continue; fi
        read -r _ client _ card unknown <<<"$connection"
        if [[ -z $unknown ]]; then
          refused+="${refused:+, }$client${card:+ ($card)} to ${alone%% *}/tcp"
        else
          unheard+="${unheard:+, }$card"
        fi
      done < <(in_copy "$directory" <<<"$all")
    fi
  fi
  if [[ -e $directory/trouble ]]; then
    say "notice: whether the firewall lets clients in could not be tried: $(tail -n 1 "$directory/trouble")"
  fi
  rm -rf "$directory"
  if [[ -n $refused ]]; then
    refuse "this host's own firewall keeps clients out, by a rule that is not opened here: $refused. Let them in, live and" \
      "at the next boot: ${FIREWALL_PORTS[*]} from ${CLIENTS[*]}"
  fi
  if [[ -n $unheard ]]; then
    refuse "this host's own firewall keeps out all that comes from $unheard, also the ARP or neighbour discovery that would" \
      "tell whether that is a client: let these in at least, live and at the next boot"
  fi
}

# connections RULES: "device client server" for each that is to be tried, on the way that leads back to that client; behind that
# the hardware address that its packets come from, be it a router's, where rules name it. A client's is tried by IPv4 and by
# IPv6, whichever of its addresses is known here. One by which nobody is known here may be a client's, too, for a rule that
# keeps out ARP as well keeps that from being known: behind such a one stands "unknown". More than 128 of these would take too
# long, and there are none where each client is known, or its router.
connections() {
  addresses_to_try "$1" | sed 's/^/route get /' | ip -o -force -batch - 2>/dev/null | SINGLE=" ${CLIENTS[*]} " awk '
    function family(address) { return address ~ /:/ ? 6 : 4 }
    FILENAME ~ /\/cards$/ { named[$1]; cards[++count] = $1; next }
    FILENAME ~ /\/ethernets$/ { ethernet[$1]; next }
    FILENAME ~ /\/neighbours$/ {
      card[$1, $2] = $3
      if ($1 !~ /^fe80:/) known[$2, family($1), $3]
      next
    }
    $1 ~ /^[0-9a-f]*[.:]/ {
      device = server = ""
      hop = $1
      for (i = 2; i < NF; i++) {
        if ($i == "dev") device = $(i + 1)
        if ($i == "src") server = $(i + 1)
        if ($i == "via") hop = $(i + 1)
      }
      if (device == "" || device == "lo" || server == "" || seen[$1]++) next
      its = card[hop, device]
      print device, $1, server (its in named ? " " its : "")
      if (its in named && hop == $1) of_client[device, its]
      place = device SUBSEP family($1)
      strange = its == "" || (hop == $1 && !index(ENVIRON["SINGLE"], " " $1 " "))
      if (strange && device in ethernet && !(place in stranger)) { stranger[place] = $1 " " server; places[++n] = place }
      met[place]
    }
    END {
      for (j = 1; j <= count; j++) for (i = 1; i <= n; i++) {
        split(places[i], part, SUBSEP)
        other = part[1] SUBSEP (10 - part[2])
        if ((places[i], cards[j]) in known) continue
        if ((part[1], cards[j]) in of_client) print part[1], stranger[places[i]], cards[j]
        else if (!(other in met && (other, cards[j]) in known) && ++unknown <= 128)
          print part[1], stranger[places[i]], cards[j], "unknown"
      }
    }' "$1/cards" "$1/ethernets" "$1/neighbours" - || true
}

# in_copy RULES: of the connections on stdin, those that do not come about, each behind the port.
in_copy() {
  local status=0
  timeout --kill-after=5 90 unshare --net bash --norc -c "$(declare -f try_connections from_clients connect_all not_heard_of)"$'\ntry_connections "$@"' \
    packets "$1" "${TCP_PORTS[@]}" 2>"$1/said" 9>&- || status=$?
  # Who has seen enough has gone, and taken the directory along.
  if [[ $status != 0 && -d $1 ]]; then { tail -n 1 "$1/said" | grep . || printf 'status %s\n' "$status"; } >"$1/trouble"; fi
}

# try_connections RULES PORT...
try_connections() {
  local rules=$1 asked device client server card bits family peer file name port lost attempt count=0
  local here='link set lo up' there='' sockets='' controls='' gateway
  local -A other_end=() first=()
  shift
  set -e
  asked=$(</dev/stdin)
  unshare --net sleep 80 </dev/null >/dev/null &
  peer=$!
  trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
  until [[ $(readlink "/proc/$peer/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do sleep 0.1; done
  # Rules may name other interfaces than those that clients come in by.
  while read -r name; do
    # A tunnel's module brings its first interface into each namespace.
    if [[ -e /proc/sys/net/ipv4/conf/$name ]]; then continue; fi
    other_end[$name]=wire-$((count++))
    here+=$'\n'"link add $name type veth peer name ${other_end[$name]} netns $peer"
  done <"$rules/interfaces.names"
  while read -r device client server _; do
    bits=32
    name=$server
    if [[ $server == *:* ]]; then bits=128 name=[$server]; fi
    # By the first of them: the kernel has room for 1024 neighbours, for the whole host and all its namespaces.
    family=$device/$bits
    gateway="via ${first[$family]-} onlink"
    if [[ -z ${first[$family]-} ]]; then
      first[$family]=$client
      gateway=''
      controls+="$device $client $server"$'\n'
    fi
    here+=$'\n'"address replace $server/$bits dev $device nodad"$'\n'"link set $device up"
    here+=$'\n'"route replace $client/$bits $gateway dev $device src $server"
    there+=$'\n'"address replace $client/$bits dev ${other_end[$device]} nodad"$'\n'"link set ${other_end[$device]} up"
    for port in "$@"; do if [[ $sockets != *"=$name:$port "* ]]; then sockets+="--listen=$name:$port "; fi; done
  done <<<"$asked"
  ip -batch - <<<"$here" >/dev/null
  nsenter --target "$peer" --net ip -batch - <<<"$there" >/dev/null
  # shellcheck disable=SC2086 # no address holds a blank
  systemd-socket-activate $sockets sleep 80 </dev/null >/dev/null 2>&1 &
  for name in ${sockets//--listen=/}; do
    until [[ $(ss -ltn) == *" $name "* ]]; do sleep 0.1; done
  done
  # Without rules each wire carries: what does not come about afterwards is their doing.
  for attempt in 1 2 3 4; do
    lost=$(from_clients "$1" <<<"${controls%$'\n'}")
    if [[ -z $lost ]]; then break; fi
    if [[ $attempt == 4 ]]; then
      printf 'the copy of this host is not reached, without any rule: %s\n' "${lost%%$'\n'*}" >&2
      return 1
    fi
  done
  ip neighbour flush all
  nsenter --target "$peer" --net ip neighbour flush all
  # Sets that rules of iptables name; tables of nftables hold their own.
  if [[ -s $rules/ipset ]]; then ipset restore <"$rules/ipset"; fi
  for file in "$rules"/*tables*; do
    if [[ -s $file ]]; then "${file##*/}-restore" <"$file"; fi
  done
  if [[ -s $rules/nft ]]; then nft -f "$rules/nft"; fi
  awk 'NF == 3' <<<"$asked" | from_clients "$@"
  while read -r device card; do
    nsenter --target "$peer" --net ip link set dev "${other_end[$device]}" address "$card"
    ip neighbour flush all
    awk -v its="$device $card" 'NF == 4 && $1 " " $4 == its' <<<"$asked" | from_clients "$@"
  done < <(awk 'NF == 4 { print $1, $4 }' <<<"$asked" | sort -u)
  awk 'NF == 5' <<<"$asked" | not_heard_of
}

# from_clients PORT...: of the connections on stdin, those that do not come about, each behind the port.
from_clients() {
  local connection
  while read -r connection; do printf '%s\n' "${other_end[${connection%% *}]} $connection"; done |
    nsenter --target "$peer" --net bash --norc -c "$(declare -f connect_all)"$'\nconnect_all "$@"' connect "$@"
}

# connect_all PORT...: the same from the clients' side, where each connection stands behind its wire.
connect_all() {
  local wire connection client server port bits
  while read -r wire connection; do
    read -r _ client server _ <<<"$connection"
    bits=32
    if [[ $server == *:* ]]; then bits=128; fi
    ip route replace "$server/$bits" dev "$wire" src "$client"
    for port in "$@"; do
      # shellcheck disable=SC2016 # for the inner shell
      if ! timeout 5 bash --norc -c 'exec 3<>"/dev/tcp/$1/$2"' connect "$server" "$port" </dev/null 2>/dev/null; then
        printf '%s\n' "$port $connection"
        break
      fi
    done
  done
}

# not_heard_of: of the connections on stdin, those from whose hardware address this host does not even learn that it is there.
not_heard_of() {
  local connection device client server card wire asks found=''
  while read -r connection; do
    read -r device client server card _ <<<"$connection"
    if [[ $found == *"$card"* ]]; then continue; fi
    wire=${other_end[$device]}
    ip neighbour flush dev "$device"
    # shellcheck disable=SC2016 # for the inner shell
    nsenter --target "$peer" --net bash --norc -ec '
      ip link set dev "$1" address "$4"
      ip neighbour flush dev "$1"
      ip route replace "$3" dev "$1" src "$2"
      printf . >"/dev/udp/$3/9"' ask "$wire" "$client" "$server" "$card"
    # The client asks for the server's own hardware address, by which its own is learnt, until it has that or gives up.
    asks=INCOMPLETE
    until [[ $(ip neighbour show to "$client" dev "$device") == *"lladdr $card "* ]]; do
      if [[ $asks != *INCOMPLETE* ]]; then
        printf 'none %s\n' "$connection"
        found+=" $card"
        break
      fi
      sleep 0.1
      asks=$(nsenter --target "$peer" --net ip neighbour show to "$server" dev "$wire")
    done
  done
}

# Everything that may judge a packet, each in a file that its own tool takes back. What iptables-nft keeps in nftables is
# for its own tool, too. A table that a program owns, as firewalld does its own, would go with the nft that makes the copy.
copy_rules() {
  local variant
  for variant in $(iptables_variants .); do
    saved_tables "$variant" >"$1/$variant"
    if ! grep -qE '^(-A|:.* DROP)' "$1/$variant"; then : >"$1/$variant"; fi
  done
  if command -v nft >/dev/null; then
    bounded nft list ruleset 2>/dev/null | THEIRS=$(tables_of_iptables) awk '
      /^table / { text = ""; theirs = index("\n" ENVIRON["THEIRS"] "\n", "\n" $2 " " $3 "\n") }
      /^\tflags .*(owner|persist)/ { if (/dormant/) text = text "\tflags dormant\n"; next }
      { text = text $0 "\n" }
      /^}/ { if (!theirs) printf "%s", text }' >"$1/nft" || true
  fi
  if [[ -n $(find "$1" -type f -size +0 -print -quit) ]]; then
    ip -o link | awk -F ': ' '{ sub(/@.*/, "", $2); print $2 }' >"$1/interfaces.names"
    if command -v ipset >/dev/null; then bounded ipset save 2>/dev/null >"$1/ipset" || true; fi
    named_cards "$1" >"$1/cards"
    ip -o link | sed -n 's,^[0-9]*: \([^:@]*\)[:@].* link/ether .*,\1,p' >"$1/ethernets"
    ip neighbour show | awk '{ for (i = 2; i < NF; i++) if ($i == "lladdr") print $1, $3, $(i + 1) }' >"$1/neighbours"
  fi
}

# named_cards RULES: the hardware addresses that rules name, save this host's own and those of groups.
named_cards() {
  grep -ohiE '([0-9a-f]{2}:){5}[0-9a-f]{2}' "$1"/*tables* "$1/nft" "$1/ipset" 2>/dev/null | tr A-F a-f | sort -u |
    grep -vE '^.[13579bdf]|^00:00:00:00:00:00$' | grep -vxF -- "$(ip -o link | sed -n 's,.* link/ether \([^ ]*\) .*,\1,p')" || true
}

# addresses_to_try RULES: of each client's network the first and the last, one of each part that is behind another interface,
# and those that rules name, be it by their hardware address: of all networks in turn, so that what is found names many of them. More than 320
# would take too long.
addresses_to_try() { addresses_in_turn "$1" | sort -s -n -k 1,1 | awk 'NR <= 320 { print $2 }'; }

addresses_in_turn() {
  local client network cards i turn own=' ' BITS
  local -a named=() named_bits=() ENDS=()
  for network in $(ip -o address show | awk '{ print $4 }'); do
    if is_network "$network" && read_bits "${network%/*}"; then own+="${BITS:1} "; fi
  done
  while IFS= read -r network; do
    if is_network "$network" && read_bits "$network" 2>/dev/null; then
      named+=("$network")
      named_bits+=("$BITS")
    fi
  done < <(grep -ohE '([0-9]+\.){3}[0-9]+(/[0-9]+)?|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}(/[0-9]+)?' \
    "$1"/*tables* "$1/nft" "$1/ipset" 2>/dev/null | sort -u)
  cards=$(grep -wF -f "$1/cards" "$1/neighbours" | cut -d ' ' -f 1) || true
  for client in "${CLIENTS[@]}"; do
    read_ends "$client" "$own"
    turn=0
    in_turn "${ENDS[@]}"
    for network in $cards; do
      if holds "$client" "$network"; then in_turn "$network"; fi
    done
    for network in $(part_by_device "$client"); do
      if ! is_network "$network"; then continue; fi
      read_ends "$network" "$own"
      in_turn "${ENDS[0]}"
    done
    read_bits "$client"
    for ((i = 0; i < ${#named[@]} && turn < 128; i++)); do
      if [[ ${named_bits[i]} == "$BITS"* ]]; then
        read_ends "${named[i]}" "$own"
        in_turn "${ENDS[@]}"
      fi
    done
  done
}

in_turn() {
  local address
  for address in "$@"; do printf '%s\n' "$((turn++)) $address"; done
}
