// A closed lid loses nothing: every change goes to the server, and stays in this browser until the server has it.
// Also counts the seconds in which the page was really looked at.

import { toast } from "./toast.js";

const WAIT_MS = 400;

function entered(form) {
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (name !== "csrfmiddlewaretoken") values[name] = value;
  }
  return values;
}

function restore(form, order, kept) {
  for (const field of form.elements) {
    if (field.type === "radio") field.checked = kept[field.name] === field.value;
    else if (field.type === "checkbox") field.checked = field.name in kept;
    else if (field.name in kept) field.value = kept[field.name];
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
    this.key = `prefloop-draft-${form.dataset.uuid}`;
    this.timer = null;
    this.sending = null; // one at a time, so that an older state never lands after a newer one
  }

  keep() {
    localStorage.setItem(this.key, JSON.stringify(entered(this.form)));
    this.wait();
    this.timer = setTimeout(() => this.send(), WAIT_MS);
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  async send() {
    this.wait();
    await this.sending;
    const sent = localStorage.getItem(this.key);
    if (sent === null || this.signal.aborted) return;
    const body = new FormData(this.form);
    this.sending = fetch(this.form.dataset.draft, { method: "POST", body, keepalive: true, redirect: "manual" })
      .then((answer) => this.acknowledge(answer, sent), () => undefined);
    await this.sending;
  }

  acknowledge(answer, sent) {
    if (this.signal.aborted) return; // the task was submitted in the meantime
    if (answer.status === 409) toast(this.form.dataset.closed);
    if ((answer.ok || answer.status === 409) && localStorage.getItem(this.key) === sent) this.forget();
  }

  forget() {
    localStorage.removeItem(this.key);
  }
}

function startKeeping(form, order, stamp, signal) {
  const draft = new Draft(form, signal);
  const kept = localStorage.getItem(draft.key);
  if (kept !== null) {
    restore(form, order, JSON.parse(kept));
    draft.send();
  }
  const keep = () => { stamp(); draft.keep(); };
  order.onChange(keep);
  form.addEventListener("input", keep);
  form.addEventListener("submit", () => draft.wait());
  form.addEventListener("htmx:beforeOnLoad", (event) => {
    const { status, responseURL } = event.detail.xhr;
    if (status < 400 && !responseURL.includes("/accounts/login/")) draft.forget();
  });
  addEventListener("pagehide", () => { if (draft.timer) draft.send(); }, { signal });
}

export function startDraft(form, order, signal) {
  const stamp = startClock(form, signal);
  form.addEventListener("submit", stamp, { capture: true });
  form.addEventListener("htmx:configRequest", (event) => {
    stamp();
    event.detail.parameters.set("seconds", form.elements.seconds.value);
  });
  if (form.dataset.draft) startKeeping(form, order, stamp, signal);
}
