/** "Changed while you were here": a notice in the panel that is in use, which loads the rest when the user likes. */

import { $, $$, element, icon, on, onPage } from "../dom.js";
import { announce } from "./announcements.js";
import { morph } from "./morph.js";
import { editedControls } from "./policy.js";

let current = null; // the fresh page that the notice is about
let shown = 0; // how many entries the timeline had when the panels were last as the server has them

const entries = (page) => $$("#story li:not(.upcoming)", page);

/** Notes that the panels are as in this page: what its timeline has is no news. */
export const notePanels = (page) => (shown = entries(page).length);
onPage(() => notePanels(document));

/** What happened since: the newest act of another, else the newest of the user's own, who may use several windows. */
function news(page) {
  const all = entries(page);
  const fresh = all.slice(0, Math.max(0, all.length - shown));
  const other = fresh.find((entry) => !("own" in entry.dataset));
  const entry = other ?? fresh[0];
  if (!entry) return "This has changed while you were here.";
  const event = ($("span", entry) ?? entry).textContent.replace(/\s+/g, " ").trim();
  return other ? `Changed while you were here: ${event}.` : `You changed this: ${event}.`;
}

/** Whether a refusal says there already that it has changed, and leads to the current state. */
const isRefused = (panel) => $("#refusal [data-show-current]", panel);

on("htmx:after:swap", () => {
  if (isRefused(document)) $$("[data-live-notice]").forEach((notice) => notice.remove());
});

/** Shows the notice in a panel, with what happened. */
export function notify(panel, page) {
  current = page;
  if (isRefused(panel)) return;
  const text = news(page);
  const sentence = `${text} What you typed is kept.`;
  const line = $("[data-live-notice] p", panel) ?? create(panel);
  if (line.textContent === sentence) return;
  line.textContent = sentence;
  announce(text);
}

/** Creates the notice below what is typed, which stays where it is. Returns its line. */
function create(panel) {
  const button = element("button", "btn", "Show the current state");
  button.type = "button";
  button.dataset.liveLoad = "";
  const line = element("p");
  const notice = element("div", "notice warn", icon("circle-alert"), line, button);
  notice.dataset.liveNotice = "";
  panel.append(notice);
  return line;
}

const isChoice = (control) => control.matches("[type='checkbox'], [type='radio']");

/** What a control is for: its form and name, and of a choice its value. */
const fieldOf = (control) =>
  [control.form?.getAttribute("action"), control.type, control.name, isChoice(control) && control.value].join(" ");

/** Notes what was typed and chosen. The function that it returns enters it in the same fields, and returns the text of
    those that are no more. */
function keepTyped(panels) {
  const isText = (control) => !isChoice(control) && !control.matches("select");
  const typed = editedControls(panels).map((control) => [
    fieldOf(control),
    isText(control),
    control.value,
    control.checked,
  ]);
  return () => {
    const fields = new Map($$("input, textarea, select", panels).map((control) => [fieldOf(control), control]));
    const lost = [];
    for (const [field, isTyped, value, checked] of typed) {
      const now = fields.get(field);
      if (!now && isTyped) lost.push(value);
      if (!now) continue;
      if (isChoice(now)) now.checked = checked;
      else now.value = value;
      for (let box = now.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
      now.dispatchEvent(new Event("input", { bubbles: true }));
    }
    return lost.filter((value) => value.trim()).join("\n\n");
  };
}

/** Shows the panels as they are now. Typed text stays in its fields; where a field is gone, the text is shown. */
function load() {
  const fresh = current && $("#actions", current);
  const panels = $("#actions");
  if (!fresh) return;
  const enterTyped = keepTyped(panels);
  notePanels(current);
  $$("[data-live-notice]", panels).forEach((notice) => notice.remove());
  morph(panels, fresh);
  const text = enterTyped();
  if (text) panels.prepend(element("div", "notice", element("p", "prewrap", `What you had typed: ${text}`)));
  const first = $("input:not([type='hidden']), textarea, select, button", panels) ?? $("#main");
  first.focus({ preventScroll: true });
}

on("click", (event) => event.target.closest("[data-live-load]") && load());

/** "Show the current state", in the refusal of a form that lost a race: the panels anew, with what was typed. */
on("click", async (event) => {
  const link = event.target.closest("[data-show-current]");
  if (!link || !$("#actions") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || answer.redirected || !$("#actions", page)) throw new Error("another page");
    current = page;
  } catch {
    location.assign(link.href);
    return;
  }
  link.closest("dialog")?.close();
  load();
  document.dispatchEvent(new Event("desk:poll"));
});
