/** The board of a day: arrows go among its bars, `m` follows the link that changes the manager, which opens a dialog. */

import { $, $$, on } from "./dom.js";
import { focusOn, isVisible } from "./rows.js";

const BARS = ".board a.session-bar";

/** How far another bar lies in the direction of an arrow; Infinity for one that lies elsewhere. */
function distance(key, from, to) {
  const [across, down] = [to.left - from.left, to.top - from.top];
  const sameLine = Math.abs(down) < 20;
  const ahead = { ArrowRight: sameLine && across > 0, ArrowLeft: sameLine && across < 0, ArrowDown: down > 20, ArrowUp: down < -20 };
  return ahead[key] ? Math.abs(down) * 3 + Math.abs(across) : Infinity;
}

/** The nearest bar in the direction of an arrow; with the focus elsewhere on the board, none. */
function nearest(bar, key) {
  const from = bar.getBoundingClientRect();
  const others = $$(BARS).filter((each) => each !== bar && isVisible(each));
  const far = new Map(others.map((each) => [each, distance(key, from, each.getBoundingClientRect())]));
  const best = others.reduce((found, each) => (far.get(each) < (far.get(found) ?? Infinity) ? each : found), null);
  return best;
}

/** Follows the link of the list beside the board that changes the manager of the bar or row with the focus. */
export function changeManager() {
  const at = document.activeElement?.closest?.("[data-bar], .board-list [data-row]");
  const link = at && $(`#change-${at.dataset.bar ?? at.dataset.row}`);
  link?.click();
}

on("keydown", (event) => {
  if (!event.key.startsWith("Arrow") || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const bar = event.target.closest?.(BARS);
  const next = bar && nearest(bar, event.key);
  if (!bar) return;
  event.preventDefault();
  if (next) focusOn(next);
});
