// Keeps a page live: asks for its own address again with the revision it has, and merges what comes back into the page
// on screen. Never touches what holds the focus, a selection or typed text, never moves what is under the pointer.
// What a revision is: docs/decisions/0011-live.md. A page is live when its <main> has data-live-every (seconds).

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (event, listener) => document.addEventListener(event, listener);

const LONGEST_WAIT = 60;
const NO_ANSWER_AFTER = 15000;
const MOST_ROWS = 50;
const PAUSED = "live paused";

let main = null; // the element that is kept live, or none
let address = ""; // of the page that the revision is of
let tag = ""; // the revision on screen
let timer = 0;
let asking = null; // the poll on its way
let failures = 0;
let updated = ""; // when the server last said how things stand, in the reader's zone
let stopped = ""; // why there will be no more polls
let waiting = null; // a fresh page of which something could not be shown yet
const pointer = { x: -1, y: -1 };

/* Polling */

// Whichever page is on screen by now: at the start, and after every swap.
function bind() {
  const found = $("main[data-live-every]");
  asking?.abort();
  asking = waiting = null;
  clearTimeout(timer);
  if (found !== main) {
    main = found;
    failures = 0;
    stopped = "";
    if (main) {
      tag = main.dataset.liveRevision;
      updated = clock(new Date(document.body.dataset.now));
    }
  } else if (address !== location.href) tag = ""; // only a fragment came with the new address; the rest follows
  address = location.href;
  if (!main) return;
  say();
  next();
}

const paused = () => sessionStorage.getItem(PAUSED) === "1";

function next() {
  clearTimeout(timer);
  if (!main || stopped || paused() || document.hidden) return;
  const every = Number(main.dataset.liveEvery);
  timer = setTimeout(poll, 1000 * Math.max(every, failures && Math.min(LONGEST_WAIT, every * 2 ** failures)));
}

async function poll() {
  clearTimeout(timer);
  if (!main || asking || stopped || paused() || document.hidden) return;
  const mine = (asking = new AbortController());
  const late = setTimeout(() => mine.abort("late"), NO_ANSWER_AFTER);
  try {
    const rows = $$("[data-rows] [data-row]", main).map((row) => row.dataset.row);
    const headers = { "X-Desk-Poll": "1", "If-None-Match": tag };
    if (rows.length) headers["X-Desk-Rows"] = rows.slice(0, MOST_ROWS).join(",");
    const options = { headers, cache: "no-store", redirect: "manual", signal: mine.signal };
    const answer = await fetch(location.pathname + location.search, options);
    const text = answer.status === 200 ? await answer.text() : "";
    if (asking === mine) took(answer, text);
  } catch {
    if (asking === mine) failed();
  } finally {
    clearTimeout(late);
    if (asking === mine) {
      asking = null;
      say();
      next();
    }
  }
}

function took(answer, text) {
  if (answer.type === "opaqueredirect" || answer.status === 401) {
    stopped = "You are signed out. Load the page again to sign in; what you typed is still here.";
  } else if ([403, 404, 410].includes(answer.status)) {
    stopped = "This page is gone, or no longer open to you. What you see is how it was.";
  } else if (answer.status === 304) {
    heard(answer);
    if (waiting) merge(waiting);
  } else if (text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const live = $("main[data-live-every]", fresh);
    if (!live) throw new Error("not the page that was asked for");
    tag = live.dataset.liveRevision;
    heard(answer);
    merge(fresh);
  } else throw new Error(`answered ${answer.status}`);
  if (stopped) announce(stopped);
}

function heard(answer) {
  if (failures > 1) announce("Updates are back.");
  failures = 0;
  updated = clock(new Date(answer.headers.get("Date") ?? Date.now()));
}

function failed() {
  failures += 1;
  if (failures === 2) announce(words());
}

function clock(moment) {
  const { liveZone: timeZone, liveHours: hours } = main.dataset;
  const shape = { minute: "2-digit", second: "2-digit", timeZone };
  return hours === "12"
    ? moment.toLocaleTimeString("en-US", { ...shape, hour: "numeric", hourCycle: "h12" })
    : moment.toLocaleTimeString("en-GB", { ...shape, hour: "2-digit", hourCycle: "h23" });
}

