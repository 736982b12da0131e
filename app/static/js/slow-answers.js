/** A line at the upper edge while an answer takes longer than 300 ms. Nothing jumps; a quick answer shows nothing. */

import { on } from "./dom.js";

const PATIENCE = 300;
const waiting = new Map();

on("htmx:before:request", ({ detail: { ctx } }) => {
  waiting.set(
    ctx,
    setTimeout(() => (document.body.dataset.waiting = ""), PATIENCE),
  );
});

on("htmx:finally:request", ({ detail: { ctx } }) => {
  clearTimeout(waiting.get(ctx));
  waiting.delete(ctx);
  if (!waiting.size) delete document.body.dataset.waiting;
});
