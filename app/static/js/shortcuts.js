/** Keyboard shortcuts (docs/design.md, "Keys"). None approves, denies, cancels or ends: the most a single key does is to
    move the focus, to select, to assign, or to follow a link. Everything here is also done by Tab and Enter. */

import { changeManager } from "./board.js";
import { $, $$, on } from "./dom.js";
import { leaveByKey } from "./focus.js";
import { LINKS, currentLink, currentRow, focusOn, isVisible, moveBy, openLink } from "./rows.js";
import { isSplit, openItem } from "./split.js";

const TYPED_IN = "input:not([type='checkbox'], [type='radio']), select, textarea, [contenteditable='true']";
const ASSIGN = "form[action*='/assign']";

const KEYS = {
  "/": () => $("#search")?.focus(),
  f: () => $("[popovertarget='filters']")?.click(),
  "?": () => $("#help")?.showModal(),
  j: () => move(1),
  k: () => move(-1),
  x: selectRow,
  e: assign,
  m: changeManager,
  a: () => goTo("#approve"),
  d: () => goTo("#deny"),
  n: () => follow(neighbour("next")),
  p: () => follow(neighbour("prev")),
};

/** The link to the next or previous item; in a list, page. */
const neighbour = (rel) => $(`${$("#item[data-open]") ? "#item" : "#main"} a[rel='${rel}']`);

function follow(link) {
  if (!link) return;
  leaveByKey();
  link.click();
}

/** Moves among the rows; beside the list the item follows, and the focus stays in the list. */
function move(step) {
  const link = moveBy(step);
  if (link && isSplit()) openItem(link);
}

function goTo(selector) {
  const button = $(`${selector}:not(:disabled)`);
  if (button) focusOn(button);
}

function selectRow() {
  const row = currentRow() ?? openLink()?.closest("tr");
  if (row) $(".select-cell input:not(:disabled)", row)?.click();
}

/** Assigns the row that has the focus, or the item that is open. Where another person has it, only the focus moves. */
function assign() {
  const row = currentRow();
  if (row && !openLink()) return $("[data-key='e']", row)?.click();
  const button = $(`#actions ${ASSIGN} button[type='submit']:not(:disabled)`);
  if (!button) return;
  if ($("bdi, .person", button.closest(".row") ?? button.form)) focusOn(button);
  else button.click();
}

on("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  const control = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (control && event.key === "Enter") return submit(event);
  if (control && event.key.toLowerCase() === "k" && $("#palette")) {
    event.preventDefault();
    if (!$("#palette").open) $("#palette").showModal();
    return;
  }
  if (control || event.altKey) return;
  if (event.key === "Escape") return leaveField(event);
  if (event.key === "Enter" && event.target.matches?.("a[href], #palette *")) leaveByKey();
  if (document.body.dataset.keys === "off" || $("dialog[open]")) return;
  if (event.target.closest?.(TYPED_IN)) return;
  // Enter on a control of the row is that control's; on the checkbox it opens the row.
  const onCheckbox = event.key === "Enter" && event.target.matches?.(".select-cell input");
  const action = onCheckbox ? () => follow(currentLink()) : KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

/** Ctrl Enter presses the form's button, in a dialog that of the dialog. Where there are several, they decide different
    things: it only goes there, as it does to one that cannot be taken back. A key that is held down presses once. */
function submit(event) {
  const form = event.target.form ?? event.target.closest?.("form") ?? $("dialog[open] form");
  if (!form) return $("dialog[open]") ? undefined : goToAction(event);
  event.preventDefault();
  if (event.repeat) return;
  const buttons = [...form.elements].filter((each) => each.matches("button:not([type='button'], [type='reset'])"));
  const ready = buttons.filter((button) => !button.disabled && isVisible(button));
  if (ready.length === 1 && !ready[0].matches("dialog .danger")) form.requestSubmit(ready[0]);
  else if (ready.length) focusOn(ready[0]);
  else if (!buttons.length) form.requestSubmit();
}

/** Outside of a form Ctrl Enter goes to the first action of this page: to the first field that it still needs. Where
    nothing is missing it shows what the main action would send, or goes to the button of one that shows nothing. */
function goToAction(event) {
  const acts = $$("#actions form:not([action*='assign']) button[type='submit']:not(:disabled)");
  const buttons = acts.filter(isVisible);
  const first = buttons.find((each) => each.matches(".primary, #approve")) ?? buttons[0];
  if (!first) return;
  event.preventDefault();
  const empty = [...(first.form?.elements ?? [])].filter((each) => each.value === "" && isVisible(each));
  const missing = empty.find((each) => each.matches("[required], [data-first]"));
  const onlyShows = first.matches(".primary") && first.form?.elements.step?.value === "preview";
  if (missing || !onlyShows) return focusOn(missing ?? first);
  if (!event.repeat) first.form.requestSubmit(first);
}

/** Escape closes a dropdown, or leaves the field; what was typed stays. */
function leaveField(event) {
  if ($("dialog[open], [popover]:popover-open")) return; // the browser closes these
  const dropdown = event.target.closest?.("details.dropdown[open]");
  if (dropdown) {
    dropdown.open = false;
    $("summary", dropdown).focus();
    return;
  }
  const field = event.target.closest?.(TYPED_IN);
  if (!field || (field.type === "search" && field.value)) return; // a search field is emptied first
  focusOn(currentLink() ?? openLink() ?? $(LINKS) ?? $("#main") ?? field);
}

/** What the lines of the help are about (templates/macros/shell.html). */
const WORKS_ON = {
  assign: "[data-key='e'], #actions form[action*='/assign']",
  bars: "[data-bar]",
  decide: "#approve, #deny",
  filters: "[popovertarget='filters']",
  form: "#main form[method='post']",
  neighbours: "#main a[rel='next'], #main a[rel='prev']",
  rows: ".data-table .title-cell > a",
  search: "#search",
  select: ".data-table .select-cell input",
  undo: "#holds [data-undo]",
};

/** Shows in the help dialog only the keys that do something on this page. */
function narrowHelp() {
  for (const what of $$("#help [data-works-on]"))
    what.hidden = what.nextElementSibling.hidden = !$(WORKS_ON[what.dataset.worksOn]);
}

on("keydown", (event) => event.key === "?" && narrowHelp(), true);
on("click", (event) => event.target.closest?.("[commandfor='help']") && narrowHelp(), true);
