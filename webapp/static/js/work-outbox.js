// What a person has sent and the server has not acknowledged yet. It lies in the browser's storage, an entry a key, so
// that it survives a reload, a closed lid and a lost session, and goes by itself, in order, until the server has it.
// The server counts the same judgement once, so that sending it again is never wrong.

import { forget, keep, kept, keysOf } from "./work-kept.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30000;
const PATIENCE_MS = 20000;
const KEEPALIVE_BYTES = 60000; // more than browsers let outlive the page is not sent at all where that is asked for

// Whether a request with this body may outlive the page.
export function outlives(body) {
  return body.toString().length < KEEPALIVE_BYTES;
}

export function token() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

function post(entry) {
  const body = new URLSearchParams(entry.fields);
  return fetch(entry.url, {
    method: "POST",
    body,
    headers: { Accept: "application/json", "X-CSRFToken": token() },
    redirect: "manual",
    keepalive: outlives(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

// What an answer means: `done`, `away` (try again), `signed out`, or `refused` for good.
export function meaning(answer) {
  if (answer.ok) return "done";
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return "signed out";
  if (answer.status >= 500 || answer.status === 408 || answer.status === 429) return "away";
  return "refused";
}

async function words(answer) {
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  return isJson ? answer.json() : { words: "", level: "error" };
}

export class Outbox extends EventTarget {
  // `words`: {notYours, noReason}, for people
  constructor(person, words) {
    super();
    this.words = words;
    this.prefix = `prefloop-outbox-${person}-`;
    this.state = "idle";
    this.wait = FIRST_WAIT_MS;
    this.timer = null;
    this.inFlight = null;
    addEventListener("online", () => this.hurry());
    addEventListener("storage", (event) => { if (event.key?.startsWith(this.prefix)) this.tell("change"); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.hurry(); });
  }

  get entries() {
    return keysOf(this.prefix).map((key) => ({ key, ...kept(key) }));
  }

  get waiting() {
    return this.entries.filter((entry) => !entry.problem);
  }

  get refused() {
    return this.entries.filter((entry) => entry.problem);
  }

  // `entry`: {url, fields: [[name, value], …], uuid, said, kind}
  put(entry) {
    const key = `${this.prefix}${String(Date.now()).padStart(15, "0")}-${Math.random().toString(36).slice(2, 8)}`;
    keep(key, entry);
    this.tell("change");
    this.flush();
    return key;
  }

  // Takes back what is not on its way yet; false where that is too late.
  drop(key) {
    if (this.inFlight === key || kept(key) === null) return false;
    forget(key);
    this.tell("change");
    return true;
  }

  hurry() {
    this.wait = FIRST_WAIT_MS;
    if (this.waiting.length) this.flush();
  }

  // One tab at a time sends, each what it finds when its turn comes.
  async flush() {
    clearTimeout(this.timer);
    if (navigator.locks) await navigator.locks.request(`${this.prefix}sending`, () => this.sendAll());
    else if (!this.inFlight) await this.sendAll();
  }

  async sendAll() {
    for (let [entry] = this.waiting; entry; [entry] = this.waiting) {
      this.inFlight = entry.key;
      const state = await this.send(entry);
      this.inFlight = null;
      if (state !== "idle") return this.later(state);
    }
    this.wait = FIRST_WAIT_MS;
    this.become("idle");
  }

  // Answers the state that follows: `idle` where the next one may go.
  async send({ key, ...entry }) {
    let answer;
    try {
      answer = await post(entry);
    } catch {
      return "away";
    }
    const means = meaning(answer);
    if (means === "away" || means === "signed out") return means;
    const outcome = await words(answer);
    if (means === "refused") keep(key, { ...entry, problem: outcome.words || this.why(answer.status) });
    else forget(key);
    this.tell(means, { key, entry, outcome });
    this.tell("change");
    return "idle";
  }

  // Where the server says no more: the task is not theirs who are signed in now, or a proxy spoke in its place.
  why(status) {
    return status === 404 ? this.words.notYours : this.words.noReason.replace("%s", status);
  }

  later(state) {
    this.become(state);
    this.timer = setTimeout(() => this.flush(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  become(state) {
    const before = this.state;
    this.state = state;
    this.tell("change");
    if (state === "idle" && before !== "idle") this.tell("back");
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
