/** The theme of this browser, kept in a cookie so that the server can render it before the first paint. */

import { $$, on, onPage } from "./dom.js";

function apply(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

on("click", (event) => {
  const button = event.target.closest("[data-theme-to]");
  if (!button) return;
  const theme = button.dataset.themeTo;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  apply(theme);
  for (const each of $$("[data-theme-to]")) each.setAttribute("aria-pressed", String(each === button));
});

// The settings page sets the theme for every browser of the user: the choice of this browser is dropped.
on(
  "submit",
  ({ target: form }) => {
    const theme = form.method === "post" ? new FormData(form).get("theme") : null;
    if (theme === null) return;
    document.cookie = "theme=; path=/; max-age=0; samesite=lax";
    apply(theme);
  },
  true,
);

onPage(() => $$(".theme-switch[hidden]").forEach((group) => (group.hidden = false)));
