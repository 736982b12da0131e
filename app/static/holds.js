// The bar of decisions on hold: counts down, asks the server how they ended, undoes on Ctrl Z. Works without it: the
// bar is on every page, Undo is a form, and only the server knows when something is final.

const ASK_EVERY = 4000;
const AFTER_THE_END = 900;
const SHOW_SAID = 7000;

const bar = () => document.getElementById("holds");
const lines = () => [...(bar()?.querySelectorAll(".hold[data-left]") ?? [])];

// Counted from when a line was first seen, by a clock that nobody can set; the server said how long is left.
const seen = new WeakMap();

function left(line) {
  if (!seen.has(line)) seen.set(line, performance.now());
  return Number(line.dataset.left) - (performance.now() - seen.get(line));
}

// The same seconds in sentences elsewhere: rows, the reason beside a button.
function countElsewhere() {
  for (const each of document.querySelectorAll("[data-counts]")) {
    if (!seen.has(each)) seen.set(each, performance.now());
    const milliseconds = Number(each.dataset.counts) - (performance.now() - seen.get(each));
    const seconds = String(Math.max(0, Math.ceil(milliseconds / 1000)));
    if (each.textContent !== seconds) each.textContent = seconds;
  }
}

function count() {
  countElsewhere();
  for (const line of lines()) {
    const milliseconds = Math.max(0, left(line));
    const seconds = String(Math.ceil(milliseconds / 1000));
    const words = line.querySelector("[data-seconds]");
    if (words && words.textContent !== seconds) words.textContent = seconds;
    const progress = line.querySelector("progress");
    if (progress) progress.value = milliseconds / 1000;
    const button = line.querySelector("[data-undo] button");
    if (button && milliseconds === 0) button.disabled = true;
  }
}

let asking = false;
let saidSince = 0;

// A refusal that stands in the bar, or a button with the focus, is not taken from under somebody's eyes.
function busy() {
  return asking || document.hidden || bar()?.querySelector(".notice, :focus-visible, [aria-busy='true']");
}

async function ask() {
  const old = bar();
  if (!old?.dataset.url || busy()) return;
  asking = true;
  try {
    const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#holds", "X-Desk-Poll": "1" };
    const answer = await fetch(old.dataset.url, { headers, signal: AbortSignal.timeout(10000) });
    if (answer.status !== 200 || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("holds");
    if (!fresh || bar() !== old || old.querySelector(":focus-visible")) return;
    old.replaceWith(fresh);
    window.htmx?.process(fresh);
    count();
  } catch {
    // Asked again in a while; the countdown goes on meanwhile.
  } finally {
    asking = false;
  }
}

let askedAt = performance.now();

function tick() {
  const now = performance.now();
  count();
  const said = bar()?.querySelector("[data-said]");
  saidSince = said ? saidSince || now : 0;
  const over = lines().some((line) => left(line) < -AFTER_THE_END);
  const due = now - askedAt > (over ? 1000 : ASK_EVERY);
  const passed = said && now - saidSince > SHOW_SAID;
  if (!passed && (said || !due || !lines().length)) return;
  askedAt = now;
  ask();
}

setInterval(tick, 250);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && lines().length) ask();
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "z") return;
  // In a field the browser's own undo is meant.
  if (event.target.closest?.("input, select, textarea, [contenteditable='true']")) return;
  const form = bar()?.querySelector("[data-undo]");
  if (!form || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector("button:not([disabled])") ?? undefined);
});

count();
