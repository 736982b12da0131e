/** The bar of pending decisions: counts down, asks the server how they ended, undoes on Ctrl Z. Works without it too: the
    bar is on every page, Undo is a form, and only the server knows when a decision is final. */

import { $, $$, on } from "./dom.js";

const TICK = 250;
const ASK_EVERY = 4000;
const ASK_EVERY_WHEN_OVER = 1000;
const GRACE = 900;
const OUTCOME_SHOWN_FOR = 7000;
const NO_ANSWER_AFTER = 10000;

const bar = () => document.getElementById("holds");
const pending = () => $$("#holds .undo-item[data-remaining]");

// The server said how many milliseconds remain; they are counted by a clock that nobody can set, from first sight on.
const ends = new WeakMap();

function remaining(element) {
  const said = element.dataset.remaining;
  if (ends.get(element)?.said !== said) ends.set(element, { said, at: performance.now() + Number(said) });
  return ends.get(element).at - performance.now();
}

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** Shows the seconds that remain, in the bar and in sentences elsewhere on the page. */
function countDown() {
  for (const each of $$("[data-remaining]")) {
    const milliseconds = Math.max(0, remaining(each));
    const seconds = String(Math.ceil(milliseconds / 1000));
    if (!each.matches(".undo-item")) {
      setText(each, seconds);
      continue;
    }
    setText($("[data-seconds]", each), seconds);
    const progress = $("progress", each);
    if (progress) progress.value = milliseconds / 1000;
    const button = $("[data-undo] button", each);
    if (button && milliseconds === 0) button.disabled = true;
  }
}

let asking = false;
let askedAt = performance.now();
let outcomeSince = 0;

/** Whether the bar must stay as it is: it shows a refusal, or a control in it is in use. */
const isBusy = () => asking || document.hidden || bar()?.querySelector(".notice, :focus-visible, [aria-busy='true']");

/** Fetches the bar anew. */
async function refresh() {
  const old = bar();
  if (!old?.dataset.url || isBusy()) return;
  asking = true;
  try {
    const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#holds", "X-Desk-Poll": "1" };
    const answer = await fetch(old.dataset.url, { headers, signal: AbortSignal.timeout(NO_ANSWER_AFTER) });
    if (answer.status !== 200 || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("holds");
    if (!fresh || bar() !== old || $(":focus-visible", old)) return;
    old.replaceWith(fresh);
    globalThis.htmx?.process(fresh);
    countDown();
  } catch {
    // Asked again in a while; the countdown goes on.
  } finally {
    asking = false;
  }
}

function tick() {
  const now = performance.now();
  countDown();
  const outcome = bar()?.querySelector("[data-outcome]");
  outcomeSince = outcome ? outcomeSince || now : 0;
  const over = pending().some((item) => remaining(item) < -GRACE);
  const due = now - askedAt > (over ? ASK_EVERY_WHEN_OVER : ASK_EVERY);
  const passed = outcome && now - outcomeSince > OUTCOME_SHOWN_FOR;
  if (!passed && (outcome || !due || !pending().length)) return;
  askedAt = now;
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