/* What the bar says */

function words() {
  if (stopped) return stopped;
  if (failures) return `No updates since ${updated}, trying again…`;
  return paused() ? `Paused, as of ${updated}` : `Live, updated ${updated}`;
}

function say() {
  const bar = $("[data-live-bar]");
  if (!bar || !main) return;
  bar.classList.toggle("danger", Boolean(failures || stopped));
  bar.classList.toggle("good", !failures && !stopped && !paused());
  const line = $("[data-live-words]", bar);
  if (line.textContent !== words()) line.textContent = words();
  const button = $("button", bar);
  button.hidden = Boolean(stopped);
  button.textContent = paused() ? "Go on" : "Pause";
}

// Heard by those who do not see it; once, not at every poll.
function announce(text) {
  const status = $("#status");
  if (!status) return;
  let line = $("[data-live-said]", status);
  if (!line) {
    line = document.createElement("span");
    line.className = "visually-hidden";
    line.dataset.liveSaid = "";
    status.append(line);
  }
  line.textContent = text;
}

/* Merging */

// The server's words in an element, without what scripts, the reader or the form token make of them.
function signature(element) {
  const copy = element.cloneNode(true);
  for (const each of [copy, ...$$("*", copy)]) {
    for (const name of each.getAttributeNames()) {
      if (/^(data-htmx|aria-busy$|data-passing$|open$)/.test(name)) each.removeAttribute(name);
    }
    if (each.name === "csrf_token") each.removeAttribute("value");
    if (each.matches("[data-until]")) each.textContent = "";
    if (each.matches("[data-copy], .themes, [data-local]")) each.removeAttribute("hidden");
    if (each.matches("[data-local]")) each.textContent = "";
    if (each.matches("[data-live-notice], #refusal")) each.remove();
    if (each.className === "") each.removeAttribute("class");
  }
  return copy.outerHTML.replace(/\s+/g, " ").replaceAll("> <", "><");
}

function typedIn(control) {
  if (control.type === "hidden" || control.disabled) return false;
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  if (control instanceof HTMLSelectElement) {
    const chosen = [...control.options].findIndex((option) => option.defaultSelected);
    return control.type === "select-one" && control.selectedIndex !== Math.max(chosen, 0);
  }
  return "defaultValue" in control && control.value !== control.defaultValue;
}

const typed = (element) => $$("input, textarea, select", element).filter(typedIn);

// Whether an element must stay as it is for now.
function held(element) {
  if (element.contains(document.activeElement) || $("dialog[open], :popover-open, [aria-busy='true']", element)) return true;
  const selection = getSelection();
  if (!selection.isCollapsed && selection.rangeCount && selection.getRangeAt(0).intersectsNode(element)) return true;
  return typed(element).length > 0;
}

// Words that are shown once are on no fresh page.
const keeps = (element) => element.matches("[data-keep]") || $("[data-keep]", element) !== null;

function replace(old, fresh) {
  const copy = document.importNode(fresh, true);
  const opened = $$("details", copy);
  $$("details", old).forEach((each, i) => {
    const words = (details) => $("summary", details)?.textContent;
    if (opened[i] && words(opened[i]) === words(each)) opened[i].open = each.open;
  });
  $$("[data-copy][hidden]", copy).forEach((button) => (button.hidden = false));
  old.replaceWith(copy);
  globalThis.htmx?.process(copy);
  return copy;
}

function merge(fresh) {
  // While a form is on its way its answer says more than this page.
  if ($(".htmx-request", main)) {
    waiting = fresh;
    return;
  }
  const still = anchor();
  waiting = null;
  if (document.title !== fresh.title) document.title = fresh.title;
  const left = mergeParts(fresh);
  if (mergeRows(fresh) || left) waiting = fresh;
  still();
  document.dispatchEvent(new CustomEvent("desk:merged"));
}

