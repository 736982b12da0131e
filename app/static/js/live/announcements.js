/** Announcements for screen readers: once, not at every poll. */

import { $, element } from "../dom.js";

/** Has a screen reader say a sentence. */
export function announce(text) {
  const status = $("#toasts");
  if (!status) return;
  let line = $("[data-live-announcement]", status);
  if (!line) {
    line = element("span", "visually-hidden");
    line.dataset.liveAnnouncement = "";
    status.append(line);
  }
  line.textContent = text;
}
