import { quote } from "../hosts/quote";
import { output } from "./shell";
import { layout, type StoreAt } from "./store";

/**
 * A store to which its registry cannot write: what is pushed gets an error, what is pulled comes. It takes the right to write
 * away from directories and links (an older distribution rewrites these in place), by a shell of the registry's own pod: no
 * network has to enforce anything, no pod is replaced, and a container that restarts finds it as it was.
 */

/** In the store's directory, as long as it is protected. `alive` in it: by a program that still lives. */
const folder = ".image-registry-hold";
const top = "docker";
// Folders are made while others are protected already, but none in those: of what is left there is less every time.
const roundsAtMost = 20;
const lookSeconds = 5;
const abandonedSeconds = 120;

const writable = String.raw`writable() {
  find ${top} \( -type d -o -path '*/repositories/*' -type f \) \( -perm -200 -o -perm -020 -o -perm -002 \) "$@"
}`;

// Who could write to the topmost directory can write to all of them afterwards; its owner can in any case.
const open = String.raw`open() {
  who=$(cat ${folder}/who 2>/dev/null)
  [ -n "$who" ] || who=u
  find ${top} \( -type d -o -path '*/repositories/*' -type f \) ! -perm -200 -exec chmod "$who+w" {} + && rm -rf ${folder}
}`;

export interface ProtectOptions {
  /** Seconds after which the pod itself opens a store of whose protector nothing is heard. @default 120 */
  readonly abandonedAfter?: number;
  /** Seconds between its looks. @default 5 */
  readonly lookEvery?: number;
}

/**
 * Takes the right to write away, and returns what makes that worth nothing, if anything does. A process that is left in the pod gives it back once nobody calls `stayProtected` any more.
 */
export async function protect(
  { shell, root }: StoreAt,
  { abandonedAfter = abandonedSeconds, lookEvery = lookSeconds }: ProtectOptions = {},
): Promise<string | undefined> {
  const script = `${writable}
    ${open}
    watch() {
      trap '' HUP
      seen=; idle=0
      while [ $idle -lt ${Math.ceil(abandonedAfter / lookEvery)} ]; do
        sleep ${lookEvery}
        now=$(stat -c %Y ${folder}/alive 2>/dev/null) || return
        if [ "$now" = "$seen" ]; then idle=$((idle + 1)); else seen=$now; idle=0; fi
      done
      mv ${folder}/alive ${folder}/abandoned && open
    }
    cd ${quote(root)} && mkdir -p ${folder} ${layout}/blobs ${layout}/repositories || exit
    case $(stat -c %A ${top}) in
      d????w??w*) echo ugo ;; d????w*) echo ug ;; *) echo u ;;
    esac >${folder}/who && : >${folder}/alive || exit
    round=0
    while [ -n "$(writable | head -n 1)" ]; do
      [ $round -lt ${roundsAtMost} ] || { echo "modes of files cannot be changed: $said"; exit; }
      said=$(writable -exec chmod a-w {} + 2>&1 | head -n 3)
      round=$((round + 1))
    done
    [ -e ${folder}/alive ] || { open; echo "somebody else has ended the hold"; exit; }
    (watch) </dev/null >/dev/null 2>&1 &
    for place in ${top} ${layout}/blobs ${layout}/repositories; do
      mkdir $place/${folder} 2>/dev/null || continue
      rmdir $place/${folder}
      echo "the registry writes to its store whatever the modes of files say: it runs as root, or its file system knows no modes"
      exit
    done
    echo protected`;
  const said = (await output(shell, script)).trim();
  return said === "protected" ? undefined : said;
}

/** To be called every some seconds. */
export async function stayProtected({ shell, root }: StoreAt): Promise<void> {
  await output(shell, `touch -c ${quote(`${root}/${folder}/alive`)}`);
}

/** From now on nobody but `unprotect` ends it. Returns whether it was protected all the time. */
export async function keepProtected({ shell, root }: StoreAt): Promise<boolean> {
  const script = `cd ${quote(root)} && mv ${folder}/alive ${folder}/kept 2>/dev/null && echo kept || echo gone`;
  return (await output(shell, script)).trim() === "kept";
}

/** Gives the right to write back; does nothing to a store that was not protected. */
export async function unprotect({ shell, root }: StoreAt): Promise<void> {
  const script = `${open}
    cd ${quote(root)} || exit
    [ -d ${folder} ] || exit 0
    rm -f ${folder}/alive && open`;
  await output(shell, script);
}

/** Links come with the modes of a source that is protected: the registry must be able to change its own. */
export async function makeWritable({ shell, root }: StoreAt): Promise<void> {
  const script = `cd ${quote(root)} || exit
    [ -d ${layout} ] || exit 0
    find ${layout} -type f ! -perm -200 -exec chmod u+w {} +`;
  await output(shell, script);
}