// Keeps what is under the pointer, else the first row or part in sight, where it is.
function anchor() {
  const focus = document.activeElement?.matches("input, textarea, select") ? document.activeElement : null;
  const seen = focus ?? document.elementFromPoint(pointer.x, pointer.y)?.closest("tr, li, [data-part], form, p") ??
    $$("[data-row], [data-part]", main).find((each) => each.getBoundingClientRect().top >= 0);
  if (!seen || !main.contains(seen)) return () => {};
  const top = seen.getBoundingClientRect().top;
  const root = document.documentElement;
  root.style.overflowAnchor = "none";
  return () => {
    const moved = seen.isConnected ? seen.getBoundingClientRect().top - top : 0;
    if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
    requestAnimationFrame(() => root.style.removeProperty("overflow-anchor"));
  };
}

const part = (root, name) => $(`[data-part="${CSS.escape(name)}"]`, root);
const bare = (element) => element.dataset.part === "arrivals";

// Says whether something had to wait.
function mergeParts(fresh) {
  let left = false;
  const settled = [];
  // What can be done is one thing: while somebody is at one panel, none of them changes or moves.
  const busy = $$("#actions [data-part]").filter(held);
  for (const then of $$("[data-part]", fresh)) {
    if (bare(then) || settled.some((done) => done.contains(then))) continue;
    const now = part(document, then.dataset.part);
    if (!now) {
      if (busy.length && then.closest("#actions")) left = true;
      else if (appear(then)) settled.push(then);
    } else if (signature(now) === signature(then)) settled.push(then);
    else if (keeps(now)) continue;
    else if (now.closest("#actions") ? busy.length : held(now)) {
      // Parts inside may still go on by themselves.
      left = true;
      if (busy.length) tell(busy[0], fresh);
    } else {
      replace(now, then);
      settled.push(then);
    }
  }
  for (const now of $$("[data-part]")) {
    if (bare(now) || part(fresh, now.dataset.part)) continue;
    if (now.matches("tr")) $$(".count", now).forEach((count) => (count.textContent = "0"));
    else if (busy.length && now.closest("#actions")) left = true;
    else if (!now.closest("[data-rows]") && !held(now) && !keeps(now)) now.remove();
  }
  return left;
}

// A part that was not there before goes where the fresh page has it, beside a neighbour that is on screen.
function appear(then) {
  if (then.matches("tr, tbody, table") || then.closest("table")) return false;
  const byId = (id) => id && $(`#${CSS.escape(id)}`);
  const byPart = (name) => name && part(document, name);
  const known = (element) => element && (byId(element.id) || byPart(element.dataset.part));
  const copy = () => {
    const made = document.importNode(then, true);
    queueMicrotask(() => globalThis.htmx?.process(made));
    return made;
  };
  for (let each = then.previousElementSibling; each; each = each.previousElementSibling) {
    const neighbour = known(each);
    if (neighbour) return neighbour.after(copy()), true;
  }
  for (let each = then.nextElementSibling; each; each = each.nextElementSibling) {
    const neighbour = known(each);
    if (neighbour) return neighbour.before(copy()), true;
  }
  return false;
}

// Something happened to this while somebody types: they are told, and load the rest when they like.
function tell(panel, fresh) {
  const happened = $("#story li:not(.later)", fresh);
  const line = happened && ($("span", happened) ?? happened).textContent.replace(/\s+/g, " ").trim();
  const text = line ? `Meanwhile: ${line}.` : "This has changed meanwhile.";
  let notice = $("[data-live-notice]", panel);
  if (!notice) {
    notice = document.createElement("div");
    notice.className = "notice warn";
    notice.dataset.liveNotice = "";
    const p = document.createElement("p");
    const button = document.createElement("button");
    button.className = "btn";
    button.type = "button";
    button.dataset.liveLoad = "";
    button.textContent = "Show how it stands";
    const icon = $("svg.icon").cloneNode(true);
    const use = $("use", icon);
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#circle-alert"));
    notice.append(icon, p, button);
    panel.append(notice); // below what is typed, which stays where it is
  }
  const said = `${text} What you typed is kept.`;
  const p = $("p", notice);
  if (p.textContent === said) return;
  p.textContent = said;
  announce(text);
}

