/** Computes the SHA-256 of a chosen or dropped file in the browser, and asks about that: the file itself is not sent. */

import { $ } from "./dom.js";
import { sha256 } from "./sha256.js";

const box = $("#own-file");
const input = $("input", box);
const status = $("[role=status]", box);

async function check(file) {
  input.disabled = true;
  const show = (part) => {
    status.textContent = `${box.dataset.busy} ${Math.floor(part * 100)} %`;
  };
  show(0);
  try {
    const address = new URL($("form").action);
    address.searchParams.set("q", await sha256(file, show));
    const lang = new URLSearchParams(location.search).get("lang");
    if (lang) address.searchParams.set("lang", lang);
    location.assign(address);
  } catch {
    status.textContent = box.dataset.failed;
    input.disabled = false;
  }
}

input.addEventListener("change", () => input.files.length && check(input.files[0]));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) check(event.dataTransfer.files[0]);
});
addEventListener("pageshow", () => {
  input.disabled = false;
  input.value = "";
  status.textContent = "";
});
box.hidden = false;
