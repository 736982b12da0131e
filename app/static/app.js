// What the pages do beyond links and forms. Every page works without it; listeners sit on the document, so that
// they outlive swaps. Nothing here decides anything: the server does.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (event, listener, options) => document.addEventListener(event, listener, options);

/* Said to people */

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const sprite = $("svg.icon use")?.getAttribute("href")?.split("#")[0] ?? "/static/icons.svg";
  svg.append(document.createElementNS(svg.namespaceURI, "use"));
  svg.firstChild.setAttribute("href", `${sprite}#${name}`);
  return svg;
}

function paragraph(title, text) {
  const strong = document.createElement("strong");
  strong.textContent = title;
  const p = document.createElement("p");
  p.append(strong, ` ${text}`);
  return p;
}

export function toast(text, tone = "", name = "info") {
  const box = document.createElement("div");
  box.className = `toast ${tone}`;
  const span = document.createElement("span");
  span.textContent = text;
  box.append(icon(name), span);
  $("#status")?.append(box);
  pass(box);
}

// A toast only confirms; it leaves by itself, but not from under the pointer or the focus.
function pass(box) {
  setTimeout(() => (box.matches(":hover, :focus-within") ? pass(box) : box.remove()), 8000);
}

// A notice in the refusal slot, which is moved next to the control that was pressed.
function refuse(source, tone, name, title, text) {
  const slot = nearestSlot(source);
  if (!slot) return toast(`${title} ${text}`, tone, name);
  const box = document.createElement("div");
  box.className = `notice ${tone}`;
  box.id = "refusal";
  box.tabIndex = -1;
  box.setAttribute("role", "alert");
  box.append(icon(name), paragraph(title, text));
  slot.replaceWith(box);
  box.focus({ preventScroll: false });
}

// The slot is one a page. In a form it belongs above the buttons, so that a dialog shows its own refusal.
function nearestSlot(source) {
  let slot = $("#refusal");
  const form = source?.closest?.("form");
  if (!form || form.matches("[role='search']") || form.closest(".queue")) return slot;
  if (!slot) {
    slot = document.createElement("div");
    slot.id = "refusal";
  }
  const button = $$("button[type='submit']", form).at(-1);
  const line = button?.closest(".row, footer, div") ?? button;
  const place = line && form.contains(line) && line !== form ? line : button;
  if (place) place.before(slot);
  else form.append(slot);
  return slot;
}

/* Requests that htmx makes */

/* Lists: what stands outside of the list follows it, and the focus goes on to the next row */

// A filter has just changed the list: its name, its first sentence and its copy are of what is on screen.
function followList() {
  const list = $("#queue, #audit");
  if (!list) return;
  const { title, lede, every, csv, csvLabel } = list.dataset;
  if (title) {
    document.title = document.title.replace($("main h1").textContent, title);
    $("main h1").textContent = title;
  }
  if (lede) $("main .lede").textContent = lede;
  if (every) $("#main").dataset.liveEvery = every;
  followTabs();
  const copy = csv && $("#csv");
  if (!copy) return;
  copy.href = csv;
  if (csvLabel) $("span", copy).textContent = csvLabel;
}

// Where a filter chooses among the lists that also have tabs, the tab goes along.
function followTabs() {
  const form = $("form.filters:has(select[name='state'])");
  if (!form) return;
  const wanted = ["state", "left"].map((name) => form.elements[name]?.value ?? "").join();
  for (const tab of $$("#main .views > a")) {
    const asked = new URL(tab.href).searchParams;
    const same = ["state", "left"].map((name) => asked.get(name) ?? "").join() === wanted;
    if (same && [...asked.keys()].every((name) => name === "state" || name === "left")) tab.ariaCurrent = "page";
    else tab.removeAttribute("aria-current");
  }
}

let goingOn = [];

on("htmx:before:request", (event) => {
  const row = event.detail.ctx.sourceElement.id === "take" && document.activeElement?.closest?.(".queue tr[id]");
  const rows = row ? $$(".queue tr[id]") : [];
  // The next row takes the focus; at the end of the list the one that was acted on.
  goingOn = row ? [...rows.slice(rows.indexOf(row) + 1), row].map((each) => each.id) : [];
});

