/** Rows of a live list: they stay where they are; finished ones say who did it, new ones wait behind a button. */

import { $, $$, element, on } from "../dom.js";
import { announce } from "./announcements.js";
import { morph } from "./morph.js";
import { differs, isInUse } from "./policy.js";

const ROWS = "[data-rows] [data-row]";
const MOST_ROWS = 50; // as many ids the server reads

/** The ids of the rows on screen, for the server. */
export const shownIds = (main) => $$(ROWS, main).map((row) => row.dataset.row).slice(0, MOST_ROWS);

/** Merges the rows of a fresh page. Returns whether something had to wait. */
export function mergeRows(main, page) {
  const shown = $$(ROWS, main);
  const listed = $$(ROWS, page);
  if (!$("[data-rows]", page) && !shown.length) return false;
  const fresh = new Map([...$$("[data-removed] [data-row]", page), ...listed].map((row) => [row.dataset.row, row]));
  let waits = false;
  for (const row of shown) {
    const next = fresh.get(row.dataset.row);
    if (!next) row.classList.add("done");
    else waits = mergeRow(row, next) || waits;
  }
  offerNew(main, new Set(shown.map((row) => row.dataset.row)), listed);
  return waits;
}

/** Merges a row cell by cell. Returns whether one had to wait. */
function mergeRow(row, next) {
  if (row.children.length !== next.children.length) {
    const waits = isInUse(row);
    if (!waits) morph(row, next);
    return waits;
  }
  row.className = next.className;
  row.dataset.version = next.dataset.version;
  let waits = false;
  [...row.children].forEach((cell, i) => {
    const fresh = next.children[i];
    if (!differs(cell, fresh)) return;
    if (isInUse(cell)) waits = true;
    else morph(cell, fresh);
  });
  return waits;
}

/** Offers new rows behind a button. Those that only moved up from the next page are not new. */
function offerNew(main, known, listed) {
  const bar = $("[data-part='new-rows']");
  if (!bar) return;
  const full = Boolean($("[rel='next']", main));
  const last = listed.findLastIndex((row) => known.has(row.dataset.row));
  const added = listed.filter((row, i) => !known.has(row.dataset.row) && (!full || i < last || last < 0));
  const text = `${added.length} new`;
  bar.hidden = !added.length;
  if (bar.hidden || bar.textContent === text) return;
  const button = element("button", "btn info wide", text);
  button.type = "button";
  bar.replaceChildren(button);
  announce(`${text}.`);
}

on("click", (event) => {
  if (!event.target.closest("[data-part='new-rows'] button")) return;
  globalThis.htmx.ajax("GET", location.pathname + location.search, { target: "#queue", swap: "outerHTML" });
});
