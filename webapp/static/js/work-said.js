// What became of the last thing sent, with a way to undo it, and what still waits in this browser.

import { uuidOf } from "./work-desk.js";
import { keepDraft } from "./work-draft.js";

function line(text, level) {
  const message = document.createElement("span");
  message.className = `message ${level}`;
  message.textContent = text;
  return message;
}

function button(words, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button quiet small";
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}

class Said {
  constructor(desk, outbox) {
    this.desk = desk;
    this.outbox = outbox;
    this.words = desk.element.dataset;
    this.place = document.getElementById("said");
    this.box = document.getElementById("outbox");
  }

  sending(entry) {
    this.place.replaceChildren(line(this.words.sending.replace("%s", entry.said), "quiet"), ...this.undoing());
  }

  outcome({ words, level, today }) {
    this.place.replaceChildren(line(words, level), ...this.undoing());
    const shown = this.desk.current.querySelector(".day");
    if (today && shown) shown.innerHTML = today;
    this.today = today;
  }

  undoing() {
    if (!this.desk.previous) return [];
    const undo = button(this.words.undo, () => this.desk.element.dispatchEvent(new Event("desk:undo")));
    undo.id = "undo";
    return [undo];
  }

  note(text) {
    this.place.replaceChildren(line(text, "warning"));
  }

  clear() {
    this.place.replaceChildren();
  }

  // The outbox's state: nothing where all is well.
  waiting() {
    const { state, waiting, refused } = this.outbox;
    const parts = [];
    if (waiting.length && state !== "idle") parts.push(this.waitingLine(state, waiting.length));
    for (const entry of refused) parts.push(this.refusedLine(entry));
    this.box.replaceChildren(...parts);
    this.box.hidden = !parts.length;
  }

  waitingLine(state, number) {
    const words = state === "signed out" ? this.words.signedOut : this.words.waiting;
    const said = line(words.replace("%s", number), "warning");
    if (state !== "signed out") said.append(" ", button(this.words.now, () => this.outbox.hurry()));
    else said.append(" ", button(this.words.signIn, () => location.assign(this.words.work)));
    return said;
  }

  refusedLine(entry) {
    const said = line(`${this.words.refused.replace("%s", entry.said)} ${entry.problem}`, "error");
    said.append(
      button(this.words.openAgain, () => this.openAgain(entry)),
      button(this.words.discard, () => this.outbox.drop(entry.key)),
    );
    return said;
  }

  openAgain(entry) {
    keepDraft(entry.uuid, entry.fields);
    this.outbox.drop(entry.key);
    location.assign(`${this.words.work}${entry.uuid}/`);
  }
}

export function startSaying(desk, outbox) {
  const said = new Said(desk, outbox);
  outbox.addEventListener("change", () => said.waiting());
  outbox.addEventListener("done", (event) => said.outcome(event.detail.outcome));
  // The task on the page in another tab: seen when this one opens, or when that one submits.
  desk.element.addEventListener("desk:elsewhere", () => said.note(said.words.elsewhere));
  addEventListener("storage", ({ key, newValue }) => {
    if (!key?.startsWith(outbox.prefix) || !newValue) return;
    const { uuid, kind } = JSON.parse(newValue);
    if (kind === "judge" && uuid === uuidOf(desk.current)) said.note(said.words.judgedElsewhere);
  });
  said.waiting();
  return said;
}
