// The pairing's key as it stands in the link, read for what the phone must know
// itself: which pairing it is, and when it ends.

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// parseKey gives {key, id, ends, label}, or null where the text is no key. Whether
// it counts is for a node to say.
export function parseKey(text) {
  let raw;
  try {
    if (!/^[A-Za-z0-9_-]{100,400}$/.test(text)) return null;
    raw = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0));
  } catch { return null; }
  if (raw[0] !== 1 || raw.length < 66 + 96 || raw.length !== 66 + raw[65] + 96) return null;
  const ends = Number(new DataView(raw.buffer).getBigUint64(25)) * 1000;
  return {key: text, id: id32(raw.subarray(1, 9)), ends, label: new TextDecoder().decode(raw.subarray(66, 66 + raw[65]))};
}

// keyIn is the key in a link, a fragment, or by itself.
export function keyIn(text) {
  return parseKey(text.trim().replace(/^.*#/s, ""));
}

function id32(bytes) {
  let out = "", bits = 0, n = 0;
  for (const b of bytes) {
    bits = (bits << 8) | b;
    for (n += 8; n >= 5; n -= 5) out += base32[(bits >> (n - 5)) & 31];
    bits &= 255;
  }
  if (n > 0) out += base32[(bits << (5 - n)) & 31];
  return out;
}

// draw is the id of an act: 16 random bytes in hexadecimal.
export const draw = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, "0")).join("");
