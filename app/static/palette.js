// The palette (Ctrl K): a combobox over pages, what can be done on this page, saved views and things by name. The focus
// stays in the field; the marked option is what Enter takes. It follows links and moves the focus, it never presses.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const WAIT = 150;

let moved = false; // whether somebody chose with the arrows: then what arrives later does not choose anew
let timer = 0;
let asking = null; // the question on its way
let answered = null; // what was typed when the things on offer were asked for
let targets = []; // what the options of this page stand for

const field = () => $("#palette [role='combobox']");
const options = () => $$("#palette [role='option']").filter((option) => option.checkVisibility());

function mark(option) {
  for (const each of $$("#palette [aria-selected='true']")) each.setAttribute("aria-selected", "false");
  if (!option) return field().removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  field().setAttribute("aria-activedescendant", option.id);
}

function markFirst() {
  const chosen = $("#palette [aria-selected='true']");
  if (!moved || !chosen?.checkVisibility()) mark(options()[0]);
}

// What is here already is narrowed at once.
function narrow() {
  const words = field().value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const option of $$("#palette [role='option']:not(#palette-offers *)")) {
    const heading = $(".heading", option.parentElement)?.textContent ?? "";
    const text = `${heading} ${option.textContent}`.toLowerCase();
    option.hidden = !words.every((word) => text.includes(word));
  }
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const offers = $("#palette-offers");
  const typed = field().value.trim();
  try {
    const address = `${offers.dataset.url}?q=${encodeURIComponent(typed)}`;
    const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: asking.signal });
    offers.innerHTML = answer.ok && !answer.redirected ? await answer.text() : "";
  } catch (error) {
    if (error.name === "AbortError") return; // typed on
    offers.innerHTML = ""; // no network: the pages are still there
  }
  answered = typed;
  settle();
}

function settle() {
  for (const option of $$("#palette [role='option']")) option.tabIndex = -1;
  markFirst();
}

// The buttons and links at the head and in the action panel, as far as they can be pressed now.
function listActions() {
  const group = $("#palette-actions");
  for (const old of $$("[role='option']", group)) old.remove();
  const wanted = ":is(main .head, #actions) :is(button:not([disabled], [aria-disabled='true']), a.btn)";
  targets = $$(wanted).filter((each) => each.checkVisibility() && each.textContent.trim());
  targets.forEach((target, index) => {
    const option = document.createElement("div");
    option.id = `palette-action-${index}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.index = index;
    const icon = $("svg.icon", target)?.cloneNode(true);
    if (icon) option.append(icon);
    const words = document.createElement("span");
    words.textContent = target.textContent.trim().replace(/\s+/g, " ");
    option.append(words);
    if (target.matches("button")) {
      const note = document.createElement("small");
      note.textContent = "goes to the button";
      option.append(note);
    }
    group.append(option);
  });
}

function take(option) {
  const target = targets[option.dataset.index];
  $("#palette").close();
  if (target.matches("a")) return target.click();
  target.scrollIntoView({ block: "center" });
  target.focus();
}

// Enter takes what is marked; never a thing that was found for fewer letters. With nothing marked the form searches.
async function enter(option) {
  const late = field().value.trim() !== answered;
  if (late && (!option || option.closest("#palette-offers"))) {
    clearTimeout(timer);
    await ask();
    option = $("#palette [aria-selected='true']");
  }
  if (option) option.click();
  else field().form.requestSubmit();
}

new MutationObserver(() => {
  if (!$("#palette")?.open) return;
  moved = false;
  answered = null;
  field().value = "";
  listActions();
  narrow();
  settle();
  ask();
}).observe(document.documentElement, { subtree: true, attributeFilter: ["open"] });

document.addEventListener("input", (event) => {
  if (event.target !== field()) return;
  moved = false;
  narrow();
  markFirst();
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
});

document.addEventListener("keydown", (event) => {
  if (!event.target.closest?.("#palette") || event.isComposing) return;
  const all = options();
  const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "Enter") {
    event.preventDefault();
    enter(all[at]);
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !all.length) return;
  event.preventDefault();
  moved = true;
  mark(all[(at + step + all.length) % all.length]);
});

document.addEventListener("click", (event) => {
  const option = event.target.closest?.("#palette [role='option']");
  if (!option) return;
  if (option.dataset.index !== undefined) take(option);
  else $("#palette").close();
});
