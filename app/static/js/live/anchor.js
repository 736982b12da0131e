/** Keeps the page from jumping while it is merged: what the user looks at stays where it is. */

import { $$ } from "../dom.js";

const pointer = { x: -1, y: -1 };

document.addEventListener("pointermove", (event) => Object.assign(pointer, { x: event.clientX, y: event.clientY }));

/** What scrolls an element: its half of the split view, or the page. */
export function scrollerOf(element) {
  const pane = element?.closest(".list-pane, .item");
  return pane && getComputedStyle(pane).overflowY === "auto" ? pane : document.scrollingElement;
}

/** Remembers where the field in use is, else what is under the pointer, else the first row or part in sight. Returns a
    function that scrolls it back there. */
export function holdScroll(main) {
  const focus = document.activeElement?.matches("input, textarea, select") ? document.activeElement : null;
  const seen =
    focus ??
    document.elementFromPoint(pointer.x, pointer.y)?.closest("tr, li, [data-part], form, p") ??
    $$("[data-row], [data-part]", main).find((each) => each.getBoundingClientRect().top >= 0);
  if (!seen || !main.contains(seen)) return () => {};
  const top = seen.getBoundingClientRect().top;
  const scroller = scrollerOf(seen);
  scroller.style.overflowAnchor = "none";
  return () => {
    const moved = seen.isConnected ? seen.getBoundingClientRect().top - top : 0;
    if (Math.abs(moved) >= 1) scroller.scrollBy({ top: moved, behavior: "instant" });
    requestAnimationFrame(() => scroller.style.removeProperty("overflow-anchor"));
  };
}
