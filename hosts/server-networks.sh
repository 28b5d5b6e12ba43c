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

is_network() { [[ $1 =~ ^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*)(/[0-9]+)?$ ]]; }

# device_to NETWORK: the interface that leads there.
device_to() { ip -o route get "${1%%/*}" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' || true; }
