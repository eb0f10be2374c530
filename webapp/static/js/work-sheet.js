// Tasks of other kinds than ranking: a sheet of fields with a verdict on it. What the ranking page has in its order,
// work-draft.js and work-asked.js find here: who listens to changes, and what is still open.

import { answerWith, goToQuestion } from "./work-asked.js";
import { startDraft } from "./work-draft.js";
import { startShortcuts } from "./work-keys.js";
import { startNear } from "./work-near.js";
import { startPasting } from "./work-pasting.js";

class Sheet {
  constructor(form) {
    this.form = form;
    this.listeners = [];
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  // Nothing here has an order to finish.
  unfinished() {
    return null;
  }

  value(name) {
    return this.form.elements[name]?.value ?? "";
  }

  // Why it cannot be sent yet; nothing when it can. The server checks the same again.
  problem() {
    const { needs, empty, open } = this.form.dataset;
    if (needs && !this.value(needs).trim()) return empty;
    const question = [...this.form.querySelectorAll("[data-needed]")].find((each) => !each.querySelector("input:checked"));
    if (question) return open.replace("%s", question.dataset.name);
    return this.reviewProblem() || this.nearProblem();
  }

  reviewProblem() {
    const { noReason, unchanged } = this.form.dataset;
    const decision = this.value("decision");
    if (decision === "reject" && !this.value("reason").trim()) return noReason;
    const edits = [...this.form.querySelectorAll("#edits textarea")];
    if (decision === "edit" && edits.every((area) => area.value === area.defaultValue)) return unchanged;
    return "";
  }

  nearProblem() {
    const alike = this.form.querySelector("#near .near");
    return alike && !this.form.elements.different.checked ? this.form.dataset.alike : "";
  }

  // What is said of it when it is sent.
  words() {
    const { characters, rated, needs } = this.form.dataset;
    if (characters) {
      const number = [...this.value(needs).trim()].length;
      return number ? characters.replace("%s", number) : "";
    }
    if (rated) return rated.replace("%s", this.form.querySelectorAll("[data-needed] input:checked").length);
    return this.form.querySelector("[name=decision]:checked")?.closest("label").textContent.trim() ?? "";
  }
}

function startSaying(sheet, signal) {
  const { form } = sheet;
  const said = form.querySelector("#order");
  const reason = form.querySelector("#reason");
  const submit = form.querySelector("#submit");

  function show() {
    const problem = sheet.problem();
    said.textContent = sheet.words();
    if (said.textContent || !problem) reason.textContent = problem || form.dataset.ready;
    submit?.setAttribute("aria-disabled", String(Boolean(problem)));
  }

  function refuse(event) {
    if (event.submitter?.hasAttribute("formaction")) return;
    const problem = sheet.problem();
    if (!problem) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    reason.textContent = problem;
    focusOpen(sheet);
  }

  sheet.onChange(show);
  form.addEventListener("submit", refuse, { capture: true, signal });
  show();
}

function focusOpen(sheet) {
  const { form } = sheet;
  if (goToQuestion(sheet)) return;
  const decision = sheet.value("decision");
  const field = decision === "reject" ? form.elements.reason : form.querySelector(decision === "edit" ? "#edits textarea" : "[name=text]");
  const near = form.querySelector("#near .near") && sheet.value("text").trim();
  (near ? form.elements.different : field)?.focus();
}

// As if it were typed, so that the browser's own undo takes it back; `execCommand` is the only way to that.
function fill(form, field, text) {
  form.dispatchEvent(new CustomEvent("sheet:filling", { detail: true }));
  if (!document.execCommand?.("insertText", false, text)) field.value = text;
  form.dispatchEvent(new CustomEvent("sheet:filling", { detail: false }));
}

// The best answer's text, to be changed. What was written before comes back with the browser's own undo.
function startFromBest(sheet, signal) {
  const start = sheet.form.querySelector("[data-start]");
  start?.querySelector("[data-begin]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const { text, started_from: startedFrom } = sheet.form.elements;
    text.focus();
    text.select();
    fill(sheet.form, text, start.querySelector("[data-start-text]").value);
    startedFrom.value = start.dataset.start;
    start.querySelector("[data-started]").hidden = false;
    sheet.changed();
  }, { signal });
}

// A reviewer who chooses to edit finds the prompt unfolded, and one who edits has chosen so.
function startReviewing(sheet, signal) {
  const edits = sheet.form.querySelector("#edits");
  sheet.form.addEventListener("change", (event) => {
    if (event.target.name === "decision" && event.target.value === "edit") edits.open = true;
  }, { signal });
  edits?.addEventListener("input", () => {
    sheet.form.querySelector("[name=decision][value=edit]").checked = true;
  }, { signal });
}

// A digit answers the question that has the focus, or chooses the verdict on a prompt.
function digit(sheet, key, at) {
  if (answerWith(sheet, at, key)) return true;
  const choice = sheet.form.querySelectorAll("[name=decision]")[Number(key) - 1];
  choice?.click();
  choice?.focus();
  return Boolean(choice);
}

export function startSheet(task, form, signal) {
  const sheet = new Sheet(form);
  startReviewing(sheet, signal);
  startPasting(sheet, signal);
  startNear(sheet, signal);
  startFromBest(sheet, signal);
  startSaying(sheet, signal);
  startShortcuts(form, {
    digit: (key, at) => digit(sheet, key, at),
    question: () => goToQuestion(sheet),
  }, signal);
  startDraft(form, sheet, signal);
  form.addEventListener("input", () => sheet.changed(), { signal });
  sheet.onChange(() => { task.dataset.touched = "yes"; });
}
