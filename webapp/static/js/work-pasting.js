// How a text came about, as a fact for who reads it: characters typed, characters pasted, and the largest piece that was
// pasted. Nothing is forbidden, and what was pasted is not looked at.

const PASTED = new Set(["insertFromPaste", "insertFromDrop", "insertFromPasteAsQuotation", "insertFromYank"]);

export function startPasting(sheet, signal) {
  const { form } = sheet;
  const { typed, pasted, largest } = form.elements;
  if (!typed) return;
  let filling = false; // what the page itself puts in is neither

  function add(field, characters) {
    field.value = Number(field.value || 0) + characters;
  }

  for (const field of [typed, pasted, largest]) field.value ||= 0;
  form.addEventListener("sheet:filling", (event) => { filling = event.detail; }, { signal });
  form.addEventListener("beforeinput", (event) => {
    if (filling || !event.target.matches("textarea")) return;
    const text = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    const number = [...text].length || Number(event.inputType === "insertLineBreak");
    if (PASTED.has(event.inputType)) {
      add(pasted, number);
      largest.value = Math.max(Number(largest.value), number);
    } else if (event.inputType.startsWith("insert") && !event.isComposing) add(typed, number);
  }, { signal });
  // An input method's word counts once, when it is done.
  form.addEventListener("compositionend", (event) => add(typed, [...event.data].length), { signal });
}
