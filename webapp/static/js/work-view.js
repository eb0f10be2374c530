// How the page is looked at: the layout of the answers, the guideline beside them, what is folded out below.

const A_YEAR_S = 365 * 24 * 3600;

function remember(name, value) {
  document.cookie = `${name}=${value};path=/;max-age=${A_YEAR_S};samesite=lax`;
}

function cookie(name) {
  return document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`))?.[1];
}

// Where the grid has one column anyway it is not offered: there one reads below each other, or swipes side by side.
const oneColumn = matchMedia("(max-width: 49rem)");

// A task that was fetched ahead takes the layout that was chosen meanwhile.
export function startLayout(task, signal) {
  const answers = task.querySelector(".answers");
  const buttons = [...task.querySelectorAll(".segments [data-layout]")];

  function show() {
    const { layout } = answers.dataset;
    const shown = layout === "auto" && oneColumn.matches ? "stacked" : layout;
    for (const each of buttons) {
      each.hidden = each.dataset.layout === "auto" && oneColumn.matches;
      each.setAttribute("aria-pressed", String(each.dataset.layout === shown));
    }
  }

  function take(layout) {
    answers.dataset.layout = layout;
    for (const text of answers.querySelectorAll(".answer-body")) {
      if (layout === "row") text.tabIndex = 0; // it scrolls by itself there
      else text.removeAttribute("tabindex");
    }
    show();
  }

  const chosen = cookie("layout") ?? answers.dataset.layout;
  if (buttons.some((button) => button.dataset.layout === chosen)) take(chosen);
  show();
  oneColumn.addEventListener("change", show, { signal });
  for (const button of buttons) {
    button.addEventListener("click", () => {
      take(button.dataset.layout);
      remember("layout", button.dataset.layout);
    }, { signal });
  }
}

// The guideline belongs to the desk, not to the task: it stays open, and where one was reading.
export function startGuideline(desk) {
  const drawer = desk.querySelector("#guideline");
  drawer?.addEventListener("toggle", () => remember("guideline", drawer.open ? "open" : "closed"));
  desk.addEventListener("click", (event) => {
    if (!drawer || !event.target.closest("#show-guideline")) return;
    event.preventDefault();
    drawer.open = !drawer.open;
    if (drawer.open) drawer.scrollIntoView({ block: "nearest" });
  });
  desk.addEventListener("desk:shown", () => {
    const newest = Number(document.getElementById("task").dataset.guideline ?? 0);
    const changed = newest > Number(drawer?.dataset.version ?? 0);
    if (changed) document.getElementById("guideline-changed").hidden = false;
  });
}

// Links to a part of the page that is folded together, such as the reasons for a skip, open it; Escape folds it again
// and leads back to where one was.
export function startOpening(task, signal) {
  for (const link of task.querySelectorAll("[data-opens]")) {
    const part = document.getElementById(link.dataset.opens);
    let before = link;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      if (document.activeElement !== document.body) before = document.activeElement;
      part.open = true;
      part.scrollIntoView({ block: "center" });
      part.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    }, { signal });
    part.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      part.open = false;
      before.focus();
    }, { signal });
  }
}