function goOn() {
  const next = goingOn.map((id) => document.getElementById(id)).find(Boolean);
  goingOn = [];
  const link = next && $(".what > a", next);
  link?.focus();
  return Boolean(link);
}

// A filter that is not set has no place in the address.
on("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (!sourceElement.matches?.("form.filters") || !(request.body instanceof FormData)) return;
  for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
});

// What leads back to the same page is no further step: Back then leaves it at once.
on("htmx:before:history:update", ({ detail: { history } }) => {
  if (history.path.split("#")[0] === location.pathname + location.search) history.type = "replace";
});

on("htmx:before:request", (event) => {
  const source = event.detail.ctx.sourceElement;
  const old = $("#refusal.notice");
  if (old && source.closest("form")) {
    const empty = document.createElement("div");
    empty.id = "refusal";
    empty.tabIndex = -1;
    old.replaceWith(empty);
  }
});

on("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  ctx.push = "false";
  if (ctx.hx.retarget) {
    if (ctx.hx.retarget === "#refusal") nearestSlot(ctx.sourceElement);
    return;
  }
  if (ctx.response.status < 500 && ctx.text.includes('id="main"')) return; // a whole page with errors at its fields
  ctx.swap = "none";
  refuse(
    ctx.sourceElement,
    "warn",
    "circle-alert",
    "Something went wrong on our side.",
    `Try again in a moment. The answer was ${ctx.response.status}.`,
  );
});

on("htmx:error", (event) => {
  const { ctx, error } = event.detail;
  if (!ctx?.request || ctx.response) return;
  const late = error?.name === "AbortError" || ctx.request.signal?.reason === "timeout";
  if (late)
    refuse(
      ctx.sourceElement,
      "warn",
      "hourglass",
      "No answer in 20 seconds.",
      "Look whether it was done before you press again.",
    );
  else refuse(ctx.sourceElement, "warn", "wifi-off", "No network.", "Nothing was sent. Press again when you are back.");
});

// After a swap that took the focus with it: the refusal, else what was swapped in, else the page.
on("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  const preview = $("dialog[data-opens]");
  if (preview) {
    preview.removeAttribute("data-opens");
    preview.showModal();
    return;
  }
  const refusal = $("#refusal.notice");
  if (ctx.response?.status >= 400 && refusal) {
    markFields(refusal, ctx.sourceElement?.closest?.("form"));
    if (!refusal.closest("form")) $$("[data-over], [data-token]", refusal).forEach((button) => button.remove());
    refusal.focus();
    return;
  }
  ready(document);
  followList();
  if (document.activeElement && document.activeElement !== document.body) return;
  if (goOn()) return;
  const wanted = $("main [aria-invalid='true']") ?? $("main [autofocus]:not(dialog *)") ?? $("#main");
  wanted?.focus({ preventScroll: true });
  if (ctx.target === document.body) scrollTo(0, 0);
});

// A form token that has run out: the answer brings a new one, for every form of the page.
on("click", (event) => {
  const button = event.target.closest("[data-token]");
  if (!button) return;
  for (const field of $$("input[name='csrf_token']")) field.value = button.dataset.token;
  button.closest("form")?.requestSubmit();
});

// "Use mine on top", in the notice about a lost race: the same form again, now on top of what the others did.
on("click", (event) => {
  const button = event.target.closest("[data-over]");
  const form = button?.closest("form");
  if (!form?.elements.version) return;
  form.elements.version.value = button.dataset.over;
  form.requestSubmit();
});

function markFields(refusal, form) {
  for (const item of $$("[data-field]", refusal)) {
    const name = item.dataset.field.split(".").at(-1);
    for (const control of $$(`[name="${CSS.escape(name)}"]`, form ?? document)) {
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", "refusal");
    }
  }
}

on("input", (event) => {
  if (event.target.getAttribute("aria-describedby") === "refusal") {
    event.target.removeAttribute("aria-invalid");
    event.target.removeAttribute("aria-describedby");
  }
});

/* Forms: busy buttons, and no second press */

