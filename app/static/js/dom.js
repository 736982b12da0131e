/** Shorthands for the DOM. Listeners sit on the document, so that they outlive swaps. */

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
export const on = (event, listener, options) => document.addEventListener(event, listener, options);

/** Calls `listener` for the page that was loaded and again after every swap. */
export function onPage(listener) {
  on("htmx:after:swap", listener);
  listener();
}

/** An element with a class and children: elements or text. */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** An icon of the sprite, as the templates draw it. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const sprite = $("svg.icon use")?.getAttribute("href")?.split("#")[0] ?? "/static/icons.svg";
  svg.append(document.createElementNS(svg.namespaceURI, "use"));
  svg.firstChild.setAttribute("href", `${sprite}#${name}`);
  return svg;
}
