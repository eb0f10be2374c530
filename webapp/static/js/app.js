// What every page shares: the menu, the theme switch, and plain words when the network or the session is gone.

const body = document.body;

export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { place.textContent = ""; }, 6000);
}

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

// A session that ended answers with the sign-in page: go there rather than show it inside a fragment.
body.addEventListener("htmx:beforeSwap", (event) => {
  const address = new URL(event.detail.xhr.responseURL || location.href);
  if (!address.pathname.endsWith("/accounts/login/")) return;
  event.detail.shouldSwap = false;
  toast(body.dataset.signedOut);
  address.searchParams.set("next", location.pathname);
  setTimeout(() => { location.href = address; }, 1500);
});

for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  body.addEventListener(name, () => toast(body.dataset.unreachable));
}
