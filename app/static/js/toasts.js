/** Toasts: short confirmations in the corner that leave by themselves. */

import { $, $$, element, icon, onPage } from "./dom.js";

const SHOWN_FOR = 8000;

/** Shows a toast; `tone` is a tone class, `iconName` a symbol of the sprite. */
export function toast(text, tone = "", iconName = "info") {
  const box = element("div", `toast ${tone}`, icon(iconName), element("span", "", text));
  $("#toasts")?.append(box);
  dismissLater(box);
}

/** Removes a toast after a while, but not from under the pointer or the focus. */
function dismissLater(box) {
  setTimeout(() => (box.matches(":hover, :focus-within") ? dismissLater(box) : box.remove()), SHOWN_FOR);
}

onPage(() => {
  for (const box of $$("#toasts > .toast:not([data-dismissing])")) {
    box.dataset.dismissing = "";
    dismissLater(box);
  }
});
