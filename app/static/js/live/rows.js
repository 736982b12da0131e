/** Rows of a live list: they stay where they are; finished ones say who did it, new ones wait behind a button, except those
    of people who wait (`data-at-once`): they appear on top. */

import { $, $$, element, on } from "../dom.js";
import { announce } from "./announcements.js";
import { morph } from "./morph.js";
import { differs, isInUse } from "./policy.js";

const ROWS = "[data-rows] [data-row]";
const MOST_ROWS = 50; // as many ids the server reads

/** The ids of the rows on screen, for the server. */
export const shownIds = (main) => $$(ROWS, main).map((row) => row.dataset.row).slice(0, MOST_ROWS);

/** Merges the rows of a fresh page. Returns whether something had to wait, and whether rows were inserted on top. */
export function mergeRows(main, page) {
  const inserted = insertAtOnce(main, page);
  const shown = $$(ROWS, main);
  const listed = $$(ROWS, page);
  if (!$("[data-rows]", page) && !shown.length) return { waits: false, inserted };
  const fresh = new Map([...$$("[data-removed] [data-row]", page), ...listed].map((row) => [row.dataset.row, row]));
  let waits = false;
  for (const row of shown) {
    const next = fresh.get(row.dataset.row);
    if (!next) row.classList.add("done");
    else waits = mergeRow(row, next) || waits;
  }
  offerNew(main, new Set(shown.map((row) => row.dataset.row)), listed);
  return { waits, inserted };
}

const AT_ONCE = "tbody[data-at-once]";

/** Inserts the rows of people who wait, in the order of the fresh page. Returns whether there were any. */
function insertAtOnce(main, page) {
  const fresh = $(AT_ONCE, page);
  if (!fresh) return false;
  const table = $("[data-rows]", main);
  if (!table) {
    if (!isInUse($("#queue"))) load();
    return false;
  }
  const group = $(AT_ONCE, table) ?? addGroup(table, fresh);
  const names = [];
  let before = $(".group", group);
  for (const row of $$("[data-row]", fresh)) {
    let here = $(`[data-row="${CSS.escape(row.dataset.row)}"]`, table);
    // A row that is known, but stood elsewhere until now, comes up, unless somebody is at it.
    if (here && !group.contains(here) && !isInUse(here)) {
      here.remove();
      here = null;
    }
    if (!here) {
      here = document.importNode(row, true);
      if (before) before.after(here);
      else group.prepend(here);
      globalThis.htmx?.process(here);
      names.push($(".title-cell a", here)?.textContent ?? "");
    }
    if (group.contains(here)) before = here;
  }
  if (names.length) announce(`${names.join(", ")} ${names.length === 1 ? "waits" : "wait"}.`);
  return names.length > 0;
}

/** The group of those who wait, new on top of the list, without its rows. */
function addGroup(table, fresh) {
  const group = document.importNode(fresh, true);
  $$("[data-row]", group).forEach((row) => row.remove());
  const first = $("tbody", table);
  if (first) first.before(group);
  else table.append(group);
  return group;
}

/** Loads the list anew. */
const load = () =>
  globalThis.htmx.ajax("GET", location.pathname + location.search, {
    target: "#queue",
    swap: "outerHTML",
    headers: { "HX-Target": "div#queue" }, // htmx names the source
  });

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
  const full = Boolean($("[rel='next']:not(#item *)", main));
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

on("click", (event) => event.target.closest("[data-part='new-rows'] button") && load());
