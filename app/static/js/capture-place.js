/** Cuts everything beside the picture from a JPEG, where a place may stand; which way up it is stays. Other files are cut
    when they arrive. */

const ORIENTATION = 0x0112;

export function cutPlace(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = [bytes.subarray(0, 2)];
  let at = 2;
  let cut = false;
  let turned = 0;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const marker = bytes[at + 1];
    const end = at + 2 + view.getUint16(at + 2);
    const segment = bytes.subarray(at, end);
    const colours = marker === 0xe2 && text(segment, 4, 11) === "ICC_PROFILE";
    if ((marker >= 0xe1 && marker <= 0xef && marker !== 0xee && !colours) || marker === 0xfe) {
      cut = true;
      if (marker === 0xe1 && text(segment, 4, 4) === "Exif") turned = orientation(segment) || turned;
    } else kept.push(segment);
    at = end;
  }
  if (!cut) return bytes;
  if (turned) kept.splice(1, 0, exif(turned));
  kept.push(bytes.subarray(at, lastByte(bytes, at)));
  return join(kept);
}

const text = (bytes, from, length) => String.fromCharCode(...bytes.subarray(from, from + length));

function join(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Where the picture ends: pictures behind the picture have a place of their own. */
function lastByte(bytes, from) {
  let at = from;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff || bytes[at + 1] === 0x00 || (bytes[at + 1] >= 0xd0 && bytes[at + 1] <= 0xd7)) {
      at = bytes.indexOf(0xff, at + 1);
      if (at < 0) break;
    } else if (bytes[at + 1] === 0xff) at += 1;
    else if (bytes[at + 1] === 0xd9) return at + 2;
    else at += 2 + bytes[at + 2] * 256 + bytes[at + 3];
  }
  return bytes.length;
}

function orientation(segment) {
  const view = new DataView(segment.buffer, segment.byteOffset + 10, segment.length - 10);
  try {
    const little = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, little);
    for (let n = 0; n < view.getUint16(directory, little); n += 1) {
      const entry = directory + 2 + 12 * n;
      if (view.getUint16(entry, little) === ORIENTATION) return view.getUint16(entry + 8, little);
    }
  } catch {
    // An EXIF block that cannot be read goes as a whole.
  }
  return 0;
}

/** A block that says which way up the picture is, and nothing else. */
function exif(turned) {
  const head = [0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1];
  return new Uint8Array([...head, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, turned, 0, 0, 0, 0, 0, 0]);
}
