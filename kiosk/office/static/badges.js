// Shows how badges look while it is being chosen what stands on them. The node draws
// them, by the same rules as when it is saved; without script there is a button for
// that.
const form = document.querySelector("[data-badges]");

if (form) {
  const looks = form.querySelector("[data-badges-looks]");
  let timer;
  let asked = 0;
  const show = async () => {
    const mine = ++asked;
    const address = new URL(form.dataset.badges, location.href);
    for (const [name, value] of new FormData(form)) {
      if (!name.startsWith("was-") && name !== "lang") address.searchParams.set(name, value);
    }
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok || mine !== asked) return;
    const { html } = await answer.json();
    if (html) looks.innerHTML = html;
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => show().catch(() => { /* the node is away: what is shown stays */ }), 150);
  };
  form.querySelector("[data-badges-show]").hidden = true;
  form.addEventListener("input", soon);
}
