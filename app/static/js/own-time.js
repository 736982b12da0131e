/** When something takes place on the visitor's own clock, above the hour of its own zone, where the two differ. */

import { $$, onPage } from "./dom.js";

// English days as the product writes them; digits as on the rest of the page.
const lang = document.documentElement.lang || "en";
const days = lang === "en" ? "en-GB" : `${lang}-u-nu-latn`;
const times = lang === "en" ? "en-US" : `${lang}-u-nu-latn`;
const { hour12 } = new Intl.DateTimeFormat([], { hour: "numeric" }).resolvedOptions();

const full = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
const day = (moment) => moment.toLocaleDateString(days, full).replace(lang === "en" ? "," : "", "");
const clock = (moment) =>
  moment.toLocaleTimeString(times, { hour: "numeric", minute: "2-digit", hour12 }).replaceAll(/\s/g, "\u00a0");
const span = (starts, ends) => (ends ? `${clock(starts)} – ${clock(ends)}` : clock(starts));
const part = (moment, shape, name) =>
  new Intl.DateTimeFormat(days, shape).formatToParts(moment).find((each) => each.type === name)?.value ?? "";

function show(block) {
  const starts = new Date(block.dataset.ownTime);
  const ends = block.dataset.ends && new Date(block.dataset.ends);
  const inZone = (timeZone) => starts.toLocaleString("en", { timeZone });
  if (inZone() === inZone(block.dataset.zone)) return;
  const zone = part(starts, { timeZoneName: "long" }, "timeZoneName");
  const into =
    ends && day(ends) !== day(starts)
      ? ` ${block.dataset.into.replace("%day%", part(ends, { weekday: "long" }, "weekday"))}`
      : "";
  const [date, hours, yours, former] = block.children;
  date.textContent = day(starts);
  hours.textContent = span(starts, ends);
  yours.textContent = block.dataset.yours.replace("%zone%", zone) + into;
  if (former) {
    const [before, until] = former.dataset.former.split("/").map((each) => new Date(each));
    former.lastElementChild.textContent = `${day(before)}, ${span(before, until > before && until)}`;
  }
  block.hidden = false;
}

export const showOwnTimes = () => $$("[data-own-time]").forEach(show);

onPage(showOwnTimes);
