/** Refusals: a request that failed is explained beside the control that sent it, and nothing typed is lost. */

import { $, $$, element, icon, on } from "./dom.js";
import { toast } from "./toasts.js";

/** Shows a notice of our own in the refusal slot beside the control, or as a toast where there is no slot. */
function refuse(ctx, iconName, title, text) {
  const slot = placeSlot(ctx.sourceElement, ctx.request?.submitter);
  if (!slot) return toast(`${title} ${text}`, "warn", iconName);
  const box = element("div", "notice warn", icon(iconName), element("p", "", element("strong", "", title), ` ${text}`));
  box.id = "refusal";
  box.tabIndex = -1;
  box.setAttribute("role", "alert");
  slot.replaceWith(box);
  box.focus({ preventScroll: false });
}

/** Moves the page's refusal slot above the button that was pressed, so that a dialog shows its own refusal. */
function placeSlot(source, pressed) {
  let slot = $("#refusal");
  const form = source?.closest?.("form");
  const inCell = form?.closest(".data-table") && !form.closest("details.dropdown");
  if (!form || form.matches("[role='search']") || inCell) return slot;
  slot ??= element("div");
  slot.id = "refusal";
  const button = form.contains(pressed ?? null) ? pressed : $$("button[type='submit']", form).at(-1);
  const line = button?.closest(".row, footer, div") ?? button;
  const place = line && form.contains(line) && line !== form ? line : button;
  if (place) place.before(slot);
  else form.append(slot);
  return slot;
}

/** Marks the fields that a refusal names. */
function markFields(refusal, form) {
  for (const item of $$("[data-field]", refusal)) {
    const name = item.dataset.field.split(".").at(-1);
    for (const control of $$(`[name="${CSS.escape(name)}"]`, form ?? document)) {
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", "refusal");
    }
  }
}

/** Removes the buttons of a form that lost a race: pressed again they would lose again. The refusal leads on. A form that
    names no state and has fields keeps them, because other text may win. */
function retire(form, refusal) {
  if (!form || !$("[data-show-current]", refusal)) return;
  const namesState = $("input[name='version'], input[name='seen']", form);
  if (!namesState && $("input:not([type='hidden']), textarea, select", form)) return;
  for (const button of $$("button[type='submit']", form)) if (!refusal.contains(button)) button.remove();
}

// The next attempt begins with an empty slot.
on("htmx:before:request", (event) => {
  const old = $("#refusal.notice");
  if (!old || !event.detail.ctx.sourceElement.closest("form")) return;
  const slot = element("div");
  slot.id = "refusal";
  slot.tabIndex = -1;
  old.replaceWith(slot);
});

on("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  ctx.push = "false";
  if (ctx.hx.retarget) {
    if (ctx.hx.retarget === "#refusal") placeSlot(ctx.sourceElement, ctx.request?.submitter);
    return;
  }
  if (ctx.response.status < 500 && ctx.text.includes('id="main"')) return; // a whole page with errors at its fields
  ctx.swap = "none";
  const answer = `Try again in a moment. The answer was ${ctx.response.status}.`;
  refuse(ctx, "circle-alert", "Something went wrong on our side.", answer);
});

on("htmx:error", (event) => {
  const { ctx, error } = event.detail;
  if (!ctx?.request || ctx.response) return;
  const late = error?.name === "AbortError" || ctx.request.signal?.reason === "timeout";
  if (late) {
    const advice = "Look whether it was done before you press again.";
    refuse(ctx, "hourglass", "No answer in 20 seconds.", advice);
  } else {
    refuse(ctx, "wifi-off", "No network.", "Nothing was sent. Press again when you are back.");
  }
});

on("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  const refusal = $("#refusal.notice");
  if (!(ctx.response?.status >= 400 && refusal)) return;
  const form = ctx.sourceElement?.closest?.("form");
  markFields(refusal, form);
  retire(form, refusal);
  if (!refusal.closest("form")) $$("[data-overwrite], [data-token]", refusal).forEach((button) => button.remove());
  refusal.focus();
});

// Typing into a marked field removes its mark.
on("input", ({ target }) => {
  if (target.getAttribute("aria-describedby") !== "refusal") return;
  target.removeAttribute("aria-invalid");
  target.removeAttribute("aria-describedby");
});

// A form token that has expired: the answer brings a new one, for every form of the page.
on("click", (event) => {
  const button = event.target.closest("[data-token]");
  if (!button) return;
  for (const field of $$("input[name='csrf_token']")) field.value = button.dataset.token;
  button.closest("form")?.requestSubmit();
});

// "Use mine on top", in the notice about a conflict: the same form again, based on the current version.
on("click", (event) => {
  const button = event.target.closest("[data-overwrite]");
  const form = button?.closest("form");
  if (!form?.elements.version) return;
  form.elements.version.value = button.dataset.overwrite;
  form.requestSubmit();
});
