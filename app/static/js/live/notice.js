/** "Changed while you were here": a notice in the panel that is in use, which loads the rest when the user likes. */

import { $, $$, element, icon, on } from "../dom.js";
import { announce } from "./announcements.js";
import { morph } from "./morph.js";
import { editedControls } from "./policy.js";

let current = null; // the fresh page that the notice is about

/** Shows the notice in a panel, with the newest entry of the timeline. */
export function notify(panel, page) {
  current = page;
  const newest = $("#story li:not(.upcoming)", page);
  const event = newest && ($("span", newest) ?? newest).textContent.replace(/\s+/g, " ").trim();
  const text = event ? `Changed while you were here: ${event}.` : "This has changed while you were here.";
  const sentence = `${text} What you typed is kept.`;
  const line = $("[data-live-notice] p", panel) ?? create(panel);
  if (line.textContent === sentence) return;
  line.textContent = sentence;
  announce(text);
}

/** Creates the notice below what is typed, which stays where it is. Returns its line. */
function create(panel) {
  const button = element("button", "btn", "Show how it stands");
  button.type = "button";
  button.dataset.liveLoad = "";
  const line = element("p");
  const notice = element("div", "notice warn", icon("circle-alert"), line, button);
  notice.dataset.liveNotice = "";
  panel.append(notice);
  return line;
}

/** Shows the panels as they are now. Typed text stays in its fields; where a field is gone, the text is shown. */
function load() {
  const fresh = current && $("#actions", current);
  const panels = $("#actions");
  if (!fresh) return;
  const edited = editedControls(panels);
  $$("[data-live-notice]", panels).forEach((notice) => notice.remove());
  morph(panels, fresh, { keepEdited: true });
  const lost = edited.filter((control) => !control.isConnected).map((control) => control.value);
  const text = lost.filter((value) => value.trim()).join("\n\n");
  if (text) panels.prepend(element("div", "notice", element("p", "prewrap", `What you had typed: ${text}`)));
  const first = $("input:not([type='hidden']), textarea, select, button", panels) ?? $("#main");
  first.focus({ preventScroll: true });
}

on("click", (event) => event.target.closest("[data-live-load]") && load());
