/** Parts of a live page: elements with `data-part`, each of which changes as one. */

import { $, $$ } from "../dom.js";
import { morph } from "./morph.js";
import { notePanels, notify } from "./notice.js";
import { differs, isInUse, isShownOnce } from "./policy.js";

const find = (root, name) => $(`[data-part="${CSS.escape(name)}"]`, root);
const isNewRows = (part) => part.dataset.part === "new-rows";
const isAction = (part) => part.closest("#actions") !== null;

/** Merges the parts of a fresh page. Returns whether something had to wait. */
export function mergeParts(page) {
  let waits = false;
  const settled = [];
  // The actions belong together: while the user is at one panel, none of them changes or moves.
  const inUse = $$("#actions [data-part]").filter(isInUse);
  for (const next of $$("[data-part]", page)) {
    if (isNewRows(next) || settled.some((done) => done.contains(next))) continue;
    const now = find(document, next.dataset.part);
    if (!now) {
      if (inUse.length && isAction(next)) waits = true;
      else if (insert(next)) settled.push(next);
    } else if (!differs(now, next)) settled.push(next);
    else if (isShownOnce(now)) continue;
    else if (isAction(now) ? inUse.length : isInUse(now)) {
      waits = true; // parts inside are merged by themselves
      if (inUse.length) notify(inUse[0], page);
    } else {
      morph(now, next);
      settled.push(next);
    }
  }
  if (!inUse.length) notePanels(page);
  return removeOld(page, inUse.length > 0) || waits;
}

/** Removes the parts that the fresh page does not have. Returns whether one had to stay. */
function removeOld(page, actionsInUse) {
  let waits = false;
  for (const now of $$("[data-part]")) {
    if (isNewRows(now) || find(page, now.dataset.part)) continue;
    if (now.matches("tr")) $$(".count", now).forEach((count) => (count.textContent = "0"));
    else if (actionsInUse && isAction(now)) waits = true;
    else if (!now.closest("[data-rows]") && !isInUse(now) && !isShownOnce(now)) now.remove();
  }
  return waits;
}

/** Inserts a part that was not there before, beside a neighbour of the fresh page that is on screen. */
function insert(next) {
  if (next.matches("tr, tbody, table") || next.closest("table")) return false;
  const onScreen = (element) =>
    (element.id && document.getElementById(element.id)) ||
    (element.dataset.part && find(document, element.dataset.part));
  const neighbour = (from, step) => {
    for (let each = from[step]; each; each = each[step]) if (onScreen(each)) return onScreen(each);
    return null;
  };
  const [before, after] = [neighbour(next, "previousElementSibling"), neighbour(next, "nextElementSibling")];
  if (!before && !after) return false;
  const copy = document.importNode(next, true);
  if (before) before.after(copy);
  else after.before(copy);
  globalThis.htmx?.process(copy);
  return true;
}
