/** Sends what a field user captures: each file is kept on the phone first, signed, and sent in parts until all have
    arrived, also after a reload and without a connection; once the inspection has ended, while it is still taken. What is
    taken no longer is offered to be saved. Without this script the form is sent as it is. */

import { amount } from "./amounts.js";
import { cutPlace } from "./capture-place.js";
import { queue } from "./capture-queue.js";
import { $, element, icon } from "./dom.js";

const SIZES = [512, 128, 32, 16].map((kilobytes) => kilobytes * 1024); // of a part, and of its pieces on a slow line
const [PART] = SIZES;
const FAST = 1000; // a piece that is sent within is followed by a larger one
const LONGEST_WAIT = 30000;
const NO_SIGN_FOR = 60000; // after which a request is given up
const AWAY = "away"; // there is a connection, but nothing is taken now
const BROKE_OFF = [0, 400, 408]; // what is answered where not all came, or not soon enough
const SPOKEN_EVERY = 10000;
const SOON = 32 * 1024;
const KEPT = ["unanswered", "ended", "too_late", "too_many", "looking_on"]; // the phone keeps what these are said of

const form = $("#capture form");
const place = location.pathname.replace(/[^/]+$/, "");
const box = $("#capture-state");
const words = box?.dataset;
const sentBox = element("div", "stack"); // outside the box, which is read out when it changes
const spoken = element("p", "visually-hidden");
let failures = 0;
let trouble = ""; // why the last try failed
let busy = false;
let timer = 0;
let position = null;
let stopped = words?.stopped ?? ""; // why nothing is sent any more
let said = 0; // how many files the other side knows to wait here

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const hash = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));
const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));

/** The form's answer to a request, which may take long as long as something moves; `moved` hears how many bytes are sent.
    Fails when there is no connection or the other side cannot answer. */
function ask(path, fields, moved) {
  const body = fields && new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) body.append(name, value);
  body?.append("csrf_token", $("#capture [name=csrf_token]").value);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not say what is sent
    let silent = 0;
    const alive = () => {
      clearTimeout(silent);
      silent = setTimeout(() => request.abort(), NO_SIGN_FOR);
    };
    request.open(body ? "POST" : "GET", place + path + location.search);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded }) => {
      alive();
      moved?.(loaded);
    };
    request.onloadend = () => {
      clearTimeout(silent);
      const ours = request.getResponseHeader("Content-Type")?.startsWith("application/json");
      const { status } = request;
      if (ours && request.response && status < 500) resolve(request.response);
      else reject(new Error(status ? AWAY : "no answer", { cause: BROKE_OFF.includes(status) ? "broke off" : "" }));
    };
    alive();
    request.send(body);
  });
}

/** Links that save files of this phone, which nobody else has. */
function copies(files) {
  const list = element("ul", "lines");
  for (const { blob, name, kind } of files) {
    const link = element("a", "", `${words.save}: ${name || kind}`);
    link.href = URL.createObjectURL(blob);
    link.download = name || kind;
    list.append(element("li", "", link));
  }
  return list;
}

/** Says what waits on this phone, and what became of the last file; `refused` is one that will never be taken. What is said
    already stays as it is, so that it is not read out again. */
async function show(text = "", tone = "", refused = []) {
  const files = await queue.all();
  const parts = [];
  if (files.length) {
    const online = navigator.onLine && !failures;
    const later = online ? words.sending : navigator.onLine && trouble === AWAY ? words.later : words.offline;
    const state = stopped || [later, words.until ?? ""].join(" ");
    const line = element("p", "", element("strong", "", `${words.waiting} ${files.length}`), ` ${state}`);
    const sign = stopped ? "circle-alert" : online ? "send" : later === words.later ? "hourglass" : "wifi-off";
    parts.push(element("div", "notice warn", icon(sign), line));
  }
  $("#over-text")?.toggleAttribute("hidden", files.length > 0);
  if (text) parts.push(element("div", `notice ${tone}`, icon(tone === "warn" ? "circle-alert" : "check"), element("p", "", text)));
  if (stopped || refused.length) parts.push(copies([...(stopped ? files : []), ...refused]));
  if (parts.map((part) => part.textContent).join("") !== box.textContent) box.replaceChildren(...parts);
}

/** Says how many bytes of all are sent; nothing once they are, when sending stops, and of what goes in a moment. */
function move(sent, all = 0) {
  sentBox.hidden = all < SOON;
  if (sentBox.hidden) {
    sentBox.replaceChildren();
    spoken.textContent = "";
    return;
  }
  if (!sentBox.firstChild) {
    const bar = element("progress", "");
    bar.setAttribute("aria-labelledby", "capture-amount");
    sentBox.append(element("p", "small"), bar);
    sentBox.firstChild.id = "capture-amount";
  }
  const [line, bar] = sentBox.children;
  bar.max = all;
  bar.value = sent;
  line.textContent = words.moved.replace("{sent}", amount(sent, all)).replace("{all}", amount(all, all));
}