on(
  "submit",
  (event) => {
    const form = event.target;
    if (form.method === "dialog") return;
    const button = event.submitter ?? $("button[type='submit']", form);
    if (form.method !== "post") return;
    settled(form);
    if (button?.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    // A file comes down beside the page: nothing would ever end the waiting.
    if (!button?.hasAttribute("data-download")) button?.setAttribute("aria-busy", "true");
  },
  true,
);

on("htmx:finally:request", () =>
  $$("button[aria-busy='true']").forEach((button) => button.removeAttribute("aria-busy")),
);
addEventListener("pageshow", () =>
  $$("form button[aria-busy='true']").forEach((button) => button.removeAttribute("aria-busy")),
);

/* A slow answer: after 300 ms a line says that we wait, and nothing jumps */

const waiting = new Map();

on("htmx:before:request", ({ detail: { ctx } }) => {
  waiting.set(
    ctx,
    setTimeout(() => (document.body.dataset.waiting = ""), 300),
  );
});

on("htmx:finally:request", ({ detail: { ctx } }) => {
  clearTimeout(waiting.get(ctx));
  waiting.delete(ctx);
  if (!waiting.size) delete document.body.dataset.waiting;
});

/* Theme in this browser: a cookie, so that the server can say it before the first paint */

function showTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

on("click", (event) => {
  const button = event.target.closest("[data-theme-to]");
  if (!button) return;
  const theme = button.dataset.themeTo;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  showTheme(theme);
  for (const each of $$("[data-theme-to]")) each.setAttribute("aria-pressed", String(each === button));
});

// The settings page sets it for every browser: that choice then wins here too.
function settled(form) {
  const theme = new FormData(form).get("theme");
  if (theme === null) return;
  document.cookie = "theme=; path=/; max-age=0; samesite=lax";
  showTheme(theme);
}

/* Copy */

on("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const text = source?.dataset.value ?? source?.value ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text.trim());
    toast("Copied.", "good", "check");
  } catch {
    getSelection().selectAllChildren(source);
    toast("Your browser does not let us copy. It is selected: press Ctrl C.", "warn", "circle-alert");
  }
});

/* Dialogs, for browsers that do not know command and commandfor yet */

if (!("commandForElement" in HTMLButtonElement.prototype)) {
  on("click", (event) => {
    const button = event.target.closest("button[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (!dialog) return;
    if (button.getAttribute("command") === "close") dialog.close();
    else if (!dialog.open) dialog.showModal();
  });
}

/* Deadlines count down from the server's clock, not this one's */

const loaded = performance.now();

function serverNow() {
  return Date.parse(document.body.dataset.now ?? "") + (performance.now() - loaded);
}

function gap(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / 60000);
  const parts = [
    [Math.floor(minutes / 1440), "d"],
    [Math.floor(minutes / 60) % 24, "h"],
    [minutes % 60, "min"],
  ];
  const first = parts.findIndex(([n]) => n);
  if (first < 0) return "";
  if (first === 0 && parts[0][0] > 1) return `${parts[0][0]} d`;
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(" ");
}

function tick() {
  const now = serverNow();
  if (Number.isNaN(now)) return;
  for (const each of $$("[data-until]")) {
    const left = Date.parse(each.dataset.until) - now;
    if (Math.abs(left) >= 60 * 86400000) continue;
    const words = gap(left);
    const text = left > 0 ? (words ? `in ${words}` : "in less than a minute") : words ? `${words} ago` : "just now";
    if (each.textContent !== text) each.textContent = text;
  }
}

/* What only scripts can do is shown only with scripts */

/* A moment on the visitor's own clock, where it differs from the clock of `data-zone`. */
function sayHere(line) {
  const moment = new Date(line.dataset.local);
  const say = (timeZone) => moment.toLocaleString([], { timeZone, dateStyle: "full", timeStyle: "short" });
  const here = say();
  if (here === say(line.dataset.zone)) return;
  line.textContent = `Where you are: ${here}`;
  line.hidden = false;
}

function ready(root) {
  for (const each of $$("[data-copy][hidden], .themes[hidden]", root)) each.hidden = false;
  for (const each of $$("#status > .toast:not([data-passing])", root)) {
    each.dataset.passing = "";
    pass(each);
  }
  $$("[data-local]", root).forEach(sayHere);
}

ready(document);
setInterval(tick, 20000);
