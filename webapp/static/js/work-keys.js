// Single keys for those who judge hundreds a day. They can be turned off (WCAG 2.1.4) and never act while one types.

const SWITCH = "prefloop-keys";
const TYPING = "textarea, select, input:not([type=radio]):not([type=checkbox])";
const NATIVE = "button, a, summary, textarea, input[type=checkbox]";

function keysAreOn() {
  return localStorage.getItem(SWITCH) !== "off";
}

function startHelp(form) {
  const dialog = document.getElementById("help");
  const chosen = dialog.querySelector("#keys-on");
  chosen.checked = keysAreOn();
  chosen.addEventListener("change", () => localStorage.setItem(SWITCH, chosen.checked ? "on" : "off"));
  form.querySelector("#show-help").addEventListener("click", () => dialog.showModal());
  return dialog;
}

export function startKeys(form, order, signal) {
  const dialog = startHelp(form);
  let marked = order.cards[0];

  function mark(card) {
    marked = card;
    card.focus();
    card.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const at = order.cards.indexOf(marked) + by;
    mark(order.cards[Math.max(0, Math.min(order.cards.length - 1, at))]);
  }

  function rank(number) {
    if (number > order.cards.length) return;
    order.give(marked, number);
    const rest = order.unranked();
    const after = order.cards.indexOf(marked);
    const next = rest.find((card) => order.cards.indexOf(card) > after) ?? rest[0];
    mark(next ?? marked);
  }

  const actions = {
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    s: () => document.getElementById("skip-link")?.click(),
    u: () => document.getElementById("look-back")?.click(),
    "?": () => dialog.showModal(),
  };

  function act(event) {
    const letter = order.cards.find((card) => card.dataset.letter.toLowerCase() === event.key.toLowerCase());
    if (/^[0-9]$/.test(event.key)) rank(Number(event.key));
    else if (letter) mark(letter);
    else if (actions[event.key]) actions[event.key]();
    else return;
    event.preventDefault();
  }

  function onKey(event) {
    const at = event.target;
    if (dialog.open || event.altKey || event.metaKey || event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || (!at.closest(NATIVE) && !at.closest("#skip")))) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (event.ctrlKey || !keysAreOn() || at.closest(TYPING) || at.closest("#skip")) return;
    if (at.matches("input[type=radio]") && event.key.startsWith("Arrow")) return;
    act(event);
  }

  document.addEventListener("keydown", onKey, { signal });
  form.addEventListener("focusin", (event) => {
    const card = event.target.closest(".answer");
    if (card) marked = card;
    for (const each of order.cards) each.classList.toggle("marked", each === card);
  });
}
