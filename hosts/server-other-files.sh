# shellcheck shell=bash
# What the administrator's own exports files name. exportfs keeps no word of the line that an entry of its table comes from, so
# the files are read as it reads them: lines that a backslash continues, names in quotes or with octal escapes, options before
# the clients, hosts by a short name, directories by a symbolic link.

# FILE:LINE<tab>PATH<tab>CLIENT<tab>OPTIONS, for each client of each line: what the last word about each option says, and the
# defaults of exportfs that anybody here asks after.
other_files() {
  local file
  for file in /etc/exports /etc/exports.d/*.exports; do
    if [[ ! -e $file || $file == "$EXPORTS_FILE" ]]; then continue; fi
    awk -v file="$file" '
      function plain(word,   out) {
        out = ""
        while (match(word, /\\[0-3][0-7][0-7]/)) {
          out = out substr(word, 1, RSTART - 1)
          out = out sprintf("%c", 64 * substr(word, RSTART + 1, 1) + 8 * substr(word, RSTART + 2, 1) + substr(word, RSTART + 3, 1))
          word = substr(word, RSTART + 4)
        }
        return out word
      }
      # The rest of a line is a comment, which no backslash continues: words are read up to there.
      function split_line(line,   i, c, word, quoted) {
        count = 0; word = ""; quoted = 0; line = line " "
        for (i = 1; i <= length(line); i++) {
          c = substr(line, i, 1)
          if (c == "\"") quoted = !quoted
          else if (c == "#" && word == "" && !quoted) return "comment"
          else if (quoted || c !~ /[ \t]/) word = word c
          else if (word != "") { words[++count] = plain(word); word = "" }
        }
      }
      function key(option) {
        sub(/=.*/, "", option); sub(/^no_/, "", option); sub(/^ro$/, "rw", option); sub(/^async$/, "sync", option)
        return option
      }
      function effective(options,   list, n, i, last, one, text) {
        last["sync"] = "sync"; last["sec"] = "sec=sys"
        n = split(options, list, ",")
        for (i = 1; i <= n; i++) if (list[i] != "") last[key(list[i])] = list[i] == "fsid=root" ? "fsid=0" : list[i]
        for (one in last) text = text (text == "" ? "" : ",") last[one]
        return text
      }
      function tell(client, options) { printf "%s:%d\t%s\t%s\t%s\n", file, start, words[1], client == "" ? "*" : client, effective(defaults "," options) }
      { if (text == "") start = NR; text = text $0 }
      split_line(text) == "" && sub(/\\$/, " ", text) { next }
      {
        split_line(text); text = ""; named = 0; defaults = ""
        for (i = 2; i <= count; i++) {
          options = client = words[i]; sub(/\(.*/, "", client); sub(/^[^(]*\(?/, "", options); sub(/\)$/, "", options)
          if (words[i] ~ /^-/) defaults = substr(words[i], 2)
          else { tell(client, options); named = 1 }
        }
        if (count > 0 && !named) tell("", "")
      }' "$file"
  done
}

# named_elsewhere PATH CLIENT, as the live table has them: "file:line" of another file that names them; nothing when none does.
named_elsewhere() {
  local path place named client
  printf -v path '%b' "$1"
  while IFS=$'\t' read -r place named client _; do
    if [[ -n $place ]] && same_client "$client" "$2" && [[ $named == "$path" || $(readlink -m -- "$named") == "$path" ]]; then
      printf '%s' "$place"
      return
    fi
  done <<<"$OTHER_FILES"
}

# What exportfs would make of these files, as its table: also of what it was not told to read yet, which the next exportfs -ra
# does, and the next boot. Hosts by name are left out: exportfs leaves out those that do not resolve.
table_of_files() {
  local place named client options live known=$'\n'
  live=$'\n'$(live_table)
  while IFS=$'\t' read -r place named client options; do
    if [[ -z $place || $client == *[!0-9a-zA-Z.:/*?@_-]* || ($client == *[a-zA-Z]* && $client != *[:*?@]*) ]]; then continue; fi
    if [[ $live != *$'\n'"$named"$'\t'"$client("* ]]; then named=$(readlink -m -- "$named"); fi
    # Of two lines about the same, exportfs takes the first.
    if [[ $known == *$'\n'"$named $client"$'\n'* ]]; then continue; fi
    known+="$named $client"$'\n'
    printf '%s\t%s(%s)\n' "$named" "$client" "$options"
  done <<<"$OTHER_FILES"
}

# same_client NAMED SERVED: the table has the full name of a host that a file names by another.
same_client() {
  # Also while DNS does not answer.
  if [[ $1 == "$2" || $1 == "${2%%.*}" ]]; then return; fi
  if [[ $1 == *[!0-9a-zA-Z.-]* || $2 != *[a-zA-Z]* || $2 == *[!0-9a-zA-Z.-]* ]]; then return 1; fi
  [[ " $(timeout 10 getent hosts "$1" | tr -s ' \n' ' ') " == *" $2 "* ]]
}
