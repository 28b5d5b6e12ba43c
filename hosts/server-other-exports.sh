# shellcheck shell=bash
# Exports that are not ours and reach the same files: of the same directory, of one above it or below it, by whatever name it is
# mounted. Each passes the rules that ours must pass, or it is said: to a client of theirs it makes no difference how well ours
# is kept. So are those that keep our clients from ours.

# ACCEPTED: how many of a check's differences are no obstacle, for the stack serves beside them.
JUDGED='' JUDGED_LIVE=$'\n' ACCEPTED=0

judge_other_exports() {
  local refused=''
  judge '' < <(live_table | other_exports)
  judge ', which is not loaded yet, and is by the next exportfs -ra or boot' < <(table_of_files | other_exports)
  if [[ -n $refused ]]; then
    refuse "$refused. Take that away or make it as strict as ours, and run exportfs -ra; or accept it: nfs.host.otherExports: warn"
  fi
}

# judge STATE: what other_exports tells on stdin.
judge() {
  local path client network crosses harm reason place text
  while IFS=$'\t' read -r path client network crosses harm reason; do
    if [[ -z $path ]]; then continue; fi
    case $harm in
      opens)
        reaches_images "$path" "$crosses" || continue
        text="$path, which reaches the images, is exported to $client $reason"
        ;;
      differs)
        ours_among "$network" || continue
        text="$path is exported to $client $reason: clients of ours, who"
        if [[ $path != "$EXPORT_PATH" ]]; then
          on_the_way "$path" "$crosses" || continue
          text+=" pass through it to $EXPORT_PATH over NFSv4 and"
        fi
        text+=" would not get what was asked"
        ;;
      same-fsid)
        ours_among "$network" || continue
        text="$path is exported to $client with fsid=$FSID, which is our nfs.host.fsid: clients would get one directory for the other, so give one of them another number"
        ;;
      moves-root) text="$path is exported to $client with fsid=0, which makes it the root of NFSv4: no client finds $EXPORT_PATH there" ;;
    esac
    place=$(named_elsewhere "$path" "$client")
    text+=" (${place:-by no file, so by hand})"
    if [[ -z $1 ]]; then JUDGED_LIVE+="$path $client"$'\n'; elif [[ $JUDGED_LIVE == *$'\n'"$path $client"$'\n'* ]]; then continue; fi
    if [[ $JUDGED == *"$text"* ]]; then continue; fi
    JUDGED+=$text
    text+=$1
    if [[ $OTHER_EXPORTS != warn ]]; then
      refused+="${refused:+; }$text"
    elif [[ $MODE == apply ]]; then
      say "warning: $text"
    else
      refuse "$text; nfs.host.otherExports accepts it"
      ACCEPTED=$((ACCEPTED + 1))
    fi
  done
}

# on_the_way PATH CROSSES: over NFSv4 clients go down to ours from the root, and leave the export that they are in only at a mount
# (nfsd_mountpoint). There they find ours, or a directory that leads to it and to nothing else; but the longest path which says
# crossmnt goes on below a mount (mountd's lookup_export).
on_the_way() { [[ $FS_TARGET != "${1%/}"/?* || ($2 == yes && $FS_TARGET != "$EXPORT_PATH") ]]; }

