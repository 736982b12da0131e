/** Tabs inside a page: sections under headings become panels of a tab list. Arrows, Home and End move, as ARIA has it. */

import { $, $$, on, onPage } from "./dom.js";

const tabsOf = (list) => $$("[role='tab']", list);
const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

function select(tab) {
  for (const each of tabsOf(tab.parentElement)) {
    each.setAttribute("aria-selected", String(each === tab));
    each.tabIndex = each === tab ? 0 : -1;
    panelOf(each).hidden = each !== tab;
  }
}

onPage(() => {
  for (const list of $$("[data-tabs] > [role='tablist'][hidden]")) {
    list.hidden = false;
    for (const tab of tabsOf(list)) {
      const panel = panelOf(tab);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      panel.tabIndex = 0;
      $("h3", panel).hidden = true;
    }
    select(tabsOf(list)[0]);
  }
});

on("click", (event) => {
  const tab = event.target.closest("[role='tab']");
  if (tab) select(tab);
});

on("keydown", (event) => {
  const tab = event.target.closest?.("[role='tab']");
  if (!tab) return;
  const tabs = tabsOf(tab.parentElement);
  const forward = getComputedStyle(tab).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backward = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
  const at = tabs.indexOf(tab);
  const next = { [forward]: tabs.at((at + 1) % tabs.length), [backward]: tabs.at(at - 1), Home: tabs[0], End: tabs.at(-1) };
  if (!next[event.key]) return;
  event.preventDefault();
  select(next[event.key]);
  next[event.key].focus();
});
