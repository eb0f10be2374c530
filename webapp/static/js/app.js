// What every page shares: the menu, the theme switch, and plain words when the network or the session is gone.

import { toast } from "./toast.js";

const body = document.body;

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.querySelector("[data-theme-form]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const chosen = event.submitter;
  if (chosen.value) document.documentElement.dataset.theme = chosen.value;
  else delete document.documentElement.dataset.theme;
  for (const button of chosen.form.querySelectorAll("button")) button.removeAttribute("aria-current");
  chosen.setAttribute("aria-current", "true");
  const form = new FormData(chosen.form, chosen);
  await fetch(chosen.form.action, { method: "POST", body: form, redirect: "manual" });
});

// A session that ended answers with the sign-in page, a new one elsewhere makes this page's forms stale (403): load the
// page anew, which asks to sign in where that is needed. What was entered is kept by work-draft.js.
function startAnew() {
  toast(body.dataset.signedOut);
  setTimeout(() => location.reload(), 1500);
}

body.addEventListener("htmx:beforeSwap", (event) => {
  const address = new URL(event.detail.xhr.responseURL || location.href);
  if (!address.pathname.endsWith("/accounts/login/")) return;
  event.detail.shouldSwap = false;
  startAnew();
});

body.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 403) startAnew();
  else toast(body.dataset.unreachable);
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  body.addEventListener(name, () => toast(body.dataset.unreachable));
}
