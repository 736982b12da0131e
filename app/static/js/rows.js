/** The rows of a list, as keys and focus see them. */

import { $, $$ } from "./dom.js";

/** The link of each row. */
export const LINKS = ".data-table .title-cell > a";

export const isVisible = (element) => element?.checkVisibility();

/** The row that has the focus. */
export const currentRow = () => document.activeElement?.closest?.(".data-table tr");

/** The link of the row that has the focus. */
export const currentLink = () => currentRow() && $(".title-cell > a", currentRow());

/** The link of the row whose item is open beside the list. */
export const openLink = () => $(`.list-pane ${LINKS}[aria-current]`);

/** Focuses an element and scrolls to it where it is out of sight. */
export function focusOn(element) {
  element.focus();
  element.scrollIntoView({ block: "nearest" });
}

/** Moves the focus to the next or previous row, from the one that has it or is open. Returns its link. */
export function moveBy(step) {
  const links = $$(LINKS).filter(isVisible);
  const row = currentRow() ?? openLink()?.closest("tr");
  const at = row ? links.findIndex((link) => row.contains(link)) : -1;
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
  if (next) focusOn(next);
  return next;
}
