// What is very long is folded, with its beginning in sight. Without script all of it is simply there.

const LONGER = 1.25; // folding what hides a line or two would only annoy

function setOpen(part, open, words) {
  part.classList.toggle("folded", !open);
  part.nextElementSibling.textContent = open ? words.fold : words.unfold;
  part.nextElementSibling.setAttribute("aria-expanded", String(open));
}

function foldButton(part, words, signal) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "fold";
  if (part.id) button.setAttribute("aria-controls", part.id);
  button.addEventListener("click", () => setOpen(part, part.classList.contains("folded"), words), { signal });
  part.after(button);
}

function height(part) {
  return Number.parseFloat(getComputedStyle(part).getPropertyValue("--fold")) * 16;
}

// What scrolls by itself can be reached by keyboard, also in browsers that do not see to it. A giant text says so by
// itself: to measure it while it is folded would lay it all out, which takes seconds.
function reach(task) {
  const scrolling = [...task.querySelectorAll("pre, .table-scroll, .plain-text:not(.giant *), .math-block")];
  const over = scrolling.map((part) => part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight);
  for (const part of scrolling.filter((each, i) => over[i])) part.tabIndex = 0;
}

// Once a task is on the page and has its size.
export function startFolding(task, words, signal) {
  const all = task.querySelector("#unfold-all");
  reach(task);
  const parts = [...task.querySelectorAll("[data-fold]")];
  const long = parts.map((part) => part.scrollHeight > height(part) * LONGER); // all measured before any is changed
  const folded = parts.filter((part, i) => long[i]);
  for (const part of folded) {
    if (!part.nextElementSibling?.matches(".fold")) {
      foldButton(part, words, signal);
      setOpen(part, false, words);
    }
    part.addEventListener("focusin", () => setOpen(part, true, words), { signal });
  }
  if (!all) return;
  all.hidden = !folded.length;
  all.addEventListener("click", () => {
    const open = folded.some((part) => part.classList.contains("folded"));
    for (const part of folded) setOpen(part, open, words);
  }, { signal });
}
