// Two answers beside each other, with the words marked that only one of them has: by a line, and for screen readers by
// the elements del and ins, never by colour alone.

import { alike, difference } from "./work-diff.js";

class Differences {
  constructor(dialog) {
    this.dialog = dialog;
    this.one = dialog.querySelector("#differences-one");
    this.other = dialog.querySelector("#differences-other");
    this.texts = dialog.querySelector("#differences-texts");
    this.share = dialog.querySelector("#differences-share");
    for (const choice of [this.one, this.other]) choice.addEventListener("change", () => this.show());
  }

  open(task) {
    this.cards = [...task.querySelectorAll(".answer")];
    const letters = this.cards.map((card) => card.dataset.letter);
    const marked = Math.max(0, this.cards.findIndex((card) => card.matches(".marked")));
    for (const choice of [this.one, this.other]) choice.replaceChildren(...letters.map((letter) => new Option(letter)));
    this.one.selectedIndex = Math.min(marked, letters.length - 2);
    this.other.selectedIndex = this.one.selectedIndex + 1;
    this.show();
    this.dialog.showModal();
  }

  text(letter) {
    return this.cards.find((card) => card.dataset.letter === letter).querySelector(".answer-body").innerText.trim();
  }

  show() {
    const [one, other] = [this.one.value, this.other.value];
    const pieces = difference(this.text(one), this.text(other));
    const { same, alike: words } = this.dialog.dataset;
    const share = Math.round(100 * alike(pieces));
    this.share.textContent = pieces.every(({ kind }) => kind === "same") ? same : words.replace("%s", share);
    this.texts.replaceChildren(this.column(one, pieces, "one", "del"), this.column(other, pieces, "other", "ins"));
  }

  column(letter, pieces, kind, mark) {
    const column = document.createElement("section");
    const heading = document.createElement("h3");
    heading.className = "letter";
    heading.textContent = letter;
    const body = document.createElement("div");
    body.className = "differences-text foreign plain";
    body.dir = "auto";
    for (const piece of pieces) {
      if (piece.kind !== kind && piece.kind !== "same") continue;
      const part = document.createElement(piece.kind === "same" ? "span" : mark);
      part.textContent = piece.text;
      if (piece.kind !== "same") part.title = this.dialog.dataset.only.replace("%s", letter);
      body.append(part);
    }
    column.append(heading, body);
    return column;
  }
}

export function startDifferences(desk) {
  const dialog = document.getElementById("differences");
  const differences = new Differences(dialog);
  desk.addEventListener("click", (event) => {
    if (event.target.closest("#show-differences")) differences.open(document.getElementById("task"));
  });
}
