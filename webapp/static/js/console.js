// Keeps the console up to date while somebody looks: asks the page's own view for the panels that changed.

const PERIOD = 2500;
const AFTER_AN_ERROR = 15000;
const live = document.getElementById("live");
let wait = PERIOD;

function tick() {
  if (!document.hidden) live.dispatchEvent(new Event("console:tick"));
  setTimeout(tick, wait);
}

if (live) {
  setTimeout(tick, PERIOD);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) live.dispatchEvent(new Event("console:tick"));
  });
  live.addEventListener("htmx:afterRequest", (event) => { wait = event.detail.successful ? PERIOD : AFTER_AN_ERROR; });
  // A panel that is replaced keeps open what the reader had opened.
  document.body.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    for (const opened of detail.target.querySelectorAll("details[open][id]")) {
      detail.fragment.getElementById?.(opened.id)?.setAttribute("open", "");
    }
  });
}

// On a phone the tabs scroll: show where one is.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Copies the text of the element that the button names.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    const words = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = words; }, 2000);
  });
}

// What is written as annotators will see it, a moment after the last key.
for (const written of document.querySelectorAll("[data-preview]")) {
  written.addEventListener("input", () => {
    clearTimeout(written.waiting);
    written.waiting = setTimeout(() => written.dispatchEvent(new Event("console:preview")), 400);
  });
}

// Where several forms stand on a page, each with a button of its own, leaving by one of them or by a link asks first
// if another holds changes: they would be lost.
const guarded = [...document.querySelectorAll("form[data-guard]")].map((form) => [form, entered(form)]);
let sent = null;

function entered(form) {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string")).toString();
}

for (const [form] of guarded) form.addEventListener("submit", () => { sent = form; });
addEventListener("beforeunload", (event) => {
  if (guarded.some(([form, before]) => form !== sent && entered(form) !== before)) event.preventDefault();
  sent = null;
});
