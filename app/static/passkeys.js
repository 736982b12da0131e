// Passkeys: asks the browser for one and sends what it says as an ordinary form. The server decides everything.
// What only works with this is hidden until it runs; the password and codes of an app work without.

const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const able = typeof PublicKeyCredential === "function" && "parseRequestOptionsFromJSON" in PublicKeyCredential;

function show() {
  if (!able) return;
  for (const form of $$("form[data-passkey][hidden]")) form.hidden = false;
  for (const line of $$("[data-without-passkeys]")) line.hidden = true;
}

class Said extends Error {}

async function challenge(form) {
  const token = new FormData(form).get("csrf_token");
  let answer;
  try {
    answer = await fetch(form.dataset.challenge, { method: "POST", headers: { "X-CSRFToken": token } });
  } catch {
    throw new Said("No network. Nothing was sent. Press again when you are back.");
  }
  if (answer.status === 429) throw new Said("Too many tries. Wait a few minutes, then press again.");
  if (!answer.ok) throw new Said("This page was open for too long. Load it again.");
  return answer.json();
}

function ask(form, wanted) {
  if (form.dataset.passkey === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(wanted);
    return navigator.credentials.create({ publicKey });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(wanted) });
}

function words(error) {
  if (error instanceof Said) return error.message;
  if (error.name === "InvalidStateError") return "This device has a passkey for you already. Nothing was added.";
  if (error.name === "NotAllowedError") return "No passkey was used, or it took too long. Nothing was done.";
  return "Your browser could not use a passkey here. Nothing was done. Take another way.";
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-passkey]")) return;
  event.preventDefault();
  const line = form.querySelector("[data-said]");
  line.hidden = true;
  try {
    const wanted = await challenge(form);
    if (wanted.leave) return location.assign(wanted.leave);
    const credential = await ask(form, wanted);
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    line.querySelector("span").textContent = words(error);
    line.hidden = false;
    for (const button of $$("button[aria-busy]", form)) button.removeAttribute("aria-busy");
  }
});

document.addEventListener("htmx:after:swap", show);
show();
