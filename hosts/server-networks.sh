# shellcheck shell=bash
# Addresses and networks, as strings of bits: a network holds another where its bits are the other's first.

NIBBLES=(0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1010 1011 1100 1101 1110 1111)

# read_bits NETWORK: BITS is then "4" or "6", and a 0 or 1 for each bit of the prefix.
read_bits() {
  local address=${1%/*} family=4 prefix=32 part='' left='' hex i
  local -a groups
  if [[ $address == *:* ]]; then
    family=6 prefix=128
    IFS=: read -r -a groups <<<"${address%%::*}"
    if [[ ${#groups[@]} -gt 0 ]]; then printf -v left %04x "${groups[@]/#/0x}"; fi
    if [[ $address == *::* ]]; then
      IFS=: read -r -a groups <<<"${address#*::}"
      if [[ ${#groups[@]} -gt 0 ]]; then printf -v part %04x "${groups[@]/#/0x}"; fi
    fi
    printf -v hex '%s%0*d%s' "$left" "$((32 - ${#left} - ${#part}))" 0 "$part"
    hex=${hex:0:$((32 - ${#part}))}$part
  else
    IFS=. read -r -a groups <<<"$address"
    printf -v hex %02x "${groups[@]}"
  fi
  if [[ $1 == */* ]]; then prefix=${1#*/}; fi
  BITS=''
  for ((i = 0; i < ${#hex}; i++)); do BITS+=${NIBBLES[0x${hex:i:1}]}; done
  BITS=$family${BITS:0:prefix}
}

# holds NETWORK NETWORK: the first holds all of the second.
holds() {
  local first BITS
  read_bits "$1"
  first=$BITS
  read_bits "$2"
  [[ $BITS == "$first"* ]]
}

# A hardware address is none, much as it looks like one of IPv6.
is_network() {
  [[ $1 =~ ^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*)(/[0-9]+)?$ && ! $1 =~ ^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$ ]]
}

# devices_to NETWORK: the interfaces that lead there; a part of it may be behind another one than the rest.
devices_to() {
  {
    ip -o route get "${1%%/*}" 2>/dev/null || true
    ip -o route show root "$1" 2>/dev/null || true
  } | grep -o ' dev [^ ]*' | cut -d ' ' -f 3 | sort -u || true
}

# part_by_device NETWORK: of its parts that have a route, one for each interface. Routes to single addresses are left
# out: those are pods on this host itself, as a rule, which their network judges.
part_by_device() {
  ip -o route show root "$1" 2>/dev/null | awk '
    $1 !~ /\// || / linkdown/ { next }
    { for (i = 2; i < NF; i++) if ($i == "dev" && !seen[$(i + 1)]++) { print $1; break } }' || true
}

# read_ends NETWORK OWN: ENDS is then the first address of it that a host may have, and the last; the second, where the first is
# among this host's own. Those are in bits, with blanks around them.
read_ends() {
  local BITS bits length=32 zeros='' first last
  read_bits "$1"
  if [[ $BITS == 6* ]]; then length=128; fi
  bits=${BITS:1}
  ENDS=()
  while [[ ${#zeros} -lt $((length - ${#bits})) ]]; do zeros+=0; done
  if [[ ${#zeros} -lt 2 ]]; then
    spell "$bits$zeros"
    if [[ -n $zeros ]]; then spell "${bits}1"; fi
    return
  fi
  first=$bits${zeros:1}1
  if [[ $2 == *" $first "* ]]; then first=$bits${zeros:2}10; fi
  last=$bits${zeros//0/1}
  # IPv4's very last address is everybody's.
  if [[ $length == 32 ]]; then last=${last%1}0; fi
  spell "$first"
  spell "$last"
}

# spell BITS: one more in ENDS.
spell() {
  local i text=''
  if [[ ${#1} == 128 ]]; then
    for ((i = 0; i < 128; i += 16)); do printf -v text '%s:%x' "$text" "$((2#${1:i:16}))"; done
  else
    for ((i = 0; i < 32; i += 8)); do text+=.$((2#${1:i:8})); done
  fi
  ENDS+=("${text:1}")
}