/** This phone's key, made once; its public half is named in the record. */
async function key() {
  const made = () => crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  return (await queue.get("key")) ?? queue.first("key", await made());
}

async function enroll() {
  const enrolled = await queue.get("enrolled");
  if (enrolled) return enrolled;
  const { publicKey } = await key();
  const answer = await ask("device", { public: base64(await crypto.subtle.exportKey("spki", publicKey)) });
  if (answer.key) await queue.set("enrolled", answer.key);
  return answer.key;
}

/** Keeps a file on the phone, signed, after the one before. */
async function keep(blob, kind, name, capturedAt, byHand) {
  let bytes = new Uint8Array(await blob.arrayBuffer());
  const cut = "noPlace" in words && kind === "file" ? cutPlace(bytes) : bytes;
  const wasCut = cut !== bytes;
  bytes = cut;
  const sha256 = await hash(bytes);
  const where = position && !("noPlace" in words) ? position.coords : null;
  const file = {
    sha256,
    blob: new Blob([bytes]),
    kind,
    name,
    captured_at: String(capturedAt),
    ...byHand,
    ...(wasCut && { cut: "1" }),
    ...(where && { latitude: where.latitude, longitude: where.longitude, accuracy: where.accuracy }),
  };
  while (!(await sign(file, capturedAt)));
}

/** Adds a file to the queue as the next that this phone captured; not when another page of it was faster. */
async function sign(file, capturedAt) {
  const { publicKey, privateKey } = await key();
  const number = ((await queue.get("number")) ?? 0) + 1;
  const statement = JSON.stringify({
    format: "session-desk/capture/2",
    session: place.split("/").at(-2),
    key: await hash(await crypto.subtle.exportKey("spki", publicKey)),
    number,
    previous: (await queue.get("previous")) ?? "0".repeat(64),
    sha256: file.sha256,
    captured_at: new Date(capturedAt).toISOString(),
  });
  const text = new TextEncoder().encode(statement);
  const signature = base64(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, text));
  return queue.add({ ...file, statement, signature }, number, await hash(text));
}

/** Which of SIZES this phone sends, also after a reload. */
const sizeNow = async () => (await queue.get("size")) ?? 0;

/** Sends one part, or a piece of one. When that broke off, the next will be smaller; when it was fast, larger. */
async function sendPiece(path, piece, moved) {
  const [began, size] = [performance.now(), await sizeNow()];
  try {
    const heard = (loaded) => moved(Math.min(loaded, piece.size)); // the form around it counts as well
    const kept = await ask(path, { part: new File([piece], "part") }, heard);
    const fast = performance.now() - began < FAST;
    if (fast && size > 0 && piece.size === SIZES[size]) await queue.set("size", size - 1);
    if (kept.kept && failures) {
      failures = 0; // it goes on: what is there is not sent again
      await show();
    }
    return kept;
  } catch (error) {
    const smaller = SIZES.findIndex((each, n) => n > size && each < piece.size);
    if (error.cause) await queue.set("size", smaller < 0 ? SIZES.length - 1 : smaller);
    throw error;
  }
}

/** Sends what is not there of a part, and has it made of its pieces where it went in some. `here` are the hashes of all
    that is there. */
async function sendPart(path, part, here, moved) {
  const pieces = [];
  for (let at = 0; at < part.size; moved(at)) {
    const cut = async (size) => {
      const piece = part.slice(at, at + size);
      return [piece, await hash(await piece.arrayBuffer())];
    };
    let [piece, sum] = [null, ""];
    for (const size of here.size ? SIZES : []) {
      [piece, sum] = await cut(size);
      if (here.has(sum)) break;
    }
    if (!here.has(sum)) {
      [piece, sum] = await cut(SIZES[await sizeNow()]);
      const before = at;
      const kept = await sendPiece(path, piece, (sent) => moved(before + sent));
      if (!kept.kept) return kept;
      here.add(kept.kept);
    }
    pieces.push(sum);
    at += piece.size;
  }
  if (pieces.length === 1) return { kept: pieces[0] };
  const kept = await ask(path, { pieces: pieces.join(",") });
  pieces.forEach((piece) => here.delete(piece)); // they are in the part now
  return kept;
}

/** Sends one file: the parts that are not there yet, then the list of all. Answers what became of it; `moved` hears how
    many bytes are there. */
async function send(item, moved) {
  const { blob, sha256, ...facts } = item;
  const parts = [];
  for (let at = 0; at < blob.size; at += PART) parts.push(blob.slice(at, at + PART));
  const sums = await Promise.all(parts.map(async (part) => hash(await part.arrayBuffer())));
  const path = `evidence/parts/${sha256}`;
  const state = await ask(path);
  if (!state.known && !state.over && !state.results) {
    const here = new Set(state.have);
    for (const [n, part] of parts.entries()) {
      const kept = await sendPart(path, part, here, (sent) => moved(n * PART + sent));
      if (!kept.kept) return kept;
      if (kept.kept !== sums[n]) throw new Error(AWAY); // it was changed on its way
    }
  }
  return state.over ? state : ask(`evidence/whole/${sha256}`, { ...facts, parts: sums.join(",") });
}

