// Keeping the screen on while an evacuation runs, where the browser can.

export class Wake {
  #lock = null; #wanted = false;

  constructor() {
    // The browser lets go of it when the page is out of sight.
    document.addEventListener("visibilitychange", () => { if (this.#wanted) void this.#take(); });
  }

  want(on) {
    if (on === this.#wanted) return;
    this.#wanted = on;
    if (on) void this.#take(); else this.release();
  }

  release() {
    this.#wanted = false;
    void this.#lock?.release().catch(() => {});
    this.#lock = null;
  }

  async #take() {
    if (document.visibilityState !== "visible" || !navigator.wakeLock) return;
    try { this.#lock = await navigator.wakeLock.request("screen"); } catch { this.#lock = null; }
  }
}
