// Where several answers are best the person may say with which of them the conversation goes on; else nobody is asked.

export function startTies(form, order) {
  const asked = form.querySelector("#tied-top");
  if (!asked) return;
  const select = asked.querySelector("select");

  function show() {
    const best = order.groups(order.criteria[0])[0] ?? [];
    asked.hidden = best.length < 2;
    for (const option of select.options) option.hidden = option.disabled = Boolean(option.value) && !best.includes(option.text);
    if (asked.hidden || select.selectedOptions[0]?.disabled) select.value = "";
  }

  order.onChange(show);
  show();
}
