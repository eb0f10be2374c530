// The page of an annotator at work. Everything here is a convenience over plain forms: the desk brings the next task,
// the outbox carries what was sent, and the neighbours of work-order.js make ranking quick. Each starts anew with each
// task. Forms with `data-outbox` go through the outbox: `judge` and `skip` end the task, a `note` does not.

import { startTurning } from "./work-asked.js";
import { startDifferences } from "./work-differences.js";
import { startDraft } from "./work-draft.js";
import { startDragging } from "./work-drag.js";
import { startFolding } from "./work-fold.js";
import { startKeys } from "./work-keys.js";
import { startOrder } from "./work-order.js";
import { startSheet } from "./work-sheet.js";
import { startDesk } from "./work-start.js";
import { startGuideline, startLayout, startOpening } from "./work-view.js";

const desk = document.getElementById("desk");
let running = null; // what the task on the page listens to, ended when the next one comes

function stop() {
  running?.abort();
  running = null;
}

function startRanking(task, form, signal) {
  startLayout(task, signal);
  const order = startOrder(form, signal);
  startTurning(form, order, signal);
  startDragging(form, order, signal);
  startKeys(form, order, signal);
  startDraft(form, order, signal);
  order.onChange(() => { task.dataset.touched = "yes"; });
}

function start(task) {
  stop();
  running = new AbortController();
  document.body.classList.add("scripted");
  // What a chat offers beyond its forms is shown by its own modules, once they are there.
  for (const hidden of task.querySelectorAll("[data-script]:not(#chat *)")) hidden.hidden = false;
  startOpening(task, running.signal);
  startFolding(task, desk.dataset, running.signal);
  const form = task.querySelector("#ranking");
  if (form) startRanking(task, form, running.signal);
  const sheet = task.querySelector("#sheet");
  if (sheet) startSheet(task, sheet, running.signal);
}

startGuideline(desk);
startDifferences(desk);
startDesk(desk, { start, stop });
