// Shows what becomes of a colour while it is chosen. The node says it, by the same
// rules as when it is saved; without script there is a button for that.
const form = document.querySelector("[data-colour]");
const text = form?.querySelector("#colour");
const pick = form?.querySelector("[data-colour-pick]");

if (form && text && pick) {
  const picker = pick.querySelector("input");
  const shades = form.querySelector("[data-colour-shades]");
  let timer;
  let asked = 0;
  const show = async () => {
    const mine = ++asked;
    const address = new URL(form.dataset.colour, location.href);
    address.searchParams.set("colour", text.value.trim());
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok || mine !== asked) return;
    const { html } = await answer.json();
    if (html) shades.innerHTML = html;
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => show().catch(() => { /* the node is away: what is shown stays */ }), 150);
  };
  pick.hidden = false;
  form.querySelector("[data-colour-show]").hidden = true;
  picker.addEventListener("input", () => { text.value = picker.value; soon(); });
  text.addEventListener("input", () => {
    if (/^#[0-9a-f]{6}$/i.test(text.value.trim())) picker.value = text.value.trim();
    soon();
  });
}
