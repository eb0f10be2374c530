// Desk, outbox and what is said of both, wired together; and undoing, which needs all three.

import { Desk } from "./work-desk.js";
import { Outbox } from "./work-outbox.js";
import { startSaying } from "./work-said.js";

// What is not on its way yet is just kept back; else the server undoes it, in its turn behind the submit.
function undo(desk, outbox, said) {
  const last = desk.previous;
  if (!last) return;
  const words = desk.element.dataset.undo;
  if (!outbox.drop(last.key)) outbox.put({ url: last.undo, fields: [], uuid: last.uuid, said: words, kind: "undo" });
  desk.takeBack();
  said.clear();
}

// Pausing gives back what is held: first goes what was entered, as far as that takes no long time.
function startPausing(outbox) {
  const form = document.getElementById("pause-form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const going = [outbox.flush()];
    const wait = (promise) => going.push(promise);
    document.getElementById("ranking")?.dispatchEvent(new CustomEvent("draft:now", { detail: { wait } }));
    await Promise.race([Promise.all(going), new Promise((resolve) => { setTimeout(resolve, 2000); })]);
    form.submit();
  });
}

export function startDesk(element, task) {
  const outbox = new Outbox(element.dataset.person, element.dataset);
  const desk = new Desk(element, outbox, task);
  const said = startSaying(desk, outbox);

  element.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.outbox || event.defaultPrevented) return;
    event.preventDefault();
    said.sending(desk.send(form));
  });
  element.addEventListener("desk:undo", () => undo(desk, outbox, said));
  startPausing(outbox);
  desk.open();
  outbox.flush();
}
