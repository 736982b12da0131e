/** What a merge must leave alone: whatever the user is at. */

import { $, $$ } from "../dom.js";

const BUSY = "dialog[open], :popover-open, [aria-busy='true']";

/** Whether a control holds something that was typed or chosen and not sent. */
function isEdited(control) {
  if (!control.matches("input, textarea, select")) return false;
  if (control.type === "hidden" || control.disabled) return false;
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  if (control instanceof HTMLSelectElement) {
    const original = [...control.options].findIndex((option) => option.defaultSelected);
    return control.type === "select-one" && control.selectedIndex !== Math.max(original, 0);
  }
  return "defaultValue" in control && control.value !== control.defaultValue;
}

/** The controls in an element with typed text or a changed choice. */
export const editedControls = (element) => $$("input, textarea, select", element).filter(isEdited);

/** Whether an element is in use: focus, selection, unsent text, an open dialog or menu, a form on its way. */
export function isInUse(element) {
  if (element.contains(document.activeElement)) return true;
  if (element.matches(BUSY) || $(BUSY, element)) return true;
  const selection = getSelection();
  if (!selection.isCollapsed && selection.rangeCount && selection.getRangeAt(0).intersectsNode(element)) return true;
  return editedControls(element).length > 0;
}

/** Whether an element shows a secret that is shown once, and is on no fresh page. */
export const isShownOnce = (element) => element.matches("[data-keep]") || $("[data-keep]", element) !== null;

/** Puts attributes in one order: a merge appends those that an element did not have. */
function sortAttributes(each) {
  const attributes = [...each.attributes].map(({ name, value }) => [name, value]);
  if (attributes.every(([name], i) => !i || attributes[i - 1][0] <= name)) return;
  for (const [name] of attributes) each.removeAttribute(name);
  for (const [name, value] of attributes.sort(([a], [b]) => (a < b ? -1 : 1))) each.setAttribute(name, value);
}

/** The markup that the server sent for an element, without what scripts, the user, the form token or the time make of it. */
function serverMarkup(element) {
  const copy = element.cloneNode(true);
  for (const each of [copy, ...$$("*", copy)]) {
    for (const name of each.getAttributeNames()) {
      if (/^(data-htmx|aria-busy$|open$)/.test(name)) each.removeAttribute(name);
    }
    if (each.name === "csrf_token" || each.name === "shown") each.removeAttribute("value");
    if (each.matches("[data-until]")) each.textContent = "";
    if (each.matches("[data-copy]")) each.removeAttribute("hidden");
    if (each.matches("[data-live-notice], [data-counter], #refusal")) each.remove();
    if (each.className === "") each.removeAttribute("class");
    sortAttributes(each);
  }
  return copy.outerHTML.replace(/\s+/g, " ").replaceAll("> <", "><");
}

/** Whether the server has sent something else for an element. */
export const differs = (shown, fresh) => serverMarkup(shown) !== serverMarkup(fresh);
