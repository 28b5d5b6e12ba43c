import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";

import { Markup, markup, nothing } from "./markup";
import { type Level, levels, type Row } from "./row";
import { ago, bytes } from "./words";

const asset = (name: string) => readFileSync(path.join(__dirname, name), "utf8");

const titles: Record<Level, string> = { down: "Down", differs: "Differ", soon: "Soon", fine: "Fine" };
const hints: Record<Level, string> = {
  down: "serve nothing, or do not answer",
  differs: "are not what their stacks ask for",
  soon: "run out of room or of rights",
  fine: "need nobody",
};

/** One page that needs nothing else: its style and script are in it, and by its own policy no other may run. */
export function fleetPage(rows: readonly Row[], now: Date, hubProblem?: string): string {
  const style = asset("in-browser.css");
  const script = asset("in-browser.js");
  const hasHub = rows.some(({ runs }) => runs.length > 0);
  const policy = `default-src 'none'; style-src '${digest(style)}'; script-src '${digest(script)}'; base-uri 'none'; form-action 'none'`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Image registries</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<div class="title"><h1>Image registries</h1>
<p>${rows.length} ${rows.length === 1 ? "stack" : "stacks"}, as of <time datetime="${now.toISOString()}">${day(now)}</time></p></div>
<input type="search" id="search" placeholder="Filter by any word" aria-label="Filter by any word" autocomplete="off">
<button type="button" id="theme" aria-label="Light or dark" title="Light or dark"><span></span></button>
</header>
${hubProblem ? markup`<p class="notice" role="status">The hub said nothing: ${hubProblem}</p>` : nothing}${bar(rows)}
<nav aria-label="Filter by need of care">${levels.map((level) => tile(level, rows))}</nav>
<main>
<table>
<thead><tr><th>Stack</th><th>Verdict</th><th>Images in</th><th>Replicas</th><th>Room left</th><th>Last up</th><th>Rights end</th>${hasHub ? markup`<th>Hub</th>` : nothing}</tr></thead>
${rows.map((row) => lines(row, now, hasHub))}
</table>
<p id="none" hidden>No stack matches.</p>
</main>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** The fleet in one line: how much of it is how. */
function bar(rows: readonly Row[]): Markup {
  const parts = levels.map((level) => ({ level, count: rows.filter((row) => row.level === level).length }));
  let x = 0;
  const rects = parts.map(({ level, count }) => {
    const width = (100 * count) / Math.max(1, rows.length);
    const rect = markup`<rect class="${level}" x="${x}" width="${width}" height="1"></rect>`;
    x += width;
    return rect;
  });
  return markup`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>`;
}

function tile(level: Level, rows: readonly Row[]): Markup {
  const count = rows.filter((row) => row.level === level).length;
  return markup`<button type="button" class="tile ${level}" data-level="${level}" aria-pressed="false"${
    count === 0 ? new Markup(" disabled") : nothing
  }><b>${count}</b><span>${titles[level]}</span><small>${hints[level]}</small></button>`;
}

/** What all stacks are compared by in one line, and below it, as wide as the table, why this one needs care. */
function lines(row: Row, now: Date, hasHub: boolean): Markup {
  const { level, stack, context, platform, storage, replicas, verdict } = row;
  return markup`<tbody class="${level}" data-level="${level}"><tr>
<td class="stack"><b>${stack}</b>${context && context !== stack ? markup`<small>${context}</small>` : nothing}</td>
<td><span class="mark">${verdict}</span></td>
<td>${storage ? markup`${storage}<small>${platform ?? ""}</small>` : dash}</td>
<td class="number">${replicas ? markup`<span class="${replicas.ready < replicas.asked ? "bad" : ""}">${replicas.ready}<i>/</i>${replicas.asked}</span>` : dash}</td>
<td>${room(row)}</td>
<td data-title="last up">${moment(row.lastUp, now)}</td>
<td data-title="rights end">${rights(row, now)}</td>
${hasHub ? markup`<td>${runs(row, now)}</td>` : nothing}
</tr>${why(row, hasHub ? 8 : 7)}</tbody>
`;
}

const dash = markup`<span class="none">–</span>`;

function why({ reasons: [first, ...others] }: Row, columns: number): Markup {
  if (first === undefined) return nothing;
  const more = markup`<details><summary>${others.length} more</summary><ul>${others.map((reason) => markup`<li>${reason}</li>`)}</ul></details>`;
  return markup`<tr class="why"><td colspan="${columns}"><p>${first}</p>${others.length ? more : nothing}</td></tr>`;
}

function room({ room }: Row): Markup {
  if (!room || room.size === 0) return dash;
  const used = Math.round((100 * (room.size - room.free)) / room.size);
  return markup`<div class="room"><svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="${used} % used"><rect class="all" width="100" height="6"></rect><rect class="${used > 90 ? "full" : "used"}" width="${used}" height="6"></rect></svg>${bytes(room.free)}<small>of ${bytes(room.size)}</small></div>`;
}

function rights({ expiries }: Row, now: Date): Markup {
  const [first] = expiries;
  if (!first) return dash;
  const left = (Date.parse(first.ends) - now.getTime()) / 86_400_000;
  return markup`<span class="${left <= 0 ? "bad" : left <= 7 ? "warn" : ""}">${moment(first.ends, now)}<small>${first.what}</small></span>`;
}

function runs({ runs }: Row, now: Date): Markup | Markup[] {
  if (runs.length === 0) return dash;
  return runs.map(({ mode, state, at, message = "" }) => {
    const when = at ? markup` <small>${ago(at, now)}</small>` : nothing;
    return markup`<span class="run ${state}" title="${message}">${mode} ${state}${when}</span>`;
  });
}

function moment(at: string | undefined, now: Date): Markup {
  return at ? markup`<time datetime="${at}" title="${at}">${ago(at, now)}</time>` : dash;
}

function day(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
