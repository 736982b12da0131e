/** Copy buttons. They are hidden until this module runs. */

import { $$, on, onPage } from "./dom.js";
import { toast } from "./toasts.js";

on("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const text = source?.dataset.value ?? source?.value ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text.trim());
    toast(button.dataset.copied ?? "Copied.", "good", "check");
  } catch {
    getSelection().selectAllChildren(source);
    const byHand = "Your browser does not let us copy. It is selected: press Ctrl C.";
    toast(button.dataset.byHand ?? byHand, "warn", "circle-alert");
  }
});

onPage(() => $$("[data-copy][hidden]").forEach((button) => (button.hidden = false)));
