/** Morphing by htmx: changes an element in place instead of replacing it. It gives no say in what it removes, so callers
    decide what may be merged at all; this module only keeps what scripts and the user made of what stays. */

import { $, $$ } from "../dom.js";

let morphNodes = null;

/** Called by htmx for each element and what it becomes; false leaves it as it is. */
function beforeNode(old, { newNode: fresh }) {
  if (old.matches("[data-copy]")) fresh.hidden = old.hidden;
  if (old.matches("details") && $("summary", old)?.textContent === $("summary", fresh)?.textContent) {
    fresh.open = old.open;
  }
  return true;
}

globalThis.htmx?.registerExtension("live", {
  init: (api) => (morphNodes = api.morph),
  htmx_before_morph_node: beforeNode,
});

/** Shows the server's values in controls: a control that was ever changed ignores new attributes. */
function reset(control) {
  if (control instanceof HTMLSelectElement) {
    for (const option of control.options) option.selected = option.defaultSelected;
    if (control.type === "select-one" && control.selectedIndex < 0) control.selectedIndex = 0;
  } else if (control.type === "checkbox" || control.type === "radio") control.checked = control.defaultChecked;
  else if (control.type !== "file" && control.value !== control.defaultValue) control.value = control.defaultValue;
}

/** Turns `old` into `fresh`. Typed text is gone afterwards. */
export function morph(old, fresh) {
  const content = document.createDocumentFragment();
  content.append(document.importNode(fresh, true));
  const [parent, before] = [old.parentNode, old.previousSibling];
  morphNodes(old, content, false);
  const made = before ? before.nextSibling : parent.firstChild;
  $$("input, textarea, select", made).forEach(reset);
  globalThis.htmx.process(made);
}
