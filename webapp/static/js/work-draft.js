// A closed lid loses nothing: every change is kept in this browser at once and on the server a moment later. Where the
// two differ when the page opens, the newer wins. Also counts the seconds in which the page was really looked at.

import { forget, keep, kept } from "./work-kept.js";
import { meaning, outlives, token } from "./work-outbox.js";
import { toast } from "./toast.js";

const WAIT_MS = 400;
const AGAIN_MS = 5000;

const keyOf = (uuid) => `prefloop-draft-${uuid}`;

export function fieldsOf(form) {
  return [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
}

// Keeps what was entered for a task that is not on the page: shown when it is opened again.
export function keepDraft(uuid, fields) {
  keep(keyOf(uuid), { at: Date.now(), fields });
}

export function forgetDraft(uuid) {
  forget(keyOf(uuid));
}

function restore(form, order, fields) {
  const values = new Map(fields);
  for (const field of form.elements) {
    if (!field.name || field.name === "csrfmiddlewaretoken") continue;
    if (field.type === "radio") field.checked = values.get(field.name) === field.value;
    else if (field.type === "checkbox") field.checked = values.has(field.name);
    else if (values.has(field.name)) field.value = values.get(field.name);
  }
  order.changed();
}

// Answers a function that writes the seconds so far into the form.
function startClock(form, signal) {
  let seconds = Number(form.elements.seconds.value) || 0;
  let since = document.hidden ? null : performance.now();

  function read() {
    if (since === null) return seconds;
    return seconds + (performance.now() - since) / 1000;
  }

  document.addEventListener("visibilitychange", () => {
    seconds = read();
    since = document.hidden ? null : performance.now();
  }, { signal });
  return () => { form.elements.seconds.value = read().toFixed(1); };
}

class Draft {
  constructor(form, signal) {
    this.form = form;
    this.signal = signal;
    this.key = keyOf(form.dataset.uuid);
    this.timer = null;
    this.sending = null; // one at a time, so that an older state never lands after a newer one
  }

  keep() {
    keep(this.key, { at: Date.now(), fields: fieldsOf(this.form) });
    this.send(WAIT_MS);
  }

  send(after) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.post(), after);
  }

  async post() {
    clearTimeout(this.timer);
    this.timer = null;
    await this.sending;
    const draft = kept(this.key);
    if (!draft || draft.saved || this.signal.aborted) return;
    const body = new URLSearchParams([...draft.fields, ["at", draft.at]]);
    const headers = { "X-CSRFToken": token() };
    const { signal } = this; // what was submitted needs no draft any more
    const options = { method: "POST", body, headers, keepalive: outlives(body), redirect: "manual", signal };
    const sent = fetch(this.form.dataset.draft, options);
    this.sending = sent.then((answer) => this.acknowledge(answer, draft), () => signal.aborted || this.wait("away"));
    await this.sending;
  }

  acknowledge(answer, draft) {
    if (this.signal.aborted) return; // the task was submitted in the meantime
    const means = meaning(answer);
    if (means === "away" || means === "signed out") return this.wait(means);
    if (answer.status === 409) toast(this.form.dataset.closed);
    this.say("");
    if (answer.ok && kept(this.key)?.at === draft.at) keep(this.key, { ...draft, saved: true });
  }

  // Only this browser has it: said where one looks while typing, and tried again.
  wait(state) {
    this.say(state);
    this.send(AGAIN_MS);
  }

  say(state) {
    for (const said of this.form.querySelectorAll("#keeping [data-state]")) said.hidden = said.dataset.state !== state;
  }
}

function startKeeping(form, order, stamp, signal) {
  const draft = new Draft(form, signal);
  const found = kept(draft.key);
  if (found && found.at > Number(form.dataset.draftAt || 0)) {
    restore(form, order, found.fields);
    if (!found.saved) draft.send(0);
  }
  const change = () => { stamp(); draft.keep(); };
  order.onChange(change);
  form.addEventListener("input", change, { signal });
  addEventListener("pagehide", () => { if (draft.timer) draft.post(); }, { signal });
  signal.addEventListener("abort", () => clearTimeout(draft.timer));
  form.addEventListener("draft:now", (event) => event.detail.wait(draft.post()), { signal });
}

export function startDraft(form, order, signal) {
  const stamp = startClock(form, signal);
  form.addEventListener("submit", stamp, { capture: true, signal });
  if (form.dataset.draft) startKeeping(form, order, stamp, signal);
}
