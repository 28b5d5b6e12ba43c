# shellcheck shell=bash
# One list of settings ("section key value"), three places to keep it: a file of our own in /etc/nfs.conf.d
# (nfs-utils 2.5.3), keys in /etc/nfs.conf (RHEL 8), shell variables in /etc/sysconfig/nfs (RHEL 7). Where the file
# is shared, what it said before is remembered for the removal.

want_settings() {
  case $CONF_STYLE in
    drop-in) want_file "$NFS_CONF_DROP_IN" 644 "$(ini "$@")" ;;
    nfs.conf) each_setting edit_nfs_conf "$@" ;;
    sysconfig)
      if [[ $NFS3 == yes ]]; then each_setting edit_sysconfig "${NFS3_SYSCONFIG[@]}"; else each_setting edit_sysconfig "${NFS4_SYSCONFIG[@]}"; fi
      ;;
  esac
}

ini() {
  local setting section key value last=''
  printf '%s' "$OUR_FILE_NOTE"
  for setting in "$@"; do
    read -r section key value <<<"$setting"
    if [[ $section != "$last" ]]; then printf '\n[%s]' "$section"; fi
    printf '\n%s=%s' "$key" "$value"
    last=$section
  done
}

each_setting() {
  local edit=$1 setting
  shift
  for setting in "$@"; do "$edit" "$setting"; done
}

# remember LINE: an empty value means that the key was not set.
remember() {
  local line=$1 known=''
  if [[ -e $STATE/settings.before ]]; then known=$(<"$STATE/settings.before")$'\n'; fi
  if [[ $'\n'$known != *$'\n'"${line%%=*}="* ]]; then put_file "$STATE/settings.before" 644 "$known$line"; fi
}

# nfsconf --set rewrites the file even when nothing changes.
edit_nfs_conf() {
  local section key value now
  read -r section key value <<<"$1"
  now=$(nfsconf --get "$section" "$key" 2>/dev/null) || now=''
  if [[ $now != "$value" ]] && mend "/etc/nfs.conf: [$section] $key=$value"; then
    remember "$section $key=$now"
    nfsconf --set "$section" "$key" "$value"
  fi
}

edit_sysconfig() {
  local key=${1%%=*} now
  now=$(sed -n "s|^$key=||p" /etc/sysconfig/nfs 2>/dev/null | tail -n 1) || now=''
  if [[ $now != "${1#*=}" ]] && mend "/etc/sysconfig/nfs: $1"; then
    remember "$key=$now"
    set_sysconfig "$key" "${1#*=}"
  fi
}

set_sysconfig() {
  local rest
  rest=$(sed "/^$1=/d" /etc/sysconfig/nfs 2>/dev/null || true)
  put_file /etc/sysconfig/nfs 644 "$rest${2:+$'\n'$1=$2}"
}

restore_settings() {
  local section key value
  if [[ ! -e $STATE/settings.before ]]; then return; fi
  while IFS='=' read -r key value; do
    change "$key is ${value:-unset} again"
    if [[ $CONF_STYLE == sysconfig ]]; then
      set_sysconfig "$key" "$value"
      continue
    fi
    read -r section key <<<"$key"
    if [[ -n $value ]]; then nfsconf --set "$section" "$key" "$value"; else nfsconf --unset "$section" "$key"; fi
  done <"$STATE/settings.before"
  rm -f "$STATE/settings.before"
}