# reaches_images PATH CROSSES: what is mounted below an export is reached through it only where it says crossmnt, a subvolume
# that is not mounted always; a bind mount has the files under another name.
reaches_images() {
  local path
  if [[ $1/ == "$EXPORT_PATH"/* ]]; then return; fi
  if [[ $EXPORT_PATH == "${1%/}"/* && ($2 == yes || $FS_TARGET != "${1%/}"/?* || $(stat -c %d "$1" 2>/dev/null) == "$(stat -c %d "$FS_TARGET")") ]]; then
    return
  fi
  printf -v path '%b' "$1"
  if share_files "$path" "$EXPORT_PATH"; then return; fi
  [[ $2 == yes ]] && mounted_below "$path"
}

# mounted_below DIRECTORY: the images are, by another mount.
mounted_below() {
  local ours place target
  ours=$(place_of "$EXPORT_PATH")
  while IFS=$'\t' read -r place target; do
    if [[ $target == "${1%/}"/* && -n $ours && ($ours == "$place"* || $place == "$ours"*) ]]; then return; fi
  done <<<"$(mounts)"
  return 1
}

# share_files DIRECTORY DIRECTORY: one is the other, or below it, whatever they are called.
share_files() {
  local one another
  one=$(place_of "$1") another=$(place_of "$2")
  [[ -n $one && -n $another && ($one == "$another"* || $another == "$one"*) ]]
}

MOUNT='^MAJ.MIN="([^"]*)" FSROOT="([^"]*)" TARGET="([^"]*)"'

# place_of DIRECTORY: its file system, and its path in there. Nothing where it is not there.
place_of() {
  local lines
  if [[ ! -d $1/. ]]; then return; fi
  lines=$(findmnt --noheadings --pairs --output MAJ:MIN,FSROOT,TARGET --target "$1") || true
  if [[ ${lines##*$'\n'} =~ $MOUNT ]]; then
    printf '%s %s/' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]%/}${1#"${BASH_REMATCH[3]%/}"}"
  fi
}

# PLACE<tab>DIRECTORY of all that is mounted.
mounts() {
  local line
  while IFS= read -r line; do
    if [[ $line =~ $MOUNT ]]; then printf '%s %s/\t%b\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]%/}" "${BASH_REMATCH[3]}"; fi
  done < <(findmnt --noheadings --pairs --output MAJ:MIN,FSROOT,TARGET)
}

# ours_among NETWORK: one of our clients is in it, or it in one of ours. Of what is no network nobody knows.
ours_among() {
  local client
  if ! is_network "$1"; then return; fi
  for client in "${CLIENTS[@]}"; do if holds "$client" "$1" || holds "$1" "$client"; then return; fi; done
  return 1
}

# Of the table on stdin, what is no good beside ours: path, client, its network, yes or no for crossmnt, the harm that it does
# where the caller finds that it does any, the reason.
other_exports() {
  local known=''
  # What our file had until now is about to be replaced by what it is to have.
  if [[ -e $EXPORTS_FILE ]]; then known=$(sed -n 's/^[^ #]* \([^(]*\)(.*/\1/p' "$EXPORTS_FILE" | tr '\n' ' '); fi
  EXPORTED=$EXPORT_PATH OURS=" ${CLIENTS[*]} $known" FSID=$FSID FLAVOURS=":$SECURITY:" \
    NEEDED="rw sync all_squash anonuid=$EXPORT_UID anongid=$EXPORT_GID" awk -F '\t' '
    function bits(mask,   parts, n, i, count, byte) {
      if (mask !~ /\./) return mask + 0
      n = split(mask, parts, ".")
      for (i = 1; i <= n; i++) for (byte = parts[i]; byte > 0; byte = int(byte / 2)) count += byte % 2
      return count + 0
    }
    function client_problem(client,   parts, prefix, least) {
      if (client == "*") return "to every host"
      split(client, parts, "/")
      if (parts[1] !~ /^[0-9.]+$/ && parts[1] !~ /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/) return "by a name, which can be spoofed"
      if (parts[2] == "") return ""
      prefix = bits(parts[2]); least = client ~ /:/ ? 16 : 8
      return prefix == 0 ? "to every host" : prefix < least ? "to a network wider than /" least : ""
    }
    # In one order, whichever the options are in: a file has another one than the table.
    function options_problem(options,   list, n, i, flavours, m, j) {
      options = "," options ","
      if (index(options, ",no_root_squash,")) return "with no_root_squash: root there is root here"
      if (index(options, ",anonuid=0,")) return "with anonuid=0: others are root here"
      if (index(options, ",anongid=0,")) return "with anongid=0: others are root here"
      n = split(options, list, ",")
      for (i = 1; i <= n; i++) if (list[i] ~ /^sec=/) {
        m = split(substr(list[i], 5), flavours, ":")
        for (j = 1; j <= m; j++) if (index(ENVIRON["FLAVOURS"], ":" flavours[j] ":") == 0) return "with sec=" flavours[j]
      }
      return ""
    }
    function missing_options(options,   list, n, i, text) {
      n = split(ENVIRON["NEEDED"], list, " ")
      for (i = 1; i <= n; i++) if (index("," options ",", "," list[i] ",") == 0) text = text (text == "" ? "without " : ", ") list[i]
      return text
    }
    function network(client,   parts) {
      return split(client, parts, "/") == 2 ? parts[1] "/" bits(parts[2]) : client
    }
    function tell(harm, reason) {
      print path "\t" client "\t" network(client) "\t" (options ~ /(^|,)crossmnt(,|$)/ ? "yes" : "no") "\t" harm "\t" reason
    }
    # A line of a table that was cut off tells nothing; the next exportfs -ra writes it anew.
    $2 !~ /\(.*\)$/ { next }
    {
      path = $1; client = $2; sub(/\(.*/, "", client)
      if (path == ENVIRON["EXPORTED"] && index(ENVIRON["OURS"], " " client " ")) next
      options = $2; sub(/^[^(]*\(/, "", options); sub(/\)$/, "", options)
      reason = options_problem(options); open = client_problem(client)
      if (open != "") reason = reason == "" ? open : open ", " reason
      if (reason != "") tell("opens", reason)
      else if (index(ENVIRON["EXPORTED"] "/", path == "/" ? path : path "/") == 1 && (reason = missing_options(options)) != "") tell("differs", reason)
      if (path != "/" && options ~ /(^|,)fsid=0(,|$)/) tell("moves-root", "-")
      if (path != ENVIRON["EXPORTED"] && ENVIRON["FSID"] != "" && index("," options ",", ",fsid=" ENVIRON["FSID"] ",")) tell("same-fsid", "-")
    }'
}
