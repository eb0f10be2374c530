// A closed lid loses nothing: what is being written lies in this browser at once and on the server a moment later.
// Also counts the seconds in which the answers were really looked at.

import { forget, keep, kept } from "./work-kept.js";
import { meaning, outlives, token } from "./work-outbox.js";

const WAIT_MS = 500;
const AGAIN_MS = 5000;

function entered(chat) {
  const values = new Map();
  for (const form of chat.querySelectorAll("#message, #choice, #closing")) {
    for (const [name, value] of new FormData(form)) {
      if (!["csrfmiddlewaretoken", "number"].includes(name)) values.set(name, value);
    }
  }
  return values;
}

// What only this browser has, where the server knows nothing of it: marks of answers that are not here any more are
// passed over.
function restore(chat, values) {
  for (const [name, value] of values) {
    const fields = [...chat.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    const marks = fields.filter((field) => ["radio", "checkbox"].includes(field.type));
    if (marks.length && !marks.some((field) => field.checked)) {
      const meant = marks.find((field) => field.value === value);
      if (meant) meant.checked = true;
    } else if (fields[0] && !marks.length && !fields[0].value) fields[0].value = value;
  }
  if (values.length) chat.querySelector("#choice")?.dispatchEvent(new Event("change"));
}

function startClock(form, signal) {
  let seconds = Number(form.elements.seconds.value) || 0;
  let since = document.hidden ? null : performance.now();
  const read = () => seconds + (since === null ? 0 : (performance.now() - since) / 1000);
  const stamp = () => { form.elements.seconds.value = read().toFixed(1); };
  document.addEventListener("visibilitychange", () => {
    seconds = read();
    since = document.hidden ? null : performance.now();
  }, { signal });
  form.addEventListener("submit", stamp, { capture: true, signal });
  form.addEventListener("input", stamp, { capture: true, signal });
}

export function startKeeping(chat, order, signal) {
  const choice = chat.querySelector("#choice");
  if (choice) startClock(choice, signal);
  if (!chat.dataset.draft) return;
  const key = `prefloop-chat-${chat.dataset.uuid}`;
  let timer = null;

  async function post() {
    clearTimeout(timer);
    timer = null;
    const body = new URLSearchParams([...entered(chat)]);
    const sent = fetch(chat.dataset.draft, {
      method: "POST", body, headers: { "X-CSRFToken": token() }, keepalive: outlives(body), redirect: "manual",
    });
    const answer = await sent.catch(() => null);
    if (signal.aborted) return;
    const means = answer ? meaning(answer) : "away";
    say(means);
    if (means === "done") forget(key);
    else if (means !== "refused") later(AGAIN_MS); // kept in this browser all the same
  }

  function say(state) {
    for (const said of chat.querySelectorAll("#keeping [data-state]")) said.hidden = said.dataset.state !== state;
  }

  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(post, ms);
  }

  restore(chat, kept(key) ?? []);

  function change() {
    chat.closest("#task").dataset.touched = "yes";
    keep(key, [...entered(chat)].filter(([, value]) => value));
    later(WAIT_MS);
  }

  chat.addEventListener("input", change, { signal });
  order?.onChange(change); // a key that gives a rank is no input
  chat.addEventListener("chat:sent", () => forget(key), { signal });
  addEventListener("pagehide", () => { if (timer) post(); }, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
}
