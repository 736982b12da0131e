// Judges the contrast of everything that is read on the page, as a visitor sees it. The ground is no guess from styles:
// it is what is painted when all words and icons are made transparent (a picture of that is handed to `judge`). Colours
// are made sRGB by a canvas, which knows oklch() and whatever comes after it. Where everything is, is found out once for
// both themes (anew when a theme has moved anything); colours are read in each.
(() => {
  const LARGE = 24;
  const LARGE_BOLD = 18.66;
  const SHARE = 0.12; // what fills less of a word's box is an edge, not its ground
  const RIM = 4; // pixels, of a field's border
  const HIDE = new CSSStyleSheet();
  HIDE.replaceSync(`
    *, ::before, ::after, ::placeholder, ::marker {
      -webkit-text-fill-color: transparent !important; text-decoration-color: transparent !important;
      text-shadow: none !important; caret-color: transparent !important;
    }
    svg text, svg tspan { fill-opacity: 0 !important; }
    svg.icon { visibility: hidden !important; }`);
  const POINT = new CSSStyleSheet();
  POINT.replaceSync("*, ::before, ::after { pointer-events: auto !important; }"); // else nobody finds them at their place
  const FIELDS = "input:not([type=checkbox], [type=radio], [type=hidden], [type=file], [type=range]), select, textarea";
  const OFF = ":disabled, [aria-disabled='true'], fieldset:disabled *, label:has(:disabled)"; // WCAG asks nothing of these
  const SAID = "script, style, noscript, template, title, option, datalist, svg title, svg desc";

  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  function rgba(colour) {
    if (!known.has(colour)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = "#000";
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  }

  // A value that an element has from its parent's: each is worked out once.
  function inherited(of) {
    const found = new Map();
    const get = (element) => {
      if (!found.has(element)) found.set(element, of(element, get));
      return found.get(element);
    };
    return get;
  }

  const opacities = () =>
    inherited((each, get) => (each ? Number(getComputedStyle(each).opacity) * get(each.parentElement) : 1));

  // What lies over it there. Null when it is not there at all, because it is cut off.
  function over(element, x, y) {
    const above = [];
    for (const each of document.elementsFromPoint(x, y)) {
      if (each === element || element.contains(each)) return above;
      if (!each.contains(element)) above.push(each);
    }
    return null;
  }

  function opaque(element) {
    const style = getComputedStyle(element);
    return rgba(style.backgroundColor)[3] * style.opacity > 0.98;
  }

  // The part of the page in which an element can be read: what is scrolled away or cut off with an ellipsis is not.
  const edges = () =>
    inherited((each, get) => {
      if (!each || each === document.body) return { left: 0, top: 0, right: Infinity, bottom: Infinity };
      const { overflow, clipPath } = getComputedStyle(each);
      if (clipPath === "inset(50%)") return { left: 0, top: 0, right: 0, bottom: 0 };
      const around = get(each.parentElement);
      if (overflow === "visible") return around;
      const edge = each.getBoundingClientRect();
      return {
        left: Math.max(around.left, edge.left),
        top: Math.max(around.top, edge.top),
        right: Math.min(around.right, edge.right),
        bottom: Math.min(around.bottom, edge.bottom),
      };
    });

  function within({ left, top, right, bottom }, box) {
    [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
    [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
    return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
  }

  let things = [];
  let unjudged = []; // visible, by all that is known, but of which no place was found: axe is asked
  let places = "";

  // Where everything is, and whether it is visible.
  function layout() {
    return [...document.body.querySelectorAll("*")]
      .map((each) => {
        const { x, y, width, height } = each.getBoundingClientRect();
        return [x, y, width, height, each.checkVisibility({ opacityProperty: true, visibilityProperty: true })];
      })
      .join();
  }

  function ofText(style) {
    const size = parseFloat(style.fontSize);
    return size >= LARGE || (size >= LARGE_BOLD && Number(style.fontWeight) >= 700) ? 3 : 4.5;
  }

  function collect() {
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, POINT];
    things = [];
    const edgesOf = edges();
    const off = inherited((each, get) => !!each && (each.matches(OFF) || get(each.parentElement)));
    const said = inherited((each, get) => !!each && (each.matches(SAID) || get(each.parentElement)));
    const note = (element, colour, boxes, wanted, words) => {
      if (off(element)) return;
      const found = boxes
        .map((box) => within(edgesOf(element), box))
        .filter((box) => box.width >= 2 && box.height >= 2)
        .map((box) => [box, over(element, box.x + box.width / 2, box.y + box.height / 2)]);
      if (found.length) things.push({ element, colour, found, wanted, words });
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (walker.nextNode()) {
      const text = walker.currentNode;
      const element = text.parentElement;
      if (!text.data.trim() || said(element)) continue;
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      range.selectNodeContents(text);
      const style = getComputedStyle(element);
      const inDrawing = element.closest("svg");
      const colour = () => (inDrawing ? style.fill : style.color);
      note(element, colour, [...range.getClientRects()], ofText(style), text.data.trim());
    }
    for (const field of document.querySelectorAll(FIELDS)) {
      if (!field.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const empty = field.placeholder && !field.value;
      const style = getComputedStyle(field, empty ? "::placeholder" : null);
      const { x, y, width, height } = field.getBoundingClientRect();
      const inside = new DOMRect(x + RIM, y + RIM, width - 2 * RIM, height - 2 * RIM);
      note(field, () => style.color, [inside], ofText(style), field.placeholder || field.name);
    }
    for (const icon of document.querySelectorAll("svg.icon")) {
      if (!icon.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const style = getComputedStyle(icon);
      const colour = () => (style.stroke === "none" ? style.fill : style.stroke);
      note(icon, colour, [icon.getBoundingClientRect()], 3, icon.querySelector("use")?.getAttribute("href"));
    }
    show();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, HIDE];
    places = layout();
  }

  // In another theme, after `judge`.
  function again() {
    if (layout() === places) return;
    show();
    collect();
  }

  // Gives words and icons their colours back.
  function show() {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== HIDE && sheet !== POINT);
  }

  const light = (value) => (value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);

  function contrast(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  function grounds(pixels, box) {
    const [left, top] = [Math.max(0, Math.round(box.x)), Math.max(0, Math.round(box.y))];
    const right = Math.min(pixels.width, Math.round(box.x + box.width));
    const bottom = Math.min(pixels.height, Math.round(box.y + box.height));
    const shares = new Map();
    let all = 0;
    for (let y = top; y < bottom; y += 2) {
      for (let x = left; x < right; x += right - left > 200 ? 4 : 2) {
        const at = (y * pixels.width + x) * 4;
        const key = (pixels.data[at] << 16) | (pixels.data[at + 1] << 8) | pixels.data[at + 2];
        shares.set(key, (shares.get(key) ?? 0) + 1);
        all += 1;
      }
    }
    const large = [...shares].filter(([, n]) => n / all >= SHARE);
    return (large.length ? large : [...shares]).map(([key]) => [key >> 16, (key >> 8) & 255, key & 255]);
  }

  // Finds what is too faint, on a picture (PNG, base64) of the page without its words.
  async function judge(png) {
    const picture = await createImageBitmap(new Blob([Uint8Array.fromBase64(png)], { type: "image/png" }));
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d", { willReadFrequently: true });
    canvas.drawImage(picture, 0, 0);
    const pixels = canvas.getImageData(0, 0, picture.width, picture.height);
    const findings = [];
    const opacity = opacities();
    unjudged = [...document.querySelectorAll("input[type=file]")].filter((each) => each.checkVisibility());
    for (const { element, colour: read, found: parts, wanted, words } of things) {
      const colour = read();
      const [r, g, b, a] = rgba(colour);
      const strength = a * opacity(element);
      const boxes = parts.filter(([, above]) => above && !above.some(opaque)).map(([box]) => box);
      let worst = Infinity;
      let below = null;
      for (const box of boxes) {
        for (const ground of grounds(pixels, box)) {
          const mixed = [r, g, b].map((value, i) => value * strength + ground[i] * (1 - strength));
          const found = contrast(mixed, ground);
          if (found < worst) [worst, below] = [found, ground];
        }
      }
      if (!below) unjudged.push(element);
      if (below && worst < wanted - 0.005)
        findings.push(
          `${worst.toFixed(2)}:1, not ${wanted}:1, ${colour} on rgb(${below}): “${words}” in ` +
            element.outerHTML.slice(0, 140),
        );
    }
    return findings;
  }

  globalThis.contrastCheck = { collect, again, judge, show, unjudged: () => unjudged };
})();
