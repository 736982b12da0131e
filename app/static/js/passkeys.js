/** Passkeys: asks the browser for one and sends its answer as an ordinary form. The server decides everything. What
    works only with this module is hidden until it runs; the password and codes of an app work without. */

import { $, $$, on, onPage } from "./dom.js";

const isSupported = typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** An error whose message is a sentence for the user. */
class Refusal extends Error {}

/** Fetches the options of a ceremony from the server. */
async function fetchOptions(form) {
  const token = new FormData(form).get("csrf_token");
  let answer;
  try {
    answer = await fetch(form.dataset.challenge, { method: "POST", headers: { "X-CSRFToken": token } });
  } catch {
    throw new Refusal("No network. Nothing was sent. Press again when you are back.");
  }
  if (answer.status === 429) throw new Refusal("Too many tries. Wait a few minutes, then press again.");
  if (!answer.ok) throw new Refusal("This page was open for too long. Load it again.");
  return answer.json();
}

/** Asks the browser to create or use a passkey. */
function askBrowser(form, options) {
  if (form.dataset.passkey === "create") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

function sentence(error) {
  if (error instanceof Refusal) return error.message;
  if (error.name === "InvalidStateError") return "This device has a passkey for you already. Nothing was added.";
  if (error.name === "NotAllowedError") return "No passkey was used, or it took too long. Nothing was done.";
  return "Your browser could not use a passkey here. Nothing was done. Take another way.";
}

on("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-passkey]")) return;
  event.preventDefault();
  const message = $("[data-error]", form);
  message.hidden = true;
  try {
    const options = await fetchOptions(form);
    if (options.leave) return location.assign(options.leave);
    const credential = await askBrowser(form, options);
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    $("span", message).textContent = sentence(error);
    message.hidden = false;
    for (const button of $$("button[aria-busy]", form)) button.removeAttribute("aria-busy");
  }
});

onPage(() => {
  if (!isSupported) return;
  for (const form of $$("form[data-passkey][hidden]")) form.hidden = false;
  for (const line of $$("[data-without-passkeys]")) line.hidden = true;
});
