/** Says below a number field how the server will read what is typed, before it is sent. */

import { on } from "./dom.js";

const PAUSE = 350;
let timer;
let asked;

async function say(field) {
  const place = document.getElementById("reading");
  asked?.abort();
  asked = new AbortController();
  const address = new URL(field.dataset.reading, location.href);
  address.searchParams.set("answer", field.value);
  try {
    const answer = field.value.trim() ? await fetch(address, { signal: asked.signal }) : null;
    place.textContent = answer?.ok ? await answer.text() : "";
  } catch {
    place.textContent = ""; // the answer itself says what it read
  }
}

on("input", (event) => {
  if (!event.target.matches("[data-reading]")) return;
  clearTimeout(timer);
  timer = setTimeout(say, PAUSE, event.target);
});
