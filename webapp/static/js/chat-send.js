// Sends the conversation's forms and puts what comes back in their place. A lost network or a server that is down keeps
// nobody from anything: the same is sent again until it is there, and the server counts it once.

import { meaning, token } from "./work-outbox.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15000;
const PATIENCE_MS = 30000;

function away(is) {
  const said = document.getElementById("chat-network");
  if (said) said.hidden = !is;
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    addEventListener("online", resolve, { once: true, signal });
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); });
  });
}

// The answer, whenever it comes; null when the page has moved on.
async function post(url, body, signal) {
  for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      const answer = await fetch(url, {
        method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS),
        headers: { "HX-Request": "true", "X-CSRFToken": token() },
      });
      if (meaning(answer) !== "away" || answer.status === 501) return answer;
    } catch {
      // the network is away: once more, below
    }
    away(true);
    await pause(wait, signal);
  }
  return null;
}

function busy(chat, is) {
  chat.setAttribute("aria-busy", String(is));
  for (const button of chat.querySelectorAll("button")) button.setAttribute("aria-disabled", String(is));
}

async function send(chat, form, submitter, signal, swap) {
  const body = new FormData(form, submitter);
  busy(chat, true);
  const answer = await post(form.action, body, signal);
  away(false);
  if (answer === null) return;
  busy(chat, false);
  if (answer.ok) chat.dispatchEvent(new Event("chat:sent"));
  if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) location.reload();
  else swap(await answer.text());
}

export function startSending(chat, signal, swap) {
  chat.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.dataset.outbox) return; // that one ends the task: the desk's
    event.preventDefault();
    if (chat.getAttribute("aria-busy") === "true") return;
    send(chat, event.target, event.submitter, signal, swap);
  });
}