/** Says how many files wait here, so that those who wait for them know. */
async function announce(waiting) {
  if (waiting === said) return;
  await ask("waiting", { waiting });
  said = waiting;
}

/** Sends all that waits, the oldest first. A connection that fails is tried again, later and later. */
async function flush() {
  if (busy || stopped) return;
  busy = true;
  clearTimeout(timer);
  const speaking = setInterval(() => (spoken.textContent = sentBox.textContent), SPOKEN_EVERY);
  try {
    if (form) await enroll();
    let files;
    let done = 0;
    while ((files = await queue.all()).length) {
      const [item] = files;
      await announce(files.length);
      const all = files.reduce((bytes, { blob }) => bytes + blob.size, done);
      const answer = await send(item, (sent) => move(done + sent, all));
      const [result] = answer.results ?? [{ reason: answer.over, text: answer.text }];
      if (["away", "incomplete"].includes(result.reason)) throw new Error(AWAY);
      failures = 0;
      if (answer.over || KEPT.includes(result.reason)) {
        stopped = result.text;
        await show();
        return;
      }
      await queue.delete(item.sha256);
      done += item.blob.size;
      const there = !result.reason || result.reason === "known";
      if (result.reason !== "known" && result.reason !== "erased") said -= 1;
      await show(there ? words.arrived : result.text, there ? "good" : "warn", there ? [] : [item]);
    }
    await announce(0);
    // This page was opened without a connection: now there is the real one.
    if ("offlinePage" in words && (await queue.all()).length === 0) location.reload();
  } catch ({ message }) {
    failures += 1;
    trouble = message;
    await show();
    timer = setTimeout(flush, Math.min(LONGEST_WAIT, 1000 * 2 ** failures));
  } finally {
    clearInterval(speaking);
    move();
    busy = false;
  }
}

const release = () => $("button", form).removeAttribute("aria-busy");

async function submitted(event) {
  event.preventDefault();
  const files = [...form.querySelectorAll("input[type=file]")].flatMap((input) => [...input.files]);
  const note = form.elements.note.value.trim();
  const large = files.find((file) => file.size > Number(words.most));
  if (large) {
    await show(`${large.name}: ${words.tooLarge}`, "warn");
    release();
    return;
  }
  const byHand = { typed_at: form.elements.typed_at.value, typed_place: form.elements.typed_place.value };
  try {
    for (const file of files) await keep(file, "file", file.name, file.lastModified || Date.now(), byHand);
    if (note) await keep(new Blob([note.replaceAll("\r\n", "\n")]), "note", "", Date.now(), byHand);
  } catch {
    // This browser keeps nothing, as in a private window: the form goes as it is.
    form.submit();
    return;
  }
  form.reset();
  release();
  $(".previews", form).replaceChildren();
  navigator.storage?.persist?.();
  await show();
  flush();
}

/** Shows what was chosen; choosing again takes it again. */
function preview() {
  const pictures = [...form.querySelectorAll("input[type=file]")].flatMap((input) => [...input.files]);
  const shown = pictures.filter((file) => file.type.startsWith("image/")).slice(0, 12);
  $(".previews", form).replaceChildren(
    ...shown.map((file) => {
      const image = element("img", "");
      image.alt = file.name;
      image.src = URL.createObjectURL(file);
      for (const over of ["load", "error"]) image.addEventListener(over, () => URL.revokeObjectURL(image.src), { once: true });
      image.addEventListener("error", () => image.remove()); // no picture, or none that this browser shows
      return image;
    }),
  );
}

/** Lets this page open without a connection. */
async function workOffline() {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register(`${place}worker`, { scope: place });
  const { active } = await navigator.serviceWorker.ready;
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  active.postMessage({ keep: loaded.filter((url) => url.startsWith(location.origin)), page: `${place}offline` });
}

if (box && crypto.subtle && window.indexedDB) {
  sentBox.id = "capture-sent";
  sentBox.hidden = true;
  spoken.id = "capture-spoken";
  spoken.setAttribute("role", "status");
  box.after(sentBox, spoken);
  $("#at-once")?.remove(); // said where this script does not send
  form?.addEventListener("submit", submitted);
  form?.addEventListener("change", preview);
  addEventListener("online", () => {
    failures = 0;
    flush();
  });
  addEventListener("offline", () => show());
  if (form && !("noPlace" in words)) navigator.geolocation?.watchPosition((found) => (position = found), () => {});
  show().then(flush, () => {});
  if (form) workOffline().catch(() => {});
}
