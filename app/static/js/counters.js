/** Counters of fields with a limit: characters as the server counts them, above the limit too. Nothing is cut. */

import { $$, element, on, onPage } from "./dom.js";

const NEAR = 0.8;
const number = new Intl.NumberFormat(document.documentElement.lang || "en");

function count(field) {
  const limit = Number(field.dataset?.limit);
  if (!limit) return;
  const length = [...field.value.trim()].length;
  const next = field.nextElementSibling;
  const found = next?.matches("[data-counter]") ? next : null;
  if (!found && length < NEAR * limit && !field.matches("textarea")) return;
  const counter = found ?? field.insertAdjacentElement("afterend", element("p", "hint"));
  const over = length > limit;
  const reason = over ? ` · ${field.dataset.over ?? "Please shorten it."}` : "";
  counter.dataset.counter = "";
  counter.className = over ? "error" : "hint";
  counter.role = over ? "status" : null;
  counter.textContent = `${number.format(length)} / ${number.format(limit)}${reason}`;
}

on("input", (event) => count(event.target));
onPage(() => $$("[data-limit]").forEach((field) => field.value && count(field)));
