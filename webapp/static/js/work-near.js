// Near-copies of what one writes, pointed out while one types. The server searches; here one waits for a pause, and
// asks no more often than it can be of use.

const PAUSE_MS = 700;
const HELD_BACK_MS = 10000;
const SHORTEST = 8; // characters

export function startNear(sheet, signal) {
  const { form } = sheet;
  const place = form.querySelector("#near");
  if (!place || !form.dataset.near) return;
  const different = form.querySelector(".different");
  const fields = [...form.querySelectorAll("textarea")].filter((area) => area.name !== "comment");
  let timer = null;
  let asked = form.elements.text.value;

  function show(html) {
    if (html !== place.innerHTML.trim()) place.innerHTML = html;
    different.hidden = !place.querySelector(".near");
    sheet.changed();
  }

  async function ask() {
    const text = fields.map((field) => field.value).join("\n");
    if (text === asked || signal.aborted) return;
    asked = text;
    if (form.elements.text.value.trim().length < SHORTEST) return show("");
    try {
      const answer = await fetch(form.dataset.near, { method: "POST", body: new FormData(form), redirect: "manual", signal });
      if (answer.ok) show((await answer.text()).trim());
      else if (answer.status === 429) later(HELD_BACK_MS, "");
    } catch {
      later(HELD_BACK_MS, ""); // no network: the server looks again at the end
    }
    return undefined;
  }

  function later(after, forgotten = asked) {
    asked = forgotten;
    clearTimeout(timer);
    timer = setTimeout(ask, after);
  }

  different.hidden = !place.querySelector(".near");
  for (const field of fields) field.addEventListener("input", () => later(PAUSE_MS), { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  if (form.elements.text.value) later(0, "");
}
