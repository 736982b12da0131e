/** The command palette (Ctrl K): a combobox over pages, actions of this page, saved views and search results. The focus
    stays in the field; Enter takes the selected option. It follows links and moves the focus; it never presses. */

import { $, $$, element, on } from "./dom.js";

const WAIT = 150;
const OPTION = "#palette [role='option']";

let chosen = false; // the user moved with the arrows: results that arrive later do not select anew
let timer = 0;
let searching = null; // the search under way
let searchedFor = null; // the text that the results on screen are for
let answered = true; // the last search got an answer
let targets = []; // the controls that the options of this page stand for

const field = () => $("#palette [role='combobox']");
const visibleOptions = () => $$(OPTION).filter((option) => option.checkVisibility());
const isSelected = (option) => option.getAttribute("aria-selected") === "true";

function select(option) {
  for (const each of $$(OPTION).filter(isSelected)) each.setAttribute("aria-selected", "false");
  if (!option) return field().removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  field().setAttribute("aria-activedescendant", option.id);
}

function selectFirst() {
  const selected = $$(OPTION).find(isSelected);
  if (!chosen || !selected?.checkVisibility()) select(visibleOptions()[0]);
}

/** Hides the options of this page's own lists that do not contain every word. */
function narrow() {
  const words = field().value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const option of $$(`${OPTION}:not(#palette-offers *)`)) {
    const heading = $(".heading", option.parentElement)?.textContent ?? "";
    const text = `${heading} ${option.textContent}`.toLowerCase();
    option.hidden = !words.every((word) => text.includes(word));
  }
}

/** Fetches saved views and things that match. */
async function search() {
  searching?.abort();
  searching = new AbortController();
  const results = $("#palette-offers");
  const typed = field().value.trim();
  try {
    const address = `${results.dataset.url}?q=${encodeURIComponent(typed)}`;
    const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: searching.signal });
    answered = answer.ok && !answer.redirected;
    results.innerHTML = answered ? await answer.text() : "";
  } catch (error) {
    if (error.name === "AbortError") return; // the user typed on
    answered = false;
    results.innerHTML = ""; // no network: the pages are still there
  }
  searchedFor = typed;
  settle();
}

function settle() {
  for (const option of $$(OPTION)) option.tabIndex = -1;
  selectFirst();
  say();
}

/** Says what the list cannot: that it holds no results, and why. */
function say() {
  const current = field().value.trim() === searchedFor;
  let text = "";
  if (current && !answered) text = "Search is not answering. Only pages and actions are listed.";
  else if (current && !visibleOptions().length) text = "Nothing of this name. Enter opens the search, which says more.";
  const status = $("#palette-status") ?? addStatus();
  if (status.textContent !== text) status.textContent = text;
}

function addStatus() {
  const status = element("p", "muted small");
  status.id = "palette-status";
  status.setAttribute("role", "status");
  $("#palette").append(status);
  return status;
}

/** Lists the buttons, links and folded acts in the head or toolbar and the action panel, as far as they can be used
    now. A fold that holds only reasons is no act. */
function listActions() {
  const group = $("#palette-actions");
  for (const old of $$("[role='option']", group)) old.remove();
  const usable = "button:not([disabled], [aria-disabled='true']), a.btn, details.act:not(:has(> dl)) > summary";
  const wanted = `:is(main .page-header, main .toolbar, #actions) :is(${usable}):not(.live-status *, [popover] *)`;
  targets = $$(wanted).filter((each) => each.checkVisibility() && each.textContent.trim());
  targets.forEach((target, index) => {
    const option = element("div");
    option.id = `palette-action-${index}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.index = index;
    const icon = $("svg.icon", target)?.cloneNode(true);
    if (icon) option.append(icon);
    option.append(element("span", "", target.textContent.trim().replace(/\s+/g, " ")));
    const means = target.matches("summary") ? "opens its form" : target.matches("button") ? "goes to the button" : "";
    if (means) option.append(element("small", "", means));
    group.append(option);
  });
}

/** Lists the pages that the navigation leads to, under its headings, and those of the user's own menu. */
function listPages() {
  const desks = $$("#nav h2").map((heading) => [heading.textContent, $$("a", heading.nextElementSibling)]);
  const groups = [...desks, ["You", $$("#person > a")]].filter(([, links]) => links.length);
  $("#palette-pages").replaceChildren(...groups.map(([title, links], n) => pages(`palette-${n + 1}`, title, links)));
}

function pages(id, title, links) {
  const heading = element("span", "heading", title);
  heading.id = id;
  const group = element("div", "", heading, ...links.map((link, index) => page(link, `${id}-${index + 1}`)));
  group.setAttribute("role", "group");
  group.setAttribute("aria-labelledby", id);
  return group;
}

function page(link, id) {
  const words = [...link.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE); // not how many wait there
  const name = words.map((node) => node.textContent).join("").trim();
  const option = element("a", "", $("svg.icon", link).cloneNode(true), element("span", "", name));
  option.id = id;
  option.href = link.href;
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  return option;
}

/** Follows the link that an option stands for, or focuses the button, or the first control of the fold. */
function goTo(option) {
  const target = targets[option.dataset.index];
  $("#palette").close();
  if (target.matches("a")) return target.click();
  const fold = target.matches("summary") ? target.parentElement : null;
  if (fold) fold.open = true;
  const first = fold && $$("input, select, textarea, button, a", fold).find((each) => each.checkVisibility());
  target.scrollIntoView({ block: "center" });
  (first ?? target).focus();
}

/** Enter takes the selected option, but never a result for fewer letters. With nothing selected the form searches. */
async function enter(option) {
  const outdated = field().value.trim() !== searchedFor;
  if (outdated && (!option || option.closest("#palette-offers"))) {
    clearTimeout(timer);
    await search();
    option = $$(OPTION).find(isSelected);
  }
  if (option) option.click();
  else field().form.requestSubmit();
}

new MutationObserver(() => {
  if (!$("#palette")?.open) return;
  chosen = false;
  searchedFor = null;
  field().value = "";
  listActions();
  listPages();
  narrow();
  settle();
  search();
}).observe(document.documentElement, { subtree: true, attributeFilter: ["open"] });

on("input", (event) => {
  if (event.target !== field()) return;
  chosen = false;
  narrow();
  selectFirst();
  say();
  clearTimeout(timer);
  timer = setTimeout(search, WAIT);
});

on("keydown", (event) => {
  if (!event.target.closest?.("#palette") || event.isComposing) return;
  const all = visibleOptions();
  const at = all.findIndex(isSelected);
  if (event.key === "Enter") {
    event.preventDefault();
    enter(all[at]);
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !all.length) return;
  event.preventDefault();
  chosen = true;
  select(all[(at + step + all.length) % all.length]);
});

on("click", (event) => {
  const option = event.target.closest?.(OPTION);
  if (!option) return;
  if (option.dataset.index !== undefined) goTo(option);
  else $("#palette").close();
});
