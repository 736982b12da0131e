/** Dropdowns: <details> that open a small form. One is open at a time; a press elsewhere closes it. */

import { $, $$, on } from "./dom.js";

on(
  "toggle",
  ({ target }) => {
    if (!target.matches?.("details.dropdown") || !target.open) return;
    for (const other of $$("details.dropdown[open]")) if (other !== target) other.open = false;
    $("input:not([type='hidden']), textarea", target)?.focus();
  },
  true,
);

on("click", (event) => {
  for (const dropdown of $$("details.dropdown[open]")) if (!dropdown.contains(event.target)) dropdown.open = false;
});
