/** Keeps the page of a field user up to date: asks for it with the revision on screen, every two seconds while it is seen,
    and puts what came in place of the old. When the page is over, it is loaded, which says why. */

import { $, on } from "./dom.js";

const EVERY = 2000;
const LONGEST_WAIT = 30000;
const NO_ANSWER_AFTER = 15000;

let failures = 0; // in a row
let asking = false;
let timer = 0;

function schedule() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(ask, Math.min(LONGEST_WAIT, EVERY * 2 ** failures));
}

async function ask() {
  if (asking) return;
  asking = true;
  try {
    const headers = { "If-None-Match": $("#news").dataset.revision };
    const signal = AbortSignal.timeout(NO_ANSWER_AFTER);
    const answer = await fetch(location.href, { headers, cache: "no-store", signal });
    if (answer.status === 200) show(await answer.text());
    else if ([403, 404, 410].includes(answer.status)) location.reload();
    else if (answer.status !== 304) throw new Error(`status ${answer.status}`);
    failures = 0;
  } catch {
    failures += 1;
  } finally {
    asking = false;
    schedule();
  }
}

function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = $("#news", page);
  if (!fresh) location.reload();
  else {
    $("#news").replaceChildren(...fresh.childNodes);
    $("#mine")?.replaceChildren(...($("#mine", page)?.childNodes ?? []));
    $("#news").dataset.revision = fresh.dataset.revision;
  }
}

on("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
addEventListener("online", ask);
schedule();
