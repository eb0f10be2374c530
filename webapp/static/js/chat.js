// A live conversation. Everything here is a convenience over plain forms: what is sent comes back as the page's part,
// answers are heard while they are written, keys choose. Starts anew with each chat that comes onto the page.

import { startHearing } from "./chat-hear.js";
import { startKeys } from "./chat-keys.js";
import { startKeeping } from "./chat-keep.js";
import { startSending } from "./chat-send.js";
import { startTies } from "./chat-ties.js";
import { startTurning } from "./work-asked.js";
import { startOrder } from "./work-order.js";

let running = null; // what the chat on the page listens to outside of itself

function say(words) {
  const status = document.getElementById("chat-status");
  if (status && status.textContent !== words) status.textContent = words;
}

function reveal(chat) {
  document.body.classList.add("scripted");
  const task = chat.closest("#task");
  for (const hidden of task.querySelectorAll("[data-script]")) hidden.hidden = false;
}

// Where all answers are put in order: the ranking page's own order and what it says of it.
function startRanking(chat, signal) {
  const form = chat.querySelector('#choice[data-mode="rank"]');
  if (!form) return null;
  for (const offered of form.querySelectorAll(".rate-more [data-needed]")) delete offered.dataset.needed;
  const order = startOrder(form, signal);
  startTurning(form, order, signal);
  startTies(form, order);
  return order;
}

// Puts the part that came from the server in place of what is there. Without a conversation in it the task is over.
export function swap(html, focus = true) {
  const came = new DOMParser().parseFromString(html, "text/html");
  const chat = came.getElementById("chat");
  const task = came.getElementById("task");
  if (!task) return location.reload();
  if (!chat || !document.getElementById("chat")) {
    document.getElementById("task").replaceWith(document.importNode(task, true));
    document.querySelector("#task h1")?.focus();
    return start();
  }
  const messages = came.querySelector("#task .messages");
  document.querySelector("#task .messages")?.remove();
  if (messages) document.getElementById("chat-status").before(document.importNode(messages, true));
  document.getElementById("chat").replaceWith(document.importNode(chat, true));
  offerReports(came);
  start();
  return focus ? settle() : undefined;
}

// The answers that can be reported are others now; what somebody has chosen and written there stays.
function offerReports(came) {
  const about = document.getElementById("report-about");
  const fresh = came.getElementById("report-about");
  if (!about || !fresh) return;
  const chosen = about.value;
  about.replaceChildren(...[...fresh.options].map((option) => document.importNode(option, true)));
  about.value = chosen;
  if (about.selectedIndex < 0) about.value = "";
}

// Where one goes on: the field to write in, or what is to be chosen.
function settle() {
  const chat = document.getElementById("chat");
  const problem = chat.querySelector(".message.error");
  const title = chat.querySelector(".turn-open .turn-title");
  const field = chat.querySelector("#message textarea");
  (title ?? field)?.focus({ preventScroll: true });
  (problem ?? chat.querySelector(".turn-open") ?? chat.querySelector("#message") ?? chat.querySelector("#chat-full"))
    ?.scrollIntoView({ block: "nearest" });
  return undefined;
}

export function start() {
  running?.abort();
  running = new AbortController();
  const chat = document.getElementById("chat");
  if (!chat) return;
  const { signal } = running;
  reveal(chat);
  say(chat.dataset.say ?? "");
  startHearing(chat, signal, swap);
  startSending(chat, signal, swap);
  const order = startRanking(chat, signal);
  startKeys(chat, order, signal);
  startKeeping(chat, order, signal);
}

start();
document.addEventListener("desk:shown", start);
