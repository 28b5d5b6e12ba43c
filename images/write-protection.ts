import { quote } from "../hosts/quote";
import { output } from "./shell";
import { layout, type StoreAt } from "./store";

/**
 * A store to which its registry cannot write: what is pushed gets an error, what is pulled comes. It takes the right to write
 * away from directories and links (an older distribution rewrites these in place), by a shell of the registry's own pod: no
 * network has to enforce anything, no pod is replaced, and a container that restarts finds it as it was.
 */

/** In the store's directory, as long as it is protected. `alive` in it: by a program that still lives, and names itself there. */
const folder = ".image-registry-hold";
const top = "docker";
// Folders are made while others are protected already, but none in those: of what is left there is less every time.
const roundsAtMost = 20;
const lookSeconds = 5;
const abandonedSeconds = 120;

const findLocks = String.raw`find ${top} \( -type d -o -path '*/repositories/*' -type f \)`;

// What the registry makes meanwhile is found in another round; of what it takes away find complains. What else find says is an
// error: a store that could not be looked at is neither protected nor open.
const change = String.raw`writable() {
  ${findLocks} \( -perm -200 -o -perm -020 -o -perm -002 \) "$@"
}
closed() {
  ${findLocks} ! -perm -200 "$@"
}
left() {
  $1 2>&1 | grep -v 'No such file' | head -n 1
}
change() {
  round=0
  while [ -n "$(left $1)" ]; do
    [ $round -lt ${roundsAtMost} ] || { echo "modes of files cannot be changed: $said"; return 1; }
    said=$($1 -exec chmod "$2" {} + 2>&1 | head -n 3)
    round=$((round + 1))
  done
}`;

// Who could write to the topmost directory can write to all of them afterwards; its owner can in any case.
const open = String.raw`${change}
open() {
  who=$(cat ${folder}/who 2>/dev/null)
  [ -n "$who" ] || who=u
  change closed "$who+w" >&2 || return
  # Of a run that has begun meanwhile.
  [ -e ${folder}/alive ] || rm -rf ${folder}
}`;

const modesMeanNothing =
  "the registry writes to its store whatever the modes of files say: it runs as root, or its file system knows no modes";

/** Whether nobody can write there in any case, as on a volume that is mounted or exported read-only. */
export async function isReadOnly({ shell, root }: StoreAt): Promise<boolean> {
  const script = `cd ${quote(root)} || exit
    said=$(LC_ALL=C mkdir ${folder} 2>&1) && rmdir ${folder}
    echo "$said"`;
  return /read-only file system/i.test(await output(shell, script));
}

/**
 * What will keep this store from being protected, if a look at some of it tells, without protecting anything: known before hours
 * of copying.
 */
export async function whyNotProtectable({ shell, root }: StoreAt): Promise<string | undefined> {
  const script = `cd ${quote(root)} && mkdir -p ${folder}/try && chmod 555 ${folder}/try || exit
    mkdir ${folder}/try/it 2>/dev/null && echo "${modesMeanNothing}"
    chmod 755 ${folder}/try && rm -rf ${folder}/try && rmdir ${folder}
    [ -d ${top} ] || exit 0
    said=$(${findLocks} ! -user "$(id -u)" 2>/dev/null | head -n 100 | tr '\\n' '\\0' |
      xargs -0 -r chmod u+r 2>&1 | grep -v 'No such file' | head -n 3)
    [ -z "$said" ] || echo "modes of files cannot be changed: $said"`;
  return (await output(shell, script)).trim() || undefined;
}

export interface ProtectOptions {
  /** Seconds after which the pod itself opens a store of whose protector nothing is heard. @default 120 */
  readonly abandonedAfter?: number;
  /** Seconds between its looks. @default 5 */
  readonly lookEvery?: number;
}

/**
 * Takes the right to write away, and returns what makes that worth nothing, if anything does. A process that is left in the pod gives
 * it back once nobody calls `stayProtected` any more, also while this still goes on: in a large store it takes minutes.
 */
export async function protect(
  { shell, root }: StoreAt,
  run: string,
  { abandonedAfter = abandonedSeconds, lookEvery = lookSeconds }: ProtectOptions = {},
): Promise<string | undefined> {
  const script = `${open}
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
    [ -s ${folder}/who ] || case $(stat -c %A ${top}) in
      d????w??w*) echo ugo ;; d????w*) echo ug ;; *) echo u ;;
    esac >${folder}/who || exit
    echo ${quote(run)} >${folder}/alive || exit
    (watch) </dev/null >/dev/null 2>&1 &
    change writable a-w || exit 0
    [ -e ${folder}/alive ] || { open; echo "somebody else has ended the hold"; exit; }
    for place in ${top} ${layout}/blobs ${layout}/repositories; do
      mkdir $place/${folder} 2>/dev/null || continue
      rmdir $place/${folder}
      echo "${modesMeanNothing}"
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

/**
 * From now on nobody but `unprotect` ends it. Returns whether it is protected still, by the same run all the time: a volume that is mounted anew for a group
 * (fsGroup) gets its modes from the kubelet, for one.
 */
export async function keepProtected({ shell, root }: StoreAt, run: string): Promise<boolean> {
  const script = `${change}
    cd ${quote(root)} && grep -qxF ${quote(run)} ${folder}/alive 2>/dev/null && mv ${folder}/alive ${folder}/kept 2>/dev/null && [ -z "$(left writable)" ] &&
      echo kept || echo gone`;
  return (await output(shell, script)).trim() === "kept";
}

/**
 * Gives the right to write back; does nothing to a store that was not protected, or is by another run than the given one: that has
 * ended what is to be ended here, and begun its own.
 */
export async function unprotect({ shell, root }: StoreAt, run = ""): Promise<void> {
  const script = `${open}
    cd ${quote(root)} || exit
    [ -d ${folder} ] || exit 0
    run=$(cat ${folder}/alive ${folder}/kept 2>/dev/null | head -n 1)
    [ -z ${quote(run)} ] || [ -z "$run" ] || [ "$run" = ${quote(run)} ] || exit 0
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
