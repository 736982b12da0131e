// Keys at the desk (docs/look.md, "Keys"). None approves, denies, cancels or ends: the most a single key does is to move
// the focus, to tick, to take, or to follow a link. Everything here is also done by Tab and Enter.
// What the palette does once it is open stands in palette.js, Ctrl Z in holds.js.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (event, listener, options) => document.addEventListener(event, listener, options);

const TYPED_IN = "input:not([type='checkbox'], [type='radio']), select, textarea, [contenteditable='true']";
const ROWS = ".queue .what > a";
const TAKE = "form[action*='/assign']";
const FROM = "desk: row"; // the item one was on, to come back to its row
const BY_KEY = "desk: by key"; // the last page was left by a key, so the next one begins in its content

const onScreen = (element) => element?.checkVisibility();
const rowHere = () => document.activeElement?.closest?.(".queue tr");

function show(element) {
  element.focus();
  element.scrollIntoView({ block: "nearest" });
}

/* What the keys do */

function moveRow(step) {
  const links = $$(ROWS).filter(onScreen);
  const row = rowHere();
  const at = row ? links.findIndex((link) => row.contains(link)) : -1;
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
  if (next) show(next);
}

function openRow() {
  const link = rowHere() && $(".what > a", rowHere());
  if (link) follow(link);
}

function tickRow() {
  const row = rowHere();
  const box = row && $(".pick input:not(:disabled)", row);
  if (box) box.click();
}

// Takes the row that has the focus, or what this page is about. Out of somebody's hands it takes nothing: it goes there.
function takeIt() {
  const row = rowHere();
  if (row) return $("[data-key='e']", row)?.click();
  const button = $(`#actions ${TAKE} button[type='submit']:not(:disabled)`);
  if (!button) return;
  if ($("bdi, .who", button.closest(".row") ?? button.form)) show(button);
  else button.click();
}

function follow(link) {
  if (!link) return;
  sessionStorage.setItem(BY_KEY, "1");
  link.click();
}

const KEYS = {
  "/": () => $("#search")?.focus(),
  "?": () => $("#help")?.showModal(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: tickRow,
  e: takeIt,
  n: () => follow($("#main a[rel='next']")),
  p: () => follow($("#main a[rel='prev']")),
};

on("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  const control = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (control && event.key === "Enter") return send(event);
  if (control && event.key.toLowerCase() === "k" && $("#palette")) {
    event.preventDefault();
    if (!$("#palette").open) $("#palette").showModal();
    return;
  }
  if (control || event.altKey) return;
  if (event.key === "Escape") return leave(event);
  if (event.key === "Enter" && event.target.matches?.("a[href], #palette *")) sessionStorage.setItem(BY_KEY, "1");
  if (document.body.dataset.keys === "off" || $("dialog[open]")) return;
  if (event.target.closest?.(TYPED_IN)) return;
  // Enter on a control of the row is that control's; anywhere else in the row it opens the row.
  const act = event.key === "Enter" ? event.target.matches?.(".pick input") && openRow : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// Ctrl Enter presses the form's button. Where there are several, they decide different things: it only goes there.
function send(event) {
  const form = event.target.form ?? event.target.closest?.("form");
  if (!form) return goToAction(event);
  event.preventDefault();
  const buttons = [...form.elements].filter((each) => each.matches("button:not([type='button'], [type='reset'])"));
  const ready = buttons.filter((button) => !button.disabled && onScreen(button));
  if (ready.length === 1) form.requestSubmit(ready[0]);
  else if (ready.length) show(ready[0]);
  else if (!buttons.length) form.requestSubmit();
}

// Outside of a form Ctrl Enter goes to the first thing that can be done on this page.
function goToAction(event) {
  const button = $$("#actions button[type='submit']:not(:disabled)").filter(onScreen);
  const first = button.find((each) => each.matches(".primary")) ?? button[0];
  if (!first) return;
  event.preventDefault();
  show(first);
}

// Escape closes what was opened under a button, or leaves the field; what was typed stays.
function leave(event) {
  if ($("dialog[open], [popover]:popover-open")) return; // the browser closes these
  const open = event.target.closest?.("details.drop[open]");
  if (open) {
    open.open = false;
    $("summary", open).focus();
    return;
  }
  const field = event.target.closest?.(TYPED_IN);
  if (!field || (field.type === "search" && field.value)) return; // a search field is emptied first
  const row = rowHere();
  show((row && $(".what > a", row)) ?? $(ROWS) ?? $("#main") ?? field);
}

/* What opens under a button: into its first field, and closed again by a press elsewhere */

on(
  "toggle",
  (event) => {
    if (!event.target.matches?.("details.drop") || !event.target.open) return;
    for (const other of $$("details.drop[open]")) if (other !== event.target) other.open = false;
    $("input:not([type='hidden']), textarea", event.target)?.focus();
  },
  true,
);

on("click", (event) => {
  for (const drop of $$("details.drop[open]")) if (!drop.contains(event.target)) drop.open = false;
});

// A dialog gives the focus back to what had it; where nothing had, to the page.
on("close", () => setTimeout(neverLost), true);

function neverLost() {
  const here = document.activeElement;
  if (here && here !== document.body && onScreen(here)) return;
  $("#main")?.focus({ preventScroll: true });
}

// A form that led to another thing's page: its button stands where the old one stood, and is not pressed by mistake.
let page = location.pathname;
on("htmx:after:swap", () =>
  setTimeout(() => {
    if (location.pathname === page) return;
    page = location.pathname;
    if (document.activeElement?.matches?.("#main button")) $("#main").focus({ preventScroll: true });
  }),
);

/* The sheet of keys says what works here */

on("keydown", (event) => event.key === "?" && tellApart(), true);
on("click", (event) => event.target.closest?.("[commandfor='help']") && tellApart(), true);

function tellApart() {
  for (const line of $$("#help [data-works-on]")) line.hidden = !$(line.dataset.worksOn);
}

/* Where one was: back in the list on the row one came from, and after a key in the page, not before its navigation */

function arrive() {
  const byKey = sessionStorage.getItem(BY_KEY);
  sessionStorage.removeItem(BY_KEY);
  const from = sessionStorage.getItem(FROM);
  if ($("#main .crumb")) sessionStorage.setItem(FROM, location.pathname);
  else if ($(ROWS)) sessionStorage.removeItem(FROM);
  if (document.activeElement && document.activeElement !== document.body) return;
  const row = from && $$(ROWS).find((link) => link.pathname === from);
  if (row) show(row);
  else if (byKey) $("#main")?.focus({ preventScroll: true });
}

addEventListener("pageshow", arrive);
