// Hears the answers while they are written: asks for what is new, a few times a second as long as somebody looks.
// When the turn is ready the page's part is fetched, once.

const QUICK_MS = 250;
const SLOW_MS = 1000; // after nothing came for a while
const HIDDEN_MS = 3000;
const AWAY_MS = 2000;
const QUIET_AFTER = 20; // answers without news
const LOADING_AFTER_MS = 6000; // without a word

class Ear {
  constructor(live, signal, swap) {
    this.live = live;
    this.signal = signal;
    this.swap = swap;
    this.bodies = new Map([...live.querySelectorAll("[data-candidate]")].map((body) => [body.dataset.candidate, body]));
    this.take = "";
    this.have = {};
    this.quiet = 0;
    this.timer = null;
    this.loading = setTimeout(() => this.explain(true), LOADING_AFTER_MS);
  }

  explain(is) {
    clearTimeout(this.loading);
    this.live.querySelector("#chat-loading").hidden = !is;
  }

  wait(ms) {
    clearTimeout(this.timer);
    if (!this.signal.aborted) this.timer = setTimeout(() => this.ask(), ms);
  }

  pace() {
    if (document.hidden) return HIDDEN_MS;
    return this.quiet > QUIET_AFTER ? SLOW_MS : QUICK_MS;
  }

  async ask() {
    const query = new URLSearchParams([["take", this.take]]);
    for (const [candidate, length] of Object.entries(this.have)) query.append("have", `${candidate}:${length}`);
    try {
      const answer = await fetch(`${this.live.dataset.hear}?${query}`, {
        headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store", signal: this.signal,
      });
      await this.take_in(answer);
    } catch {
      this.wait(AWAY_MS); // the network is away: the answers are written all the same
    }
  }

  async take_in(answer) {
    if (answer.type === "opaqueredirect" || answer.status === 404) return location.reload();
    if (answer.status === 204) this.quiet += 1;
    if (!answer.ok || answer.status === 204) return this.wait(answer.ok ? this.pace() : AWAY_MS);
    const news = await answer.json();
    if (!["waiting", "answering"].includes(news.state)) return this.fetchAll();
    this.write(news);
    return this.wait(this.pace());
  }

  write({ take, begin, texts, have }) {
    this.quiet = Object.keys(texts).length ? 0 : this.quiet + 1;
    if (Object.keys(texts).length) this.explain(false);
    if (begin) for (const body of this.bodies.values()) body.textContent = "";
    for (const [candidate, piece] of Object.entries(texts)) this.bodies.get(candidate)?.append(piece);
    this.take = take;
    this.have = have;
  }

  async fetchAll() {
    const answer = await fetch(this.live.dataset.again, {
      headers: { "HX-Request": "true" }, redirect: "manual", cache: "no-store", signal: this.signal,
    });
    if (!answer.ok) return this.wait(AWAY_MS);
    const elsewhere = !["BODY", "H2"].includes(document.activeElement.tagName);
    return this.swap(await answer.text(), !elsewhere);
  }
}

export function startHearing(chat, signal, swap) {
  const live = chat.querySelector("#chat-live");
  if (!live) return;
  const ear = new Ear(live, signal, swap);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ear.wait(0); }, { signal });
  signal.addEventListener("abort", () => { clearTimeout(ear.timer); clearTimeout(ear.loading); });
  ear.wait(0);
}
