/** Times that go on: "in 5 min" and "2 h ago", by the server's clock. */

import { $$, on } from "./dom.js";
import { serverNow } from "./server-clock.js";

const EVERY = 20000;
const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span of time in its two largest units; empty for less than a minute. */
function duration(milliseconds) {
  const minutes = Math.floor(milliseconds / MINUTE);
  const parts = [
    [Math.floor(minutes / 1440), "d"],
    [Math.floor(minutes / 60) % 24, "h"],
    [minutes % 60, "min"],
  ];
  const first = parts.findIndex(([n]) => n);
  if (first < 0) return "";
  if (first === 0 && parts[0][0] > 1) return `${parts[0][0]} d`;
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(" ");
}

function update() {
  const now = serverNow();
  if (Number.isNaN(now)) return;
  for (const each of $$("[data-until]")) {
    const left = Date.parse(each.dataset.until) - now;
    if (Math.abs(left) >= 60 * DAY) continue;
    // As app/kernel/text/datetimes.py writes it: what is over is coarser from six hours on.
    const coarse = left < -6 * HOUR;
    const span = duration(coarse ? Math.floor(-left / HOUR) * HOUR : Math.abs(left));
    const text = left > 0 ? (span ? `in ${span}` : "in less than a minute") : span ? `${span} ago` : "just now";
    if (each.textContent !== text) each.textContent = text;
  }
}

on("visibilitychange", update);
on("desk:clock", update);
addEventListener("pageshow", update);
setInterval(update, EVERY);
