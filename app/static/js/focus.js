/** Focus: after a swap, a closed dialog or a change of page it is on what comes next, never nowhere. */

import { $, $$, on } from "./dom.js";
import { LINKS, focusOn, isVisible, openLink } from "./rows.js";
import { forget, recall, remember } from "./storage.js";

// The values stay as they are: browsers have them stored.
const LEFT_ITEM = "desk: row"; // address of the item that was open, to come back to its row
const LEFT_BY_KEY = "desk: by key"; // the last page was left by a key, so the next one begins in its content

const isLost = () => !document.activeElement || document.activeElement === document.body;

/** Notes that this page is left by a key. */
export const leaveByKey = () => remember(LEFT_BY_KEY, "1");

/** Notes that the item of this address is open. */
export const noteItem = () => remember(LEFT_ITEM, location.pathname);

let outside = null; // what had the focus last, outside of dialogs
on("focusin", (event) => {
  if (!event.target.closest?.("dialog")) outside = event.target;
});

let nextRows = [];

// After an action on a row the next row takes the focus; at the end of the list the same one.
on("htmx:before:request", (event) => {
  const row = event.detail.ctx.sourceElement.id === "take" && document.activeElement?.closest?.(".data-table tr[id]");
  const rows = row ? $$(".data-table tr[id]") : [];
  nextRows = row ? [...rows.slice(rows.indexOf(row) + 1), row].map((each) => each.id) : [];
});

function focusNextRow() {
  const next = nextRows.map((id) => document.getElementById(id)).find(Boolean);
  nextRows = [];
  const link = next && $(".title-cell > a", next);
  link?.focus();
  return Boolean(link);
}

// Dialogs and refusals that came with the swap have taken the focus already.
on("htmx:after:swap", (event) => {
  if (!isLost() || focusNextRow()) return;
  const same = outside?.matches?.("a[id]") ? document.getElementById(outside.id) : null;
  const wanted = $("main [aria-invalid='true']") ?? $("main [autofocus]:not(dialog *)") ?? same ?? $("#main");
  wanted?.focus({ preventScroll: true });
  if (event.detail.ctx.target === document.body) scrollTo(0, 0);
});

// After a form that led to another item's page a button stands where the pressed one stood: it must not be pressed too.
// Beside a list nothing was pressed: there a button has the focus because a key led to it meanwhile.
let page = location.pathname;
on("htmx:after:swap", ({ detail: { ctx } }) =>
  setTimeout(() => {
    if (location.pathname === page) return;
    page = location.pathname;
    if (ctx.target?.id === "item") return;
    if (document.activeElement?.matches?.("#main button")) $("#main").focus({ preventScroll: true });
  }),
);

// A dialog gives the focus back to what had it, also one that took the place of another; where nothing had, to the page.
on(
  "close",
  () =>
    setTimeout(() => {
      if (!isLost() && isVisible(document.activeElement)) return;
      (outside?.isConnected && isVisible(outside) ? outside : $("#main"))?.focus({ preventScroll: true });
    }),
  true,
);

// Back in a list the row of the item that was open; after a key the content, not the navigation before it.
addEventListener("pageshow", () => {
  const byKey = recall(LEFT_BY_KEY);
  forget(LEFT_BY_KEY);
  const item = recall(LEFT_ITEM);
  if ($("#main .breadcrumb")) noteItem();
  else if ($(LINKS)) forget(LEFT_ITEM);
  if (!isLost()) return;
  const open = isVisible(openLink()) ? location.pathname : item;
  const row = item && $$(LINKS).find((link) => link.pathname === open);
  if (row) focusOn(row);
  else if (byKey) $("#main")?.focus({ preventScroll: true });
});
