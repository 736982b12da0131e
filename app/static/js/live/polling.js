/** Keeps a page live: asks for its own address again with the revision it has, and merges the answer into the page on
    screen (docs/decisions/0011-live.md). A page is live when its <main> has `data-live-every` (seconds). */

import { $, element, on } from "../dom.js";
import { serverNow, setServerTime } from "../server-clock.js";
import { recall, remember } from "../storage.js";
import { holdScroll, scrollerOf } from "./anchor.js";
import { announce } from "./announcements.js";
import { mergeParts } from "./parts.js";
import { mergeRows, shownIds } from "./rows.js";

const LONGEST_WAIT = 60;
const NO_ANSWER_AFTER = 15000;
const HIDDEN_EVERY = 5; // seconds, of a window that is not seen
const PAUSED = "live paused"; // the value stays as it is: browsers have it stored
const SIGNED_OUT = "You are signed out. Sign in in another window; what you typed is still here.";
const GONE = "This page is gone, or no longer open to you. What you see is how it was.";

let main = null; // the element that is kept live, or none
let address = ""; // of the page that the revision is of
let revision = ""; // the one on screen
let timer = 0;
let polling = null; // the poll under way
let failures = 0; // polls in a row
let updatedAt = ""; // the last answer, in the user's time zone
let stopped = ""; // why there will be no more polls
let waiting = null; // a fresh page of which something could not be shown yet

const isPaused = () => recall(PAUSED) === "1";
// Where people wait, a hidden window polls on, so that its title can name them; elsewhere it rests.
const isHidden = () => document.hidden && !$("#queue[data-watched]");
const isIdle = () => !main || Boolean(stopped) || isPaused() || isHidden();

/** The revision after an item alone was fetched: its half is the answer's, the list's half that of the list on screen. */
function revisionWith(ctx) {
  const tag = ctx?.response?.headers?.get("ETag");
  if (ctx?.target?.id !== "item" || !tag || waiting) return "";
  return `${tag.split(".")[0]}.${revision.split(/[".]/).at(-2)}"`;
}

/** Begins with whichever page is on screen: at the start, and after every swap. */
function bind(event) {
  const found = $("main[data-live-every]");
  const revised = revisionWith(event?.detail.ctx);
  polling?.abort();
  polling = waiting = null;
  clearTimeout(timer);
  if (found !== main) {
    main = found;
    failures = 0;
    stopped = "";
    if (main) {
      revision = main.dataset.liveRevision;
      updatedAt = clock(new Date(serverNow()));
    }
  } else if (address !== location.href) {
    revision = revised; // only a fragment came with the new address; the rest follows
    if (stopped === GONE) stopped = "";
  }
  address = location.href;
  if (!main) return;
  showState();
  schedule();
}

/** Schedules the next poll; after failures with a growing pause. */
function schedule() {
  clearTimeout(timer);
  if (isIdle()) return;
  const every = document.hidden ? HIDDEN_EVERY : Number(main.dataset.liveEvery);
  timer = setTimeout(poll, 1000 * Math.max(every, failures && Math.min(LONGEST_WAIT, every * 2 ** failures)));
}

async function poll() {
  clearTimeout(timer);
  if (polling || isIdle()) return;
  const mine = (polling = new AbortController());
  const late = setTimeout(() => mine.abort("late"), NO_ANSWER_AFTER);
  try {
    const rows = shownIds(main);
    const headers = { "X-Desk-Poll": "1", "If-None-Match": revision };
    const start = $("#queue")?.dataset.start;
    if (rows.length) headers["X-Desk-Rows"] = rows.join(",");
    if (start) headers["X-Desk-Start"] = start;
    const options = { headers, cache: "no-store", redirect: "manual", signal: mine.signal };
    const answer = await fetch(location.pathname + location.search, options);
    const text = answer.status === 200 ? await answer.text() : "";
    if (polling === mine) receive(answer, text);
  } catch {
    if (polling === mine) fail();
  } finally {
    clearTimeout(late);
    if (polling === mine) {
      polling = null;
      showState();
      schedule();
    }
  }
}

