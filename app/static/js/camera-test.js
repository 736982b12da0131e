/** Tests camera, microphone and loudspeaker on the visitor's own device. The picture and the sound go nowhere: they end in
    the <video> and in a measure of loudness, and are switched off when the page is left or hidden. */

import { $, $$, icon, on } from "./dom.js";

const AUDIBLE = 0.04; // of full scale: a voice at arm's length, not the hiss of a quiet room
const LOUD = 0.5;
const NOTES = [523.25, 659.25, 783.99];
const INSIDE_APPS = /FBAN|FBAV|Instagram|Line\/|MicroMessenger|Snapchat|TikTok|BytedanceWebview|LinkedInApp|; wv\)/;
const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

const page = $("#camera-test");
const video = $("video", page);
const start = $("[data-start]", page);
const loudness = $(".loudness", page);
const rows = { camera: $("[data-device=camera]", page), microphone: $("[data-device=microphone]", page) };
const constraint = { camera: "video", microphone: "audio" };
const tracks = {}; // those that are on, by device
let sound = null; // the AudioContext that measures

/** Says how far a device is, in words and by the icon. */
function say(device, state, more = "") {
  const row = rows[device];
  const works = state === "works" || state === "waits";
  const note = $("[data-note]", row);
  const text = [row.dataset[state], more].filter(Boolean).join(" · ");
  if (note.textContent !== text) note.textContent = text;
  row.className = state === "works" ? "good" : works || state === "asking" || state === "notYet" ? "" : "warn";
  const name = state === "works" ? "check" : row.className ? "circle-alert" : row.dataset.icon;
  $(".icon", row).replaceWith(icon(name));
}

/** The devices of one kind, or why there is none. */
async function ask(devices, ids = {}) {
  const wanted = Object.fromEntries(
    devices.map((each) => [constraint[each], ids[each] ? { deviceId: { exact: ids[each] } } : true]),
  );
  try {
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    stream.getTracks().forEach((track) => use(track.kind === "video" ? "camera" : "microphone", track));
    return true;
  } catch (error) {
    // One of the two is refused or missing: each says for itself which.
    if (devices.length > 1 && error.name !== "NotAllowedError") {
      return (await Promise.all(devices.map((each) => ask([each], ids)))).some(Boolean);
    }
    devices.forEach((each) => say(each, REASONS[error.name] ?? "unsupported"));
    return false;
  }
}

function use(device, track) {
  tracks[device]?.stop();
  tracks[device] = track;
  track.addEventListener("ended", () => tracks[device] === track && lose(device));
  if (device === "camera") showPicture(track);
  else measure(track);
}

function lose(device) {
  delete tracks[device];
  if (device === "camera") video.hidden = true;
  say(device, "missing");
  offerStart();
}

function showPicture(track) {
  video.srcObject = new MediaStream([track]);
  video.hidden = false;
  video.play().catch(() => {});
  const { width, height } = track.getSettings();
  say("camera", "works", width ? `${track.label}, ${width} × ${height}` : track.label);
}

/** Moves the bar with the voice, and notes the first time that one is heard. */
function measure(track) {
  sound?.close();
  const mine = (sound = new AudioContext());
  const meter = mine.createAnalyser();
  mine.createMediaStreamSource(new MediaStream([track])).connect(meter);
  mine.resume();
  const samples = new Float32Array(meter.fftSize);
  const bars = $$("rect", loudness);
  loudness.removeAttribute("hidden");
  say("microphone", "waits", track.label);
  let heard = false;
  const look = () => {
    if (sound !== mine) return;
    meter.getFloatTimeDomainData(samples);
    const peak = samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    bars.forEach((bar, n) => bar.classList.toggle("series-1", peak > (AUDIBLE / 2) * (LOUD / AUDIBLE) ** (n / 11)));
    if (!heard && peak > AUDIBLE) {
      heard = true;
      say("microphone", "works", track.label);
    }
    requestAnimationFrame(look);
  };
  look();
}

/** Offers the choice of a device, where there is one. Names are known only once one was allowed. */
async function list() {
  const found = await navigator.mediaDevices.enumerateDevices();
  for (const [device, row] of Object.entries(rows)) {
    const choice = $("select", row);
    const these = found.filter((each) => each.kind === `${constraint[device]}input` && each.deviceId);
    const current = tracks[device]?.getSettings().deviceId;
    choice.replaceChildren(...these.map((each) => new Option(each.label, each.deviceId, false, each.deviceId === current)));
    choice.hidden = these.length < 2 || !tracks[device];
  }
}

function offerStart() {
  const running = Boolean(tracks.camera || tracks.microphone);
  start.hidden = Boolean(tracks.camera);
  $("#stop", page).hidden = !running;
}

async function begin() {
  $("#start").disabled = true;
  Object.keys(rows).forEach((each) => say(each, "asking"));
  await ask(["camera", "microphone"]);
  if (document.hidden) end();
  $("#start").disabled = false;
  $("#start").lastChild.textContent = $("#start").dataset.again;
  offerStart();
  await list();
}

function end() {
  for (const [device, track] of Object.entries(tracks)) {
    track.stop();
    delete tracks[device];
    say(device, "notYet");
  }
  sound?.close();
  sound = null;
  video.srcObject = null;
  video.hidden = true;
  loudness.setAttribute("hidden", "");
  $$("select", page).forEach((each) => (each.hidden = true));
  offerStart();
}

/** Three rising notes, a third of a second each. */
function play() {
  const out = new AudioContext();
  NOTES.forEach((pitch, n) => {
    const tone = new OscillatorNode(out, { frequency: pitch });
    const volume = new GainNode(out, { gain: 0 });
    const at = out.currentTime + n / 3;
    volume.gain.setValueAtTime(0.2, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.3);
    tone.connect(volume).connect(out.destination);
    tone.start(at);
    tone.stop(at + 0.3);
    if (n === NOTES.length - 1) tone.onended = () => out.close();
  });
}

page.hidden = false;
if (INSIDE_APPS.test(navigator.userAgent)) {
  $("#page-address").textContent = location.href;
  $("#inside-app").hidden = false;
}
if (!navigator.mediaDevices?.getUserMedia) {
  Object.keys(rows).forEach((each) => say(each, "unsupported"));
  start.hidden = true;
}
on("click", (event) => {
  const pressed = event.target.closest("button")?.id;
  ({ start: begin, stop: end, notes: play })[pressed]?.();
});
on("change", async (event) => {
  const device = event.target.closest("[data-device]")?.dataset.device;
  if (!device) return;
  await ask([device], { [device]: event.target.value });
  offerStart();
});
navigator.mediaDevices?.addEventListener?.("devicechange", () => (tracks.camera || tracks.microphone) && list());
on("visibilitychange", () => document.hidden && end());
addEventListener("pagehide", end);
