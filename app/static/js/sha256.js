/** The SHA-256 of a file, read piece by piece: WebCrypto takes whole files only, so it has those that fit in memory, and
    FIPS 180-4 in a few lines has the larger ones, and pages without https. */

const WHOLE = 64 * 1024 * 1024;
const START = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/** The first 32 bits of the fractions of the cube roots of the first 64 primes. */
const CONSTANTS = (() => {
  const found = [];
  for (let n = 2; found.length < 64; n += 1) {
    let prime = true;
    for (let d = 2; d * d <= n; d += 1) if (n % d === 0) prime = false;
    if (prime) found.push(root(n));
  }
  return new Int32Array(found);
})();

/** Exact, in whole numbers: floating point would leave the last bits to chance. */
function root(n) {
  const wanted = BigInt(n) << 96n;
  let low = 0n;
  let high = 1n << 36n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle * middle * middle <= wanted) low = middle;
    else high = middle;
  }
  return Number(BigInt.asIntN(32, low));
}

export async function sha256(file, progress) {
  if (file.size <= WHOLE && globalThis.crypto?.subtle) {
    return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())));
  }
  const state = new Int32Array(START);
  const words = new Int32Array(64);
  let rest = new Uint8Array(0);
  let done = 0;
  const reader = file.stream().getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const bytes = join(rest, piece.value);
    const whole = bytes.length - (bytes.length % 64);
    for (let at = 0; at < whole; at += 64) block(state, words, bytes, at);
    rest = bytes.slice(whole);
    done += piece.value.length;
    progress(done / file.size);
  }
  const last = new Uint8Array(rest.length < 56 ? 64 : 128);
  last.set(rest);
  last[rest.length] = 0x80;
  new DataView(last.buffer).setBigUint64(last.length - 8, BigInt(done) * 8n);
  for (let at = 0; at < last.length; at += 64) block(state, words, last, at);
  const sum = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => sum.setInt32(i * 4, word));
  return hex(new Uint8Array(sum.buffer));
}

const turn = (x, n) => (x >>> n) | (x << (32 - n));

function block(state, words, bytes, at) {
  for (let i = 0; i < 16; i += 1) {
    const j = at + i * 4;
    words[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const [x, y] = [words[i - 15], words[i - 2]];
    const small = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    words[i] = (words[i - 16] + small + words[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10))) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const large = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const first = (h + large + ((e & f) ^ (~e & g)) + CONSTANTS[i] + words[i]) | 0;
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => {
    state[i] = (state[i] + word) | 0;
  });
}

function join(one, other) {
  if (!one.length) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
