// Asking a node. The key goes in a header, to the node alone; there are no
// cookies, and a redirect is no answer.

const patience = 8000;

// ask gives {status, data}; it throws where nobody answers.
export async function ask(base, key, path, body) {
  const r = await fetch(base + "/api/v1/phone/" + path, {
    method: body === undefined ? "GET" : "POST",
    headers: {Authorization: "Phone " + key, ...body === undefined ? {} : {"Content-Type": "application/json"}},
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(patience),
  });
  const text = await r.text();
  let data;
  try { data = JSON.parse(text); } catch { throw new Error("no answer of a node"); }
  return {status: r.status, data};
}

// origin is the address of a node as it was written, or null.
export function origin(text) {
  try {
    const u = new URL(text.trim().includes("://") ? text.trim() : "https://" + text.trim());
    const near = ["127.0.0.1", "localhost"].includes(u.hostname);
    return u.protocol === "https:" || u.protocol === "http:" && near ? u.origin : null;
  } catch { return null; }
}
