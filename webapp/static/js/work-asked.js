// What is asked besides the order: ratings, the strength of preference, and which criterion one ranks by.

function isOpen(group) {
  return !group.disabled && !group.querySelector("input:checked");
}

// The first scale without an answer, once everything is ranked; the server asks for no more than that.
export function openQuestion(order) {
  if (order.unfinished()) return null;
  return [...order.form.querySelectorAll("[data-needed]")].find(isOpen) ?? null;
}

// A tie has no strength of preference.
export function showStrength(order) {
  const strength = order.form.querySelector(".strength");
  if (strength) strength.disabled = !order.unranked(order.criteria[0]).length && order.groups(order.criteria[0]).length < 2;
}

export function goToQuestion(order) {
  const group = openQuestion(order);
  group?.querySelector("input").focus();
  group?.scrollIntoView({ block: "nearest" });
  return Boolean(group);
}

// A digit on a scale that has the focus chooses that step and goes on to the next open question.
export function answerWith(order, at, digit) {
  const group = at.closest("[data-needed]");
  const radio = group && [...group.querySelectorAll("input")].find((each) => each.value === digit);
  if (!group) return false;
  if (radio) {
    radio.checked = true;
    order.changed();
    goToQuestion(order);
  }
  return true;
}

export function startTurning(form, order, signal) {
  const buttons = form.querySelectorAll("[data-turn]");

  function show() {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.turn === order.criterion));
    for (const ranks of form.querySelectorAll(".ranks")) {
      ranks.classList.toggle("active", ranks.dataset.criterion === order.criterion);
    }
  }

  for (const button of buttons) {
    button.addEventListener("click", () => order.turnTo(button.dataset.turn), { signal });
  }
  order.onTurn(show);
  show();
}
