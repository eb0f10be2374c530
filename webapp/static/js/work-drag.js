// Rank lanes: a chip for each answer, dragged from lane to lane; an answer's letter can be dragged there as well.
// Pointer events, so that mouse, pen and touch are one. The radio buttons stay the truth, and the way without a mouse.

const MOVED_PX = 6;
const HALF_A_CHIP_PX = 17;

function laneOf(rank, words) {
  const lane = document.createElement("div");
  lane.className = rank ? "lane" : "lane tray";
  lane.dataset.rank = rank ?? "";
  lane.title = words;
  const name = document.createElement("span");
  name.className = "lane-name";
  name.textContent = rank ?? "–";
  lane.append(name);
  return lane;
}

function chipOf(letter) {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "chip";
  chip.tabIndex = -1;
  chip.dataset.letter = letter;
  chip.textContent = letter;
  return chip;
}

class Lanes {
  constructor(form, order) {
    this.order = order;
    this.place = form.querySelector("#lanes");
    const { lane, tray } = form.dataset;
    this.place.replaceChildren(
      laneOf(null, tray),
      ...order.cards.map((_, i) => laneOf(i + 1, lane.replace("%s", i + 1))),
    );
    this.chips = new Map(order.cards.map((card) => [card, chipOf(card.dataset.letter)]));
  }

  show() {
    for (const [card, chip] of this.chips) {
      this.place.querySelector(`[data-rank="${this.order.rankOf(card) ?? ""}"]`).append(chip);
    }
    for (const lane of this.place.children) lane.classList.toggle("filled", lane.childElementCount > 1);
  }

  at(event) {
    return document.elementFromPoint(event.clientX, event.clientY)?.closest(".lane") ?? null;
  }

  mark(over) {
    for (const lane of this.place.children) lane.classList.toggle("over", lane === over);
  }
}

class Drag {
  constructor(card, event) {
    this.card = card;
    this.from = [event.clientX, event.clientY];
    this.ghost = null; // what follows the pointer, once it has moved far enough to be no click
  }

  move(event) {
    const far = Math.hypot(event.clientX - this.from[0], event.clientY - this.from[1]) > MOVED_PX;
    if (!this.ghost && far) this.lift();
    if (!this.ghost) return false;
    const [x, y] = [event.clientX - HALF_A_CHIP_PX, event.clientY - HALF_A_CHIP_PX];
    this.ghost.style.transform = `translate(${x}px, ${y}px)`;
    return true;
  }

  lift() {
    this.ghost = chipOf(this.card.dataset.letter);
    this.ghost.classList.add("ghost");
    document.body.append(this.ghost);
    document.body.classList.add("dragging");
  }

  drop() {
    this.ghost?.remove();
    document.body.classList.remove("dragging");
  }
}

function gripped(event, order) {
  const grip = event.button === 0 && event.target.closest(".chip, [data-drag]");
  if (!grip) return null;
  return grip.closest(".answer") ?? order.cards.find((card) => card.dataset.letter === grip.dataset.letter);
}

function end(event, drag, lanes, order) {
  drag.drop();
  lanes.mark(null);
  if (event.type === "pointercancel") return;
  const lane = drag.ghost && lanes.at(event);
  if (lane) order.give(drag.card, Number(lane.dataset.rank) || null);
  else if (!drag.ghost && event.target.closest(".chip")) drag.card.focus();
}

export function startDragging(form, order, signal) {
  const lanes = new Lanes(form, order);
  let drag = null;

  form.addEventListener("pointerdown", (event) => {
    const card = gripped(event, order);
    if (card) drag = new Drag(card, event);
  }, { signal });
  document.addEventListener("pointermove", (event) => {
    if (!drag?.move(event)) return;
    event.preventDefault();
    lanes.mark(lanes.at(event));
  }, { signal, passive: false });
  for (const ending of ["pointerup", "pointercancel"]) {
    document.addEventListener(ending, (event) => {
      if (drag) end(event, drag, lanes, order);
      drag = null;
    }, { signal });
  }
  order.onChange(() => lanes.show());
  order.onTurn(() => lanes.show());
  lanes.show();
}
