// Single keys: Enter sends, a digit chooses or ranks. They can be turned off (WCAG 2.1.4) and never act while one types.

const SWITCH = "prefloop-keys"; // the ranking page's switch: one wish for both
const TYPING = "textarea, select, input:not([type=radio]):not([type=checkbox])";
const OPENS = { s: "skip", r: "report" };
const CLICKS = { p: "pause", u: "look-back" };
const touch = matchMedia("(pointer: coarse)");

function keysAreOn() {
  return localStorage.getItem(SWITCH) !== "off";
}

function startHelp(task, signal) {
  const dialog = task.querySelector("#chat-help");
  const chosen = dialog.querySelector("#chat-keys-on");
  chosen.checked = keysAreOn();
  chosen.addEventListener("change", () => localStorage.setItem(SWITCH, chosen.checked ? "on" : "off"), { signal });
  task.querySelector("#show-chat-help").addEventListener("click", () => dialog.showModal(), { signal });
  return dialog;
}

// Enter sends, as everywhere people chat; not in the middle of composing Chinese, and not on a phone's keyboard.
function startEnter(chat, signal) {
  const field = chat.querySelector("#message textarea");
  field?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    if (event.shiftKey || event.altKey || (touch.matches && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    if (field.value.trim()) field.form.requestSubmit();
  }, { signal });
}

// On a scale that has the focus a digit is a step of it; a radio is also reached with the arrows.
function answers(event) {
  const scale = event.target.closest(".scale");
  const radio = scale && [...scale.querySelectorAll("input")].find((each) => each.value === event.key);
  radio?.click();
  return Boolean(scale);
}

// The digit's answer is chosen; where all are ranked, the marked answer gets that rank and the next one is marked.
function press(chat, order, number) {
  if (!order) return chat.querySelectorAll(".pick")[number - 1]?.click();
  const card = document.activeElement.closest(".answer") ?? order.unranked()[0] ?? order.cards[0];
  if (number > order.cards.length) return undefined;
  order.give(card, number);
  return (order.unranked()[0] ?? chat.querySelector("#submit")).focus();
}

function open(id) {
  const part = document.getElementById(id);
  if (!part) return;
  part.open = true;
  part.scrollIntoView({ block: "center" });
  part.querySelector("select, input:not([type=hidden])")?.focus();
}

export function startKeys(chat, order, signal) {
  const dialog = startHelp(chat.closest("#task"), signal);
  startEnter(chat, signal);
  document.addEventListener("keydown", (event) => {
    if (dialog.open || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (!keysAreOn() || event.target.closest(TYPING) || event.target.closest("#skip, #report")) return;
    const key = event.key.toLowerCase();
    if (key === "?") dialog.showModal();
    else if (key in OPENS) open(OPENS[key]);
    else if (key in CLICKS) document.getElementById(CLICKS[key])?.click();
    else if (!/^[1-9]$/.test(event.key)) return;
    else if (!answers(event)) press(chat, order, Number(event.key));
    event.preventDefault();
  }, { signal });
}
