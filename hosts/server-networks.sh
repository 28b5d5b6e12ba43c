# shellcheck shell=bash
# Addresses and networks, as strings of bits: a network holds another where its bits are the other's first.

# network_bits NETWORK: "4" or "6", then a 0 or 1 for each bit of the prefix.
network_bits() {
  local address=${1%/*} prefix=128 groups=() left right part hex='' bits='' i
  local nibbles=(0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1010 1011 1100 1101 1110 1111)
  if [[ $address == *:* ]]; then
    left=${address%%::*} right=''
    if [[ $address == *::* ]]; then right=${address#*::}; fi
    IFS=: read -r -a groups <<<"$left"
    for part in "${groups[@]}"; do hex+=$(printf '%04x' "0x$part"); done
    IFS=: read -r -a groups <<<"$right"
    part=''
    for i in "${!groups[@]}"; do part+=$(printf '%04x' "0x${groups[i]}"); done
    while [[ ${#hex} -lt $((32 - ${#part})) ]]; do hex+=0; done
    hex+=$part
  else
    prefix=32
    IFS=. read -r -a groups <<<"$address"
    for part in "${groups[@]}"; do hex+=$(printf '%02x' "$part"); done
  fi
  if [[ $1 == */* ]]; then prefix=${1#*/}; fi
  for ((i = 0; i < ${#hex}; i++)); do bits+=${nibbles[0x${hex:i:1}]}; done
  printf '%s%s' "$([[ $address == *:* ]] && printf 6 || printf 4)" "${bits:0:prefix}"
}

# holds NETWORK NETWORK: the first holds all of the second.
holds() { [[ $(network_bits "$2") == "$(network_bits "$1")"* ]]; }

is_network() { [[ $1 =~ ^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*)(/[0-9]+)?$ ]]; }

# device_to NETWORK: the interface that leads there.
device_to() { ip -o route get "${1%%/*}" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' || true; }
