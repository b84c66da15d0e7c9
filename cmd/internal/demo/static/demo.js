// Sends the page's one-button forms without leaving the page; what came of it
// shows by the live stream. Anything but the usual answer is left to the
// browser, which then shows the page that says why.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-act]")) return;
  event.preventDefault();
  const button = event.submitter;
  button?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
    if (answer.type === "opaqueredirect") return;
  } catch {
    // The page says by itself that it has lost the demo.
    return;
  } finally {
    button?.removeAttribute("aria-busy");
  }
  form.submit();
});
