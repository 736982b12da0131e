/** Buttons that copy or share an address. They are hidden until this module runs, and where the browser does not share. */

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

on("click", async (event) => {
  const button = event.target.closest("[data-share]");
  if (!button) return;
  try {
    await navigator.share({ url: document.getElementById(button.dataset.share).textContent.trim() });
  } catch {
    // The user closed the browser's own dialog.
  }
});

onPage(() => {
  $$("[data-copy][hidden]").forEach((button) => (button.hidden = false));
  if (navigator.share) $$("[data-share][hidden]").forEach((button) => (button.hidden = false));
});
