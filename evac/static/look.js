// How the screen looks, kept on the device: as the device says, for strong
// sunlight, or dark.
const keep = "upprop-look";
const root = document.documentElement;

function wear(look) {
  if (look) root.dataset.look = look;
  else delete root.dataset.look;
}

wear(localStorage.getItem(keep) ?? "");
for (const choice of document.querySelectorAll("[data-look-choice]")) {
  choice.checked = choice.value === (localStorage.getItem(keep) ?? "");
  choice.addEventListener("change", () => {
    localStorage.setItem(keep, choice.value);
    wear(choice.value);
  });
}