function receive(answer, text) {
  if (answer.type === "opaqueredirect" || answer.status === 401) stopped = SIGNED_OUT;
  else if ([403, 404, 410].includes(answer.status)) stopped = GONE;
  else if (answer.status === 304) {
    succeed(answer);
    if (waiting) merge(waiting);
  } else if (text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = $("main[data-live-every]", page);
    if (!fresh) throw new Error("another page than this one");
    revision = fresh.dataset.liveRevision;
    succeed(answer);
    merge(page);
  } else throw new Error(`status ${answer.status}`);
  if (stopped) announce(stopped);
}

function succeed(answer) {
  if (failures > 1) announce("Updates are back.");
  failures = 0;
  setServerTime(answer);
  updatedAt = clock(new Date(serverNow()));
}

function fail() {
  failures += 1;
  if (failures === 2) announce(stateText());
}

function merge(page) {
  // While a form is on its way its answer says more than this page.
  if ($(".htmx-request", main)) {
    waiting = page;
    return;
  }
  const restore = holdScroll(main);
  if (document.title !== page.title) document.title = page.title;
  const atTop = scrollerOf($("#queue")).scrollTop === 0;
  const partsWait = mergeParts(page);
  const { waits, inserted } = mergeRows(main, page);
  waiting = waits || partsWait ? page : null;
  if (!inserted || !atTop) restore(); // at the top, those who wait come into sight
}

/** A moment in the user's time zone, written as there. */
function clock(moment) {
  const { liveZone: timeZone, liveHours: hours } = main.dataset;
  const shape = { minute: "2-digit", second: "2-digit", timeZone };
  return hours === "12"
    ? moment.toLocaleTimeString("en-US", { ...shape, hour: "numeric", hourCycle: "h12" })
    : moment.toLocaleTimeString("en-GB", { ...shape, hour: "2-digit", hourCycle: "h23" });
}

function stateText() {
  if (stopped) return stopped;
  if (failures) return `No updates since ${updatedAt}, trying again`;
  return isPaused() ? `Paused, as of ${updatedAt}` : `Live, updated ${updatedAt}`;
}

/** Shows in the bar how fresh the page is. */
function showState() {
  const bar = $("[data-live-bar]");
  if (!bar || !main) return;
  bar.classList.toggle("danger", Boolean(failures || stopped));
  bar.classList.toggle("good", !failures && !stopped && !isPaused());
  const line = $("[data-live-text]", bar);
  const text = stateText();
  const [word] = text.split(",");
  // A toolbar has room for the word alone while all is well; the rest is heard, and shown on hover.
  if (line.textContent !== text) line.replaceChildren(word, element("span", "", text.slice(word.length)));
  bar.title = text;
  offerSignIn(bar);
  const button = $("button", bar);
  button.hidden = Boolean(stopped);
  button.textContent = isPaused() ? "Go on" : "Pause";
}

/** Offers to sign in beside the page, which keeps what was typed. */
function offerSignIn(bar) {
  const old = $("a", bar);
  if (stopped !== SIGNED_OUT) return old?.remove();
  if (old) return;
  const link = element("a", "", "Sign in");
  link.href = new URL("sign-in", $(".brand").href);
  link.target = "_blank";
  $("[data-live-text]", bar).after(" ", link);
}

/** Polls when the page is seen again; after a sign-in in another window too. */
function goOn() {
  if (stopped === SIGNED_OUT) stopped = "";
  poll();
}

on("click", (event) => {
  if (!event.target.closest("[data-live-bar] button")) return;
  remember(PAUSED, isPaused() ? "0" : "1");
  polling?.abort();
  polling = null;
  showState();
  if (!isPaused()) poll();
});

on("focusout", () => waiting && setTimeout(() => waiting && merge(waiting)));
on("visibilitychange", () => (document.hidden ? schedule() : goOn()));
on("htmx:after:swap", bind);
on("desk:poll", poll); // for code that knows of a change
addEventListener("pageshow", (event) => event.persisted && poll());
addEventListener("online", poll);

bind();
