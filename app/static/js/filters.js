/** Filters: a list is fetched under its own address, and what stands outside of the list follows it. */

import { $, $$, on } from "./dom.js";

const TAB_NAMES = ["state", "left"];

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

on("htmx:after:swap", ({ detail: { ctx } }) => {
  if (!(ctx.response?.status >= 400)) followList();
});

/** Updates title, number of rows, lede, pace of polling and CSV link from the list that is on screen. */
function followList() {
  const list = $("#queue, #audit");
  if (!list) return;
  const { title, many, windowTitle, lede, every, csv } = list.dataset;
  if (title) {
    $(".toolbar h1 .visually-hidden").textContent = `: ${title}`;
    $(".toolbar h1 .count").textContent = many;
    $(".toolbar h1").title = lede;
  }
  if (windowTitle) document.title = `${windowTitle} · ${document.title.split(" · ").at(-1)}`;
  if (lede) $("main .lede").textContent = lede;
  if (every) $("#main").dataset.liveEvery = every;
  followTabs();
  if (csv) $("#csv").href = csv;
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
