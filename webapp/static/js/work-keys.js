// Single keys for those who judge hundreds a day. They can be turned off (WCAG 2.1.4) and never act while one types.

import { answerWith, goToQuestion } from "./work-asked.js";

const SWITCH = "prefloop-keys";
const TYPING = "textarea, select, input:not([type=radio]):not([type=checkbox])";
const APART = "#skip, #report, dialog"; // forms of their own, in which no key means the ranking
const NATIVE = "button, a, summary, textarea, input[type=checkbox]";

// Keys that are short for a button or a link of the page.
const CLICKS = {
  s: "skip-link", r: "report-link", u: "look-back", z: "undo", v: "show-differences", o: "unfold-all", p: "pause",
  n: "id_all_bad",
};

function keysAreOn() {
  return localStorage.getItem(SWITCH) !== "off";
}

function startHelp(form, signal) {
  const dialog = document.getElementById("help");
  const chosen = dialog.querySelector("#keys-on");
  chosen.checked = keysAreOn();
  chosen.addEventListener("change", () => localStorage.setItem(SWITCH, chosen.checked ? "on" : "off"), { signal });
  form.querySelector("#show-help").addEventListener("click", () => dialog.showModal(), { signal });
  return dialog;
}

// The answer that the next digit is for: where the focus is, or was last.
class Marker {
  constructor(order) {
    this.order = order;
    this.card = order.cards[0];
  }

  mark(card) {
    this.card = card;
    card.focus();
    card.scrollIntoView({ block: "nearest" });
  }

  step(by) {
    const { cards } = this.order;
    const at = cards.indexOf(this.card) + by;
    this.mark(cards[Math.max(0, Math.min(cards.length - 1, at))]);
  }

  // Gives the rank (0 takes it away) and goes on to the next answer without one, then to the next criterion, then to
  // what else is asked.
  rank(number) {
    const { cards } = this.order;
    if (number > cards.length) return;
    this.order.give(this.card, number);
    if (number === 0) return;
    const rest = this.order.unranked();
    const at = cards.indexOf(this.card);
    if (rest.length) this.mark(rest.find((card) => cards.indexOf(card) > at) ?? rest[0]);
    else if (!this.goOn()) this.mark(this.card);
  }

  goOn() {
    const criterion = this.order.unfinished();
    if (!criterion) return goToQuestion(this.order);
    this.order.turnTo(criterion);
    this.mark(this.order.unranked()[0]);
    return true;
  }

  turn() {
    const { criteria, criterion } = this.order;
    this.order.turnTo(criteria[(criteria.indexOf(criterion) + 1) % criteria.length]);
    this.mark(this.order.unranked()[0] ?? this.order.cards[0]);
  }

  follow(target) {
    const card = target.closest(".answer");
    const ranks = target.closest(".ranks");
    if (card) this.card = card;
    if (ranks) this.order.turnTo(ranks.dataset.criterion);
    for (const each of this.order.cards) each.classList.toggle("marked", each === card);
  }
}

function digit(key, at, marker) {
  if (!answerWith(marker.order, at, key)) marker.rank(Number(key));
}

function press(key, at, marker, dialog) {
  const letter = marker.order.cards.find((card) => card.dataset.letter.toLowerCase() === key.toLowerCase());
  if (/^[0-9]$/.test(key)) digit(key, at, marker);
  else if (letter) marker.mark(letter);
  else if (key === "ArrowLeft") marker.step(-1);
  else if (key === "ArrowRight") marker.step(1);
  else if (key === "x") marker.turn();
  else if (key === "q") goToQuestion(marker.order);
  else if (key === "?") dialog.showModal();
  else return click(CLICKS[key]);
  return true;
}

function click(id) {
  const there = id && document.getElementById(id);
  if (!there) return false;
  there.click();
  return true;
}

// What a key is meant for. A dialog that was closed a moment ago keeps the focus until the page is painted anew.
function aimedAt(event) {
  return event.target.closest("dialog:not([open])") ? document.body : event.target;
}

function submits(event) {
  if (event.key !== "Enter") return false;
  const at = aimedAt(event);
  return event.ctrlKey || (!at.closest(NATIVE) && !at.closest(APART));
}

// Where a key has a meaning of its own: in a field that one types in, among radio buttons, on the skipping form.
function isTaken(event) {
  const at = aimedAt(event);
  if (event.ctrlKey || !keysAreOn() || at.closest(TYPING) || at.closest(APART)) return true;
  return at.matches("input[type=radio]") && event.key.startsWith("Arrow");
}

// The same for a task without an order: `digit(key, at)` and `question()` say whether they knew what to do.
export function startShortcuts(form, { digit: answer, question }, signal) {
  const dialog = startHelp(form, signal);

  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.altKey || event.metaKey || event.isComposing) return;
    const key = event.key.toLowerCase();
    if (key === "enter" && event.ctrlKey) form.requestSubmit();
    else if (isTaken(event)) return;
    else if (key === "?") dialog.showModal();
    else if (!(/^[0-9]$/.test(key) ? answer(key, aimedAt(event)) : key === "q" ? question() : click(CLICKS[key]))) return;
    event.preventDefault();
  }, { signal });
}

export function startKeys(form, order, signal) {
  const dialog = startHelp(form, signal);
  const marker = new Marker(order);

  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.altKey || event.metaKey || event.isComposing) return;
    if (submits(event)) {
      event.preventDefault();
      form.requestSubmit();
    } else if (!isTaken(event) && press(event.key, aimedAt(event), marker, dialog)) event.preventDefault();
  }, { signal });
  form.addEventListener("focusin", (event) => marker.follow(event.target), { signal });
}
