/** The server's clock: as the page said it, corrected by every answer that says it again.

    In between the larger of two counts holds, because each stands still or goes back at times: `performance.now()` while
    the machine sleeps, `Date.now()` when somebody sets the clock. Where they differ the server is asked. */

import { on } from "./dom.js";

const TOLERANCE = 2000; // the header `Date` has whole seconds
const CHECK_EVERY = 20000;

let moment = Date.parse(document.body.dataset.now ?? "");
let wall = Date.now();
let steady = performance.now();

const counts = () => [Date.now() - wall, performance.now() - steady];

/** Milliseconds since 1970 on the server's clock; NaN on a page that does not say it. */
export const serverNow = () => moment + Math.max(...counts());

/** Takes the time that an answer says in its header `Date`; what shows times is told when it had counted wrongly. */
export function setServerTime(answer) {
  const said = Date.parse(answer.headers.get("Date") ?? "");
  const counted = serverNow();
  const right = Math.abs(said - counted) < TOLERANCE || Number.isNaN(said);
  moment = right ? counted : said;
  wall = Date.now();
  steady = performance.now();
  if (!right) document.dispatchEvent(new Event("desk:clock"));
}

async function check() {
  const [byWall, bySteady] = counts();
  if (document.hidden || !document.body.dataset.clock || Math.abs(byWall - bySteady) < TOLERANCE) return;
  try {
    setServerTime(await fetch(document.body.dataset.clock, { method: "HEAD", cache: "no-store" }));
  } catch {
    // Asked again at the next check.
  }
}

on("visibilitychange", check);
addEventListener("pageshow", check);
setInterval(check, CHECK_EVERY);
