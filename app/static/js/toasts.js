/** Toasts: one sentence at a time about what was just done; it leaves by itself. */

import { $, $$, element, icon, onPage } from "./dom.js";

const SHOWN_FOR = 8000;

/** Shows a toast; `tone` is a tone class, `iconName` a symbol of the sprite. */
export function toast(text, tone = "", iconName = "info") {
  show(element("div", `toast ${tone}`, icon(iconName), element("span", "", text)));
}

const isInUse = (box) => box.matches(":hover, :focus-within");

/** Shows a toast in place of the earlier one, which stays only while it is in use. Appended to the status region that
    was there already, so that screen readers say it. */
function show(box) {
  for (const earlier of $$("#toasts > .toast")) if (earlier !== box && !isInUse(earlier)) earlier.remove();
  box.dataset.shown = "";
  $("#toasts")?.append(box);
  dismissLater(box);
}

/** Removes a toast after a while, but not from under the pointer or the focus. */
function dismissLater(box) {
  setTimeout(() => (isInUse(box) ? dismissLater(box) : box.remove()), SHOWN_FOR);
}

onPage(() => {
  for (const box of $$("#toasts > .toast:not([data-shown])")) show(box);
});
