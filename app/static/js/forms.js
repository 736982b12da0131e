/** Forms: a pressed button is busy until the answer is there, so that nothing is sent twice. */

import { $, $$, on } from "./dom.js";

const BUSY = "button[aria-busy='true']";

on(
  "submit",
  (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    const button = event.submitter ?? $("button[type='submit']", form);
    if (button?.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    // A download leaves the page as it is: nothing would ever end the waiting.
    if (!button?.hasAttribute("data-download")) button?.setAttribute("aria-busy", "true");
  },
  true,
);

const release = () => $$(BUSY).forEach((button) => button.removeAttribute("aria-busy"));
on("htmx:finally:request", release);
addEventListener("pageshow", release);
