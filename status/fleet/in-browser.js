"use strict";
const rows = [...document.querySelectorAll("tbody")];
const search = document.getElementById("search");
const tiles = [...document.querySelectorAll(".tile")];

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = tiles.filter((tile) => tile.ariaPressed === "true").map((tile) => tile.dataset.level);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    const fits = chosen.length === 0 || chosen.includes(row.dataset.level);
    row.hidden = !fits || !words.every((word) => text.includes(word));
    if (!row.hidden) shown++;
  }
  document.getElementById("none").hidden = shown > 0;
}

search.addEventListener("input", filter);
for (const tile of tiles) {
  tile.addEventListener("click", () => {
    tile.ariaPressed = tile.ariaPressed === "true" ? "false" : "true";
    filter();
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  }
});

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const remembered = (work) => {
  try {
    return work(localStorage);
  } catch {
    return null; // a page opened from a file may have no storage
  }
};
const chosen = remembered((storage) => storage.getItem("image-registries-theme"));
if (chosen) root.dataset.theme = chosen;
document.getElementById("theme").addEventListener("click", () => {
  const now = root.dataset.theme ?? (dark.matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  remembered((storage) => storage.setItem("image-registries-theme", root.dataset.theme));
});
