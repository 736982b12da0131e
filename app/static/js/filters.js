/** Filters: a list is fetched under its own address, and what stands outside of the list follows it. */

import { $, $$, on } from "./dom.js";

const TAB_NAMES = ["state", "left"];

showCurrentTab();

// A filter that is not set has no place in the address.
on("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (!sourceElement.matches?.("form.filters") || !(request.body instanceof FormData)) return;
  for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
});

// A request for the address of this page is no new entry of the history: Back then leaves the page at once.
on("htmx:before:history:update", ({ detail: { history } }) => {
  if (history.path.split("#")[0] === location.pathname + location.search) history.type = "replace";
});

on(
  "toggle",
  ({ target, newState }) => {
    if (target.id === "filters" && newState === "open") $("select, input:not([type='hidden'])", target)?.focus();
  },
  true,
);

// A period is a link, which with scripts sends the form: what else is typed there goes with it.
on("click", (event) => {
  const link = event.target.closest?.("form.filters a[data-period]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const form = link.closest("form");
  for (const end of $$(".days input[type='text']", form)) end.value = "";
  form.elements.when.value = link.ariaCurrent ? "" : link.dataset.period;
  form.requestSubmit();
});

// A chip is gone with its filter: the next one takes the focus, after the last one the button of the filters.
let chip = false;
on("htmx:before:request", ({ detail: { ctx } }) => {
  chip = Boolean(ctx.sourceElement.matches?.(".chip"));
});

on("htmx:after:swap", ({ detail: { ctx } }) => {
  if (!(ctx.response?.status >= 400)) followList();
  if (chip) ($(".under .chip") ?? $("[popovertarget='filters']"))?.focus();
  chip = false;
});

/** Updates title, number of rows, lede, pace of polling and CSV link from the list that is on screen. */
function followList() {
  const list = $("#queue, [data-filters]");
  if (!list) return;
  const { title, many, windowTitle, lede, every, csv, filters, layout } = list.dataset;
  if (title) {
    $(".toolbar-title .visually-hidden").textContent = `: ${title}`;
    $(".toolbar-title .count").textContent = many;
  }
  if (windowTitle && !$("#item[data-open]")) document.title = `${windowTitle} · ${document.title.split(" · ").at(-1)}`;
  if (lede) $("main .lede").textContent = $(".toolbar-title").title = lede;
  if (every) $("#main").dataset.liveEvery = every;
  if (filters) followForm(JSON.parse(filters));
  followTabs();
  showCurrentTab();
  if (csv) $("#csv").href = csv;
  if (layout) $(".layout-switch")?.setAttribute("action", layout);
}

/** Scrolls the strip of tabs to the one on screen, where the toolbar has no room for all of them. */
function showCurrentTab() {
  $(".toolbar .tabs > [aria-current='page']")?.scrollIntoView({ block: "nearest", inline: "center" });
}

/** Shows in the popover what the list was asked for; the field that has the focus stays as it is. */
function followForm(wanted) {
  const form = $("#filters form");
  if (!form) return;
  for (const field of form.elements) {
    const follows = field.name && (field.type !== "hidden" || field.name === "when");
    if (!follows || field === document.activeElement) continue;
    if (field.type === "checkbox") field.checked = (wanted[field.name] ?? "").split(",").includes(field.value);
    else field.value = wanted[field.name] ?? "";
  }
  for (const link of $$("[data-period]", form)) link.ariaCurrent = link.dataset.period === wanted.when ? "true" : null;
  const count = $(".filter-count");
  if (count) count.textContent = $$(".under .chip").length || "";
}

/** Marks the tab of the list, where a filter chooses among the lists that also have tabs. */
function followTabs() {
  const form = $("form.filters:has(select[name='state'])");
  if (!form) return;
  const wanted = TAB_NAMES.map((name) => form.elements[name]?.value ?? "").join();
  for (const tab of $$("#main .tabs > a")) {
    const args = new URL(tab.href).searchParams;
    const same = TAB_NAMES.map((name) => args.get(name) ?? "").join() === wanted;
    if (same && [...args.keys()].every((name) => TAB_NAMES.includes(name))) tab.ariaCurrent = "page";
    else tab.removeAttribute("aria-current");
  }
}
