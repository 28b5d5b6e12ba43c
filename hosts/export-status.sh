# shellcheck shell=bash
# Says how much room an export has, and then each client it is served to.

main() {
  local path rest
  export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
  if [[ ! -d $EXPORT_PATH ]]; then
    printf 'there is no directory %s\n' "$EXPORT_PATH" >&2
    exit 1
  fi
  df -B1 --output=size,avail "$EXPORT_PATH" | tail -n 1
  timeout 60 exportfs -s | while read -r path rest; do
    if [[ $path == "$EXPORT_PATH" ]]; then printf '%s\n' "${rest%%(*}"; fi
  done
}
