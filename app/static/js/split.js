/** The split view: beside its list an item is fetched alone, and the list stays as it is (docs/decisions/0026-split-view.md).
    Without scripts the same links lead to whole pages. */

import { $, $$, on } from "./dom.js";
import { noteItem } from "./focus.js";
import { LINKS, isVisible, openLink } from "./rows.js";
import { keepTyped, restoreTyped } from "./typed-text.js";

const WIDE = matchMedia("(width >= 75rem)");
const OPENERS = `.list-pane ${LINKS}, #item a[rel='next'], #item a[rel='prev']`;

let toHeading = false; // the item that comes was opened to be read, not passed by in the list
let coming = ""; // the address of the item that is on its way
let before = {}; // the item, and how far both halves were scrolled, before a swap

const listPane = () => $(".list-pane");

/** Whether list and item stand side by side. */
export const isSplit = () => WIDE.matches && listPane() !== null;

/** Fetches the item of a link beside its list. The focus stays, or goes to the heading. A newer one takes its place; one
    that is on its way already is not fetched again: it would come twice, and take the focus from what was gone to. */
export function openItem(link, { focus = false } = {}) {
  const address = link.pathname + link.search;
  toHeading = focus;
  if (address === coming) return;
  keepTyped($("#item"));
  coming = address;
  const arrived = () => address === coming && (coming = "");
  globalThis.htmx.ajax("GET", address, { source: $(".split"), push: "true" }).finally(arrived);
}

on("click", (event) => {
  const link = event.target.closest?.(OPENERS);
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !isSplit()) return;
  event.preventDefault();
  // An item that is open already is not fetched again: that would take the focus from what was gone to meanwhile.
  if (link.pathname === location.pathname && $("#item[data-open]")) focusHeading();
  else openItem(link, { focus: true });
});

function focusHeading() {
  const heading = $("#item h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** Marks the row of the item that is open, and brings it into sight. */
function markOpen() {
  for (const link of $$(`.list-pane ${LINKS}`)) {
    if (link.pathname === location.pathname) link.ariaCurrent = "true";
    else link.removeAttribute("aria-current");
  }
  if (isSplit()) openLink()?.closest("tr").scrollIntoView({ block: "nearest" });
}

// Another list opens nothing: its page comes whole, and what was typed beside the item is kept.
on("htmx:config:request", ({ detail: { ctx } }) => {
  if (!$("#item[data-open]") || !ctx.sourceElement.matches?.("form.filters, .under .chip")) return;
  keepTyped($("#item"));
  Object.assign(ctx, { target: document.body, swap: "innerHTML" });
  Object.assign(ctx.request.headers, { "HX-Target": "body", "HX-Request-Type": "full" });
});

on("htmx:before:swap", () => {
  before = { item: location.pathname, list: listPane()?.scrollTop, inItem: $("#item")?.scrollTop };
});

on("htmx:after:swap", ({ detail: { ctx } }) => {
  const pane = listPane();
  if (!pane || ctx.response?.status >= 400) return;
  if (ctx.target?.id === "item") {
    coming = "";
    noteItem();
    $("h1.toolbar-title")?.setAttribute("aria-level", "2"); // the item has the heading of the page now
    restoreTyped($("#item"));
    if (toHeading) focusHeading();
  } else if (ctx.target?.id !== "queue") {
    pane.scrollTop = before.list ?? 0;
    const same = before.item === location.pathname;
    $("#item").scrollTop = same ? (before.inItem ?? 0) : 0;
    restoreTyped($("#item"));
    // The page has the focus where what had it is gone: then what is read next has it.
    if (!same) setTimeout(() => isSplit() && document.activeElement?.id === "main" && focusHeading());
  }
  markOpen();
});

addEventListener("pagehide", () => {
  if ($("#item") && !$$("[aria-busy='true']").some(isVisible)) keepTyped($("#item"));
});

if (listPane()) {
  restoreTyped($("#item"));
  markOpen();
}
