// Rank lanes: a chip for each answer, dragged from lane to lane; an answer's letter can be dragged there as well.
// Pointer events, so that mouse, pen and touch are one. The radio buttons stay the truth, and the way without a mouse.

const MOVED_PX = 6;

function lane(form, rank, words) {
  const place = document.createElement("div");
  place.className = rank ? "lane" : "lane tray";
  place.dataset.rank = rank ?? "";
  place.title = words;
  const name = document.createElement("span");
  name.className = "lane-name";
  name.textContent = rank ?? "–";
  place.append(name);
  return place;
}

function chip(letter) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chip";
  button.tabIndex = -1;
  button.dataset.letter = letter;
  button.textContent = letter;
  return button;
}

export function startDragging(form, order, signal) {
  const lanes = form.querySelector("#lanes");
  const { lane: named, tray } = form.dataset;
  lanes.replaceChildren(
    lane(form, null, tray),
    ...order.cards.map((_, i) => lane(form, i + 1, named.replace("%s", i + 1))),
  );
  const chips = new Map(order.cards.map((card) => [card, chip(card.dataset.letter)]));

  function place() {
    for (const [card, each] of chips) {
      lanes.querySelector(`[data-rank="${order.rankOf(card) ?? ""}"]`).append(each);
    }
    for (const each of lanes.children) each.classList.toggle("filled", each.childElementCount > 1);
  }

  let drag = null;

  function cardOf(target) {
    const grip = target.closest(".chip, [data-drag]");
    if (!grip) return null;
    return grip.closest(".answer") ?? order.cards.find((card) => card.dataset.letter === grip.dataset.letter);
  }

  function laneAt(event) {
    return document.elementFromPoint(event.clientX, event.clientY)?.closest(".lane") ?? null;
  }

  function begin(event) {
    const card = event.button === 0 && cardOf(event.target);
    if (card) drag = { card, x: event.clientX, y: event.clientY, ghost: null };
  }

  function lift() {
    drag.ghost = chip(drag.card.dataset.letter);
    drag.ghost.classList.add("ghost");
    document.body.append(drag.ghost);
    document.body.classList.add("dragging");
  }

  function move(event) {
    if (!drag) return;
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > MOVED_PX;
    if (!drag.ghost && far) lift();
    if (!drag.ghost) return;
    event.preventDefault();
    drag.ghost.style.transform = `translate(${event.clientX - 17}px, ${event.clientY - 17}px)`;
    const over = laneAt(event);
    for (const each of lanes.children) each.classList.toggle("over", each === over);
  }

  function end(event) {
    if (!drag) return;
    const { card, ghost } = drag;
    drag = null;
    ghost?.remove();
    document.body.classList.remove("dragging");
    for (const each of lanes.children) each.classList.remove("over");
    if (event.type === "pointercancel") return;
    const target = ghost && laneAt(event);
    if (target) order.give(card, Number(target.dataset.rank) || null);
    else if (!ghost && event.target.closest(".chip")) card.focus();
  }

  form.addEventListener("pointerdown", begin);
  document.addEventListener("pointermove", move, { signal, passive: false });
  document.addEventListener("pointerup", end, { signal });
  document.addEventListener("pointercancel", end, { signal });
  order.onChange(place);
  place();
}