// The panels as they are now, with what was typed in the fields that are still there; the rest is shown.
function load() {
  const then = waiting && $("#actions", waiting);
  if (!then) return;
  const panels = $("#actions");
  const kept = typed(panels);
  const made = replace(panels, then);
  const lost = [];
  for (const control of kept) {
    const action = control.form?.getAttribute("action");
    const form = $$("form", made).find((each) => each.getAttribute("action") === action);
    const found = form?.elements[control.name];
    if (!(found instanceof Element)) lost.push(control.value);
    else if (control.type === "checkbox") found.checked = control.checked;
    else found.value = control.value;
  }
  const text = lost.filter((value) => value.trim()).join("\n\n");
  if (text) {
    const box = document.createElement("div");
    box.className = "notice";
    const p = document.createElement("p");
    p.className = "prewrap";
    p.textContent = `What you had typed: ${text}`;
    box.append(p);
    made.prepend(box);
  }
  ($("input:not([type='hidden']), textarea, select, button", made) ?? main).focus({ preventScroll: true });
}

// Rows on screen stay where they are. Says whether something had to wait.
function mergeRows(fresh) {
  const shown = $$("[data-rows] [data-row]", main);
  const listed = $$("[data-rows] [data-row]", fresh);
  const table = $("[data-rows]", fresh);
  if (!table && !shown.length) return false;
  const there = new Map([...$$("[data-gone] [data-row]", fresh), ...listed].map((row) => [row.dataset.row, row]));
  let left = false;
  for (const row of shown) {
    const then = there.get(row.dataset.row);
    if (then) left = mergeRow(row, then) || left;
    else row.classList.add("done");
  }
  arrive(new Set(shown.map((row) => row.dataset.row)), listed);
  return left;
}

function mergeRow(row, then) {
  if (row.children.length !== then.children.length) {
    if (held(row)) return true;
    replace(row, then);
    return false;
  }
  for (const name of ["class", "data-version"]) {
    const value = then.getAttribute(name);
    if (value === null) row.removeAttribute(name);
    else if (row.getAttribute(name) !== value) row.setAttribute(name, value);
  }
  let left = false;
  [...row.children].forEach((cell, i) => {
    const fresh = then.children[i];
    if (signature(cell) === signature(fresh)) return;
    if (held(cell)) left = true;
    else replace(cell, fresh);
  });
  return left;
}

// New rows wait behind a bar. Those that only moved up from the next page are not new.
function arrive(known, listed) {
  const bar = part(document, "arrivals");
  if (!bar) return;
  const full = Boolean($("[rel='next']", main));
  const last = listed.findLastIndex((row) => known.has(row.dataset.row));
  const fresh = listed.filter((row, i) => !known.has(row.dataset.row) && (!full || i < last || last < 0));
  const text = `${fresh.length} new`;
  bar.hidden = !fresh.length;
  if (bar.hidden || bar.textContent === text) return;
  if (!bar.firstElementChild) {
    const button = document.createElement("button");
    button.className = "btn info wide";
    button.type = "button";
    bar.append(button);
  }
  bar.firstElementChild.textContent = text;
  announce(`${text}.`);
}

/* What people do */

on("click", (event) => {
  if (event.target.closest("[data-live-bar] button")) {
    sessionStorage.setItem(PAUSED, paused() ? "0" : "1");
    asking?.abort();
    asking = null;
    say();
    if (!paused()) poll();
  } else if (event.target.closest("[data-live-load]")) {
    load();
  } else if (event.target.closest("[data-part='arrivals'] button")) {
    globalThis.htmx.ajax("GET", location.pathname + location.search, { target: "#queue", swap: "outerHTML" });
  }
});

on("focusout", () => waiting && setTimeout(() => waiting && merge(waiting)));
on("visibilitychange", () => (document.hidden ? clearTimeout(timer) : poll()));
on("pointermove", (event) => Object.assign(pointer, { x: event.clientX, y: event.clientY }));
on("htmx:after:swap", bind);
on("desk:poll", poll); // somebody knows that there is news
addEventListener("pageshow", (event) => event.persisted && poll());
addEventListener("online", poll);

bind();
