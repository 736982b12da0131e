/** Keeps the state of a session up to date: asks for the page's address with the revision that it has (docs/decisions/0011),
    and puts the fragment that comes in place of the one on screen, never from under the focus. It rests while the page is
    hidden, and says when it fails. */

import { $, on } from "./dom.js";
import { showOwnTimes } from "./own-time.js";
import { setServerTime } from "./server-clock.js";

const FIRST_AFTER = 3; // seconds that a page is seen before it counts as opened
const LONGEST_WAIT = 60;
const NO_ANSWER_AFTER = 15000;

const line = $("#updates");
let shown = $("#status");
let waiting = null; // a fresh state that could not be shown, because the old one has the focus
let seen = false; // whether the server knows that a person has what is on screen before them
let news = ""; // the latest change that was shown
let failures = 0; // polls in a row
let updatedAt = new Date();
let polling = false;
let timer = 0;

/** Schedules the next poll; after failures with a growing pause. One that is over for good is polled once. */
function schedule(seconds = Number(shown.dataset.every)) {
  clearTimeout(timer);
  if (document.hidden || !seconds) return;
  timer = setTimeout(poll, 1000 * Math.max(seconds, failures && Math.min(LONGEST_WAIT, seconds * 2 ** failures)));
}

async function poll() {
  clearTimeout(timer);
  if (polling || document.hidden) return;
  polling = true;
  const late = new AbortController();
  const limit = setTimeout(() => late.abort(), NO_ANSWER_AFTER);
  try {
    const headers = { "X-Desk-Poll": seen ? "1" : "seen", "If-None-Match": shown.dataset.revision };
    const answer = await fetch(line.dataset.address, { headers, cache: "no-store", signal: late.signal });
    if (![200, 304, 410].includes(answer.status)) throw new Error(`status ${answer.status}`);
    if (answer.status !== 304) receive(await answer.text());
    else if (waiting) waiting = null; // it has changed back
    setServerTime(answer);
    seen = true;
    failures = 0;
    updatedAt = new Date();
  } catch {
    failures += 1;
  } finally {
    clearTimeout(limit);
    polling = false;
    say();
    schedule();
  }
}

function receive(text) {
  const fresh = $("#status", new DOMParser().parseFromString(text, "text/html"));
  if (!fresh) throw new Error("another page than this one");
  waiting = fresh;
  show();
}

/** Shows what has come, unless the visitor is about to press what stands there. */
function show() {
  if (!waiting || shown.contains(document.activeElement)) return;
  const changed = waiting.dataset.kind !== shown.dataset.kind;
  shown.replaceWith(waiting);
  shown = waiting;
  waiting = null;
  showOwnTimes();
  if (changed) news = $("h2", shown).textContent;
  seen = seen && !changed;
}

/** Says how fresh the state is; heard only where it differs from what was said before. */
function say() {
  const clock = updatedAt.toLocaleTimeString(document.documentElement.lang || "en", { timeStyle: "short" });
  const late = failures > 1;
  const text = late
    ? line.dataset.failed.replace("%time%", clock)
    : waiting && waiting.dataset.kind !== shown.dataset.kind
      ? line.dataset.waiting.replace("%title%", $("h2", waiting).textContent)
      : [news, line.dataset.good].filter(Boolean).join(" · ");
  line.classList.toggle("notice", late);
  line.classList.toggle("warn", late);
  if (line.textContent !== text) line.textContent = text;
  line.hidden = !text;
}

on("focusout", () =>
  setTimeout(() => {
    show();
    say();
  }),
);
on("visibilitychange", () => (document.hidden ? clearTimeout(timer) : poll()));
addEventListener("pageshow", (event) => event.persisted && poll());
addEventListener("online", poll);

say();
schedule(FIRST_AFTER);
