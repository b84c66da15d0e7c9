// Reading what a badge says: the payload of its QR code, or the code printed on
// it. Only whom it means is read here; whether it is genuine, a node says.

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const plain = text => text.toUpperCase().replace(/[\s-]/g, "");

// isQR reports whether a text is the whole payload of a badge's QR code.
export const isQR = text => /^UP2[A-Z2-7]{172}$/.test(plain(text));

// whose is the one person of the list whom a text means, or null.
export function whose(text, people) {
  const t = plain(text);
  const is = isQR(t) ? ofVisit(visitIn(t.slice(3))) : t.startsWith("UP1") ? ofVisit(t.slice(3)) : p => p.badge.replaceAll("-", "") === t;
  const found = people.filter(is);
  return found.length === 1 ? found[0] : null;
}

// A visit is written with a last character that checks the others.
const ofVisit = v => p => !!p.visit && plain(p.visit).slice(0, 26) === v.slice(0, 26);

// visitIn takes the visit out of a payload: its bytes 1 to 16.
function visitIn(payload) {
  const bits = [...payload.slice(0, 28)].map(c => base32.indexOf(c).toString(2).padStart(5, "0")).join("").slice(8, 136).padEnd(130, "0");
  return bits.match(/.{5}/g).map(b => letters[parseInt(b, 2)]).join("");
}
