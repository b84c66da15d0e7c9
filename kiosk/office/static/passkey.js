// Asks the browser for a passkey, and sends its answer with the form that stands
// there. Without script the form is not shown: the password is asked for.
const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const encode = (buffer) => btoa(Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// read makes what the node asks into what the browser takes.
const read = (text) => {
  const options = JSON.parse(text);
  options.challenge = decode(options.challenge);
  if (options.user) options.user.id = decode(options.user.id);
  for (const known of options.excludeCredentials ?? []) known.id = decode(known.id);
  return options;
};

// write makes what the browser answers into what the node takes.
const write = (credential) => {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = encode(credential.response[part]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({ id: credential.id, rawId: encode(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
};

const ask = async (form) => {
  if (form.dataset.options) {
    form.elements.answer.value = write(await navigator.credentials.create({ publicKey: read(form.dataset.options) }));
    return;
  }
  const answer = await fetch(form.dataset.ask, { method: "POST", headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("not asked");
  const { question, options } = await answer.json();
  form.elements.answer.value = write(await navigator.credentials.get({ publicKey: read(options) }));
  form.elements.question.value = question;
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const said = form.querySelector("[data-said]");
  if (!window.PublicKeyCredential || !navigator.credentials) {
    said.textContent = said.dataset.none;
    for (const button of form.querySelectorAll("button")) button.hidden = true;
    form.hidden = false;
    continue;
  }
  form.hidden = false;
  let asking = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (asking) return;
    asking = true;
    said.textContent = said.dataset.wait;
    try {
      await ask(form);
      form.submit();
    } catch {
      asking = false;
      said.textContent = said.dataset.failed;
    }
  });
}
