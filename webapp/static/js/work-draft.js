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

export function startDraft(form, order, signal) {
  const stamp = startClock(form, signal);
  form.addEventListener("submit", stamp, { capture: true });
  form.addEventListener("htmx:configRequest", (event) => {
    stamp();
    event.detail.parameters.set("seconds", form.elements.seconds.value);
  });
  if (!form.dataset.draft) return;

  const key = `prefloop-draft-${form.dataset.uuid}`;
  const kept = localStorage.getItem(key);
  let timer = null;
  let sending = null; // one at a time, so that an older state never lands after a newer one

  async function send() {
    clearTimeout(timer);
    timer = null;
    await sending;
    const sent = localStorage.getItem(key);
    if (sent === null || signal.aborted) return;
    sending = fetch(form.dataset.draft, { method: "POST", body: new FormData(form), keepalive: true, redirect: "manual" })
      .then((answer) => acknowledge(answer, sent), () => undefined);
    await sending;
  }

  function acknowledge(answer, sent) {
    if (signal.aborted) return; // the task was submitted in the meantime
    if (answer.status === 409) toast(form.dataset.closed);
    if ((answer.ok || answer.status === 409) && localStorage.getItem(key) === sent) localStorage.removeItem(key);
  }

  function keep() {
    stamp();
    localStorage.setItem(key, JSON.stringify(entered(form)));
    clearTimeout(timer);
    timer = setTimeout(send, WAIT_MS);
  }

  if (kept !== null) {
    restore(form, order, JSON.parse(kept));
    send();
  }
  order.onChange(keep);
  form.addEventListener("input", keep);
  form.addEventListener("submit", () => clearTimeout(timer));
  form.addEventListener("htmx:beforeOnLoad", (event) => {
    const { status, responseURL } = event.detail.xhr;
    if (status < 400 && !responseURL.includes("/accounts/login/")) localStorage.removeItem(key);
  });
  addEventListener("pagehide", () => { if (timer) send(); }, { signal });
}
