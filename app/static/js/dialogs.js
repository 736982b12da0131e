/** Dialogs that open with a swap, and buttons of dialogs in browsers that do not know `command` yet. */

import { $, on } from "./dom.js";

on("htmx:after:swap", () => {
  const dialog = $("dialog[data-open]");
  dialog?.removeAttribute("data-open");
  dialog?.showModal();
});

if (!("commandForElement" in HTMLButtonElement.prototype)) {
  on("click", (event) => {
    const button = event.target.closest("button[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (!dialog) return;
    if (button.getAttribute("command") === "close") dialog.close();
    else if (!dialog.open) dialog.showModal();
  });
}
