/** The bars at the lower edge: how many rows are selected, and what has the focus does not stay under a bar that appears. */

import { $, $$, on, onPage } from "./dom.js";

function countSelected() {
  const count = $("[data-selected]");
  const text = `${$$(".select-cell :checked").length} selected`;
  if (count && count.textContent !== text) count.textContent = text;
}

function uncover() {
  const bars = $(".bars");
  const focused = document.activeElement;
  if (!bars || !focused || focused.matches("body, #main") || bars.contains(focused) || $("dialog[open]")) return;
  if (focused.getBoundingClientRect().bottom > bars.getBoundingClientRect().top) {
    focused.scrollIntoView({ block: "nearest" });
  }
}

const resizes = new ResizeObserver(uncover);
const changes = new MutationObserver(countSelected); // a row that leaves a live list takes its tick along

onPage(() => {
  resizes.disconnect();
  changes.disconnect();
  if (!$(".bars")) return;
  resizes.observe($(".bars"));
  if ($("[data-selected]")) changes.observe($("#main"), { childList: true, subtree: true });
  countSelected();
});
on("change", countSelected);
on("reset", () => setTimeout(countSelected));
