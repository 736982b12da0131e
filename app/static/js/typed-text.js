/** What was typed into an item and not sent: kept in this window while another item is open. */

import { $$ } from "./dom.js";
import { editedControls } from "./live/policy.js";
import { forget, recall, remember } from "./storage.js";

const name = () => `typed ${location.pathname}`;

/** What a control is called within its item: its form, its name, and for one of several its value. */
function key({ form, name, type, value }) {
  const address = form?.getAttribute("action")?.split("?")[0] ?? "";
  return [address, name, ["checkbox", "radio"].includes(type) ? value : ""].join(" ");
}

/** Keeps what was typed or chosen in the item of this address. */
export function keepTyped(item) {
  const edited = editedControls(item).filter((control) => control.name && control.type !== "file");
  if (!edited.length) return;
  remember(name(), JSON.stringify(edited.map((each) => [key(each), each.value, each.checked])));
}

/** Puts it back into the fields that the item still has. */
export function restoreTyped(item) {
  const kept = recall(name());
  if (!kept) return;
  forget(name());
  const controls = new Map($$("input, textarea, select", item).map((control) => [key(control), control]));
  for (const [at, value, checked] of JSON.parse(kept)) {
    const control = controls.get(at);
    if (!control) continue;
    if (["checkbox", "radio"].includes(control.type)) control.checked = checked;
    else control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
