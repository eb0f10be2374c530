// The page of one task. Everything here is a convenience over a plain form: work-order.js and its neighbours
// each add one, and each starts anew when the next task is swapped in.

import { startTurning } from "./work-asked.js";
import { startDraft } from "./work-draft.js";
import { startDragging } from "./work-drag.js";
import { startKeys } from "./work-keys.js";
import { startOrder } from "./work-order.js";

const A_YEAR_S = 365 * 24 * 3600;

function remember(name, value) {
  document.cookie = `${name}=${value};path=/;max-age=${A_YEAR_S};samesite=lax`;
}

function startLayout(task) {
  const answers = task.querySelector(".answers");
  const buttons = task.querySelectorAll(".segments [data-layout]");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      answers.dataset.layout = button.dataset.layout;
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      remember("layout", button.dataset.layout);
    });
  }
}

function startGuideline(task) {
  const drawer = task.querySelector("#guideline");
  drawer?.addEventListener("toggle", () => remember("guideline", drawer.open ? "open" : "closed"));
  task.querySelector("#show-guideline")?.addEventListener("click", (event) => {
    event.preventDefault();
    drawer.open = !drawer.open;
    if (drawer.open) drawer.scrollIntoView({ block: "nearest" });
  });
}

function startSkipping(task) {
  const skip = task.querySelector("#skip");
  task.querySelector("#skip-link")?.addEventListener("click", (event) => {
    event.preventDefault();
    skip.open = true;
    skip.scrollIntoView({ block: "center" });
    skip.querySelector("input[type=radio]").focus();
  });
}

let running = null; // what the task on the page listens to outside of itself, ended when the next one comes

function start() {
  running?.abort();
  running = new AbortController();
  const task = document.getElementById("task");
  const form = document.getElementById("ranking");
  if (!form) return;
  document.body.classList.add("scripted");
  for (const hidden of task.querySelectorAll("[data-script]")) hidden.hidden = false;
  startLayout(task);
  startGuideline(task);
  startSkipping(task);
  const order = startOrder(form);
  startTurning(form, order);
  startDragging(form, order, running.signal);
  startKeys(form, order, running.signal);
  startDraft(form, order, running.signal);
}

start();
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id !== "task" && event.detail.elt.id !== "task") return;
  start();
  const problem = document.querySelector("#task .error[role=alert]");
  const heading = document.querySelector("#task h1");
  heading?.focus({ preventScroll: Boolean(problem) });
  problem?.scrollIntoView({ block: "center" });
});
