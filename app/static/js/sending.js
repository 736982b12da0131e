/** Sends the files of a form and says how much of them is sent. Without this script the form is sent as it is. */

import { amount } from "./amounts.js";
import { $, element, on } from "./dom.js";

const SPOKEN_EVERY = 10000;
const NO_SIGN_FOR = 60000; // after which sending is given up

/** Opens the page that the answer led to, also when it is this one. */
function open(address) {
  const next = new URL(address);
  if (next.pathname + next.search === location.pathname + location.search) location.reload();
  else location.assign(next);
}

/** Shows below the field how much is sent, and says it now and then to those who do not see it. */
function meter(box, words) {
  const line = element("p", "small");
  const bar = element("progress", "");
  const spoken = element("p", "visually-hidden");
  line.id = "sent-amount";
  bar.setAttribute("aria-labelledby", line.id);
  spoken.setAttribute("role", "status");
  box.replaceChildren(line, bar, spoken);
  const speaking = setInterval(() => (spoken.textContent = line.textContent), SPOKEN_EVERY);
  return {
    move(sent, all) {
      bar.max = all;
      bar.value = sent;
      line.textContent = words.moved.replace("{sent}", amount(sent, all)).replace("{all}", amount(all, all));
      if (sent === all) bar.removeAttribute("value"); // all is sent, and nothing is known yet of what is taken
    },
    stop: () => clearInterval(speaking),
  };
}

/** Says why nothing was added. What was chosen stays chosen. */
function refuse(box, form, text) {
  const notice = element("p", "error", text);
  notice.setAttribute("role", "alert");
  box.replaceChildren(notice);
  form.querySelectorAll("button[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
}

on("submit", (event) => {
  const form = event.target;
  const box = $("[data-moved]", form);
  const field = $("input[type=file]", form);
  if (!box || !field?.files.length || event.submitter?.name === "remove") return;
  event.preventDefault();
  const all = [...field.files].reduce((bytes, file) => bytes + file.size, 0);
  if (all > Number(box.dataset.most)) {
    refuse(box, form, box.dataset.tooLarge);
    return;
  }
  const { move, stop } = meter(box, box.dataset);
  const request = new XMLHttpRequest(); // fetch does not say what is sent
  let silent = 0;
  const alive = () => {
    clearTimeout(silent);
    silent = setTimeout(() => request.abort(), NO_SIGN_FOR);
  };
  request.open("POST", form.action);
  request.upload.onprogress = ({ loaded }) => {
    alive();
    move(Math.min(loaded, all), all); // the form around the files counts as well
  };
  request.onloadend = () => {
    clearTimeout(silent);
    stop();
    if (request.status && request.responseURL !== form.action) {
      form.reset(); // some browsers keep what was chosen
      open(request.responseURL);
    } else refuse(box, form, box.dataset.failed);
  };
  move(0, all);
  alive();
  request.send(new FormData(form));
});
