// Offers the few hosts that fit what is typed into the field that data-for names,
// as the address in data-hosts finds them. Choosing one is optional: what was typed
// goes with the form as it is.
const box = document.querySelector("[data-hosts]"), field = box && document.getElementById(box.dataset.for);
let asked = 0;

function clear() {
  box.querySelector("ul").replaceChildren();
  box.querySelector("[data-hosts-say]").textContent = "";
}

async function find() {
  const mine = ++asked, q = field.value.trim();
  if (q.length < 3) return clear();
  try {
    const answer = await fetch(box.dataset.hosts, {
      method: "POST", headers: { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ q, lang: document.documentElement.lang }),
    });
    if (mine !== asked || !answer.ok) return;
    const { hosts, say } = await answer.json();
    box.querySelector("[data-hosts-say]").textContent = say;
    box.querySelector("ul").replaceChildren(...hosts.map(({ name, unit }) => {
      const li = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.className = "button quiet";
      button.textContent = unit ? `${name}, ${unit}` : name;
      button.addEventListener("click", () => {
        asked++;
        field.value = button.textContent;
        clear();
        field.focus();
      });
      li.append(button);
      return li;
    }));
  } catch {
    // Nobody is found while the node is away; the field works without.
  }
}

if (field && box) {
  let waiting;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, 200);
  });
}
