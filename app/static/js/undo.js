/** The bar of pending decisions: counts down, fetches how they ended, undoes on Ctrl Z. Works without it too:
    the bar is on every page, Undo is a form, and only the server knows when a decision is final. */

import { $, $$, on } from "./dom.js";
import { serverNow, setServerTime } from "./server-clock.js";

const TICK = 250;
const FETCH_EVERY = 4000;
const FETCH_EVERY_WHEN_OVER = 1000;
const GRACE = 900;
const POLL = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#holds", "X-Desk-Poll": "1" };
const NO_ANSWER_AFTER = 10000;

const bar = () => document.getElementById("holds");
const pending = () => $$("#holds .undo-item[data-remaining]");

// The server said how many milliseconds remain; they are counted from first sight on.
const ends = new WeakMap();

function remaining(element) {
  const value = element.dataset.remaining;
  if (ends.get(element)?.value !== value) ends.set(element, { value, at: serverNow() + Number(value) });
  return ends.get(element).at - serverNow();
}

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** Shows the seconds that remain, in the bar and in sentences elsewhere on the page. */
function countDown() {
  for (const each of $$("[data-remaining]")) {
    const milliseconds = Math.max(0, remaining(each));
    const seconds = String(Math.ceil(milliseconds / 1000));
    setText($("[data-seconds]", each) ?? (each.firstElementChild ? null : each), seconds);
    const progress = $("progress", each);
    if (progress) progress.value = milliseconds / 1000;
    const button = $("[data-undo] button", each);
    if (button && milliseconds === 0) button.disabled = true;
  }
}

let fetching = false;
let fetchedAt = performance.now();

/** Whether the bar must stay as it is: it shows a refusal, or a control in it is in use. */
const isBusy = () => bar()?.querySelector(".notice, :focus-visible, [aria-busy='true']");

/** Fetches the bar anew. */
async function refresh() {
  const old = bar();
  if (!old?.dataset.url || fetching || document.hidden || isBusy()) return;
  fetching = true;
  try {
    const answer = await fetch(old.dataset.url, { headers: POLL, signal: AbortSignal.timeout(NO_ANSWER_AFTER) });
    setServerTime(answer);
    if (answer.status !== 200 || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("holds");
    // Meanwhile Undo may have been pressed: its answer belongs to the bar that was pressed.
    if (!fresh || bar() !== old || isBusy()) return;
    old.replaceWith(fresh);
    globalThis.htmx?.process(fresh);
    countDown();
  } catch {
    // Fetched again in a while; the countdown goes on.
  } finally {
    fetching = false;
  }
}

function tick() {
  const now = performance.now();
  countDown();
  const over = pending().some((item) => remaining(item) < -GRACE);
  const due = now - fetchedAt > (over ? FETCH_EVERY_WHEN_OVER : FETCH_EVERY);
  if (!due || !pending().length) return;
  fetchedAt = now;
  refresh();
}

on("visibilitychange", () => {
  if (!document.hidden && pending().length) refresh();
});

on("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "z") return;
  // In a field the browser's own undo is meant.
  if (event.target.closest?.("input, select, textarea, [contenteditable='true']")) return;
  const form = bar()?.querySelector("[data-undo]");
  if (!form || $("dialog[open]")) return;
  event.preventDefault();
  form.requestSubmit($("button:not([disabled])", form) ?? undefined);
});

setInterval(tick, TICK);
countDown();
