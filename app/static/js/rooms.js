/** The field of the video room follows the choice of manager: empty for one who has a room of their own, asked for otherwise. */

import { on } from "./dom.js";

on("change", (event) => {
  const { room } = event.target.dataset ?? {};
  const field = event.target.form?.elements.namedItem("room_url");
  if (room === undefined || !field) return;
  field.placeholder = room;
  field.toggleAttribute("data-first", event.target.dataset.asks !== undefined);
});
