// The order as the person has made it so far: read from the radio buttons, said below them, checked before sending.

export class Order {
  constructor(form) {
    this.form = form;
    this.cards = [...form.querySelectorAll(".answer")];
    this.listeners = [];
  }

  radios(card) {
    return [...card.querySelectorAll(".rank input")];
  }

  rankOf(card) {
    const chosen = this.radios(card).find((radio) => radio.checked);
    return chosen?.value ? Number(chosen.value) : null;
  }

  give(card, rank) {
    for (const radio of this.radios(card)) radio.checked = Boolean(rank) && radio.value === String(rank);
    this.changed();
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  unranked() {
    return this.cards.filter((card) => this.rankOf(card) === null);
  }

  groups() {
    const byRank = new Map();
    for (const card of this.cards) {
      const rank = this.rankOf(card);
      if (rank !== null) byRank.set(rank, [...(byRank.get(rank) ?? []), card.dataset.letter]);
    }
    return [...byRank.keys()].sort((a, b) => a - b).map((rank) => byRank.get(rank));
  }

  written() {
    return this.groups().map((group) => group.join(" = ")).join(" > ");
  }

  // Why it cannot be sent yet; nothing when it can. The server checks the same again.
  problem() {
    const words = this.form.dataset;
    const missing = this.unranked();
    const onlyBad = missing.length === this.cards.length && this.form.elements.all_bad.checked;
    if (onlyBad) return "";
    if (missing.length === this.cards.length && words.unranked === "yes") return words.nothingRanked;
    if (missing.length && words.unranked === "no") {
      return words.missing.replace("%s", missing.map((card) => card.dataset.letter).join(", "));
    }
    if (words.ties === "no" && this.groups().some((group) => group.length > 1)) return words.tied;
    return "";
  }
}

export function startOrder(form) {
  const order = new Order(form);
  const said = form.querySelector("#order");
  const reason = form.querySelector("#reason");
  const submit = form.querySelector("#submit");

  function show() {
    const problem = order.problem();
    const text = order.written();
    if (said.textContent !== text) said.textContent = text;
    if (text || !problem) reason.textContent = problem || form.dataset.ready;
    submit.setAttribute("aria-disabled", String(Boolean(problem)));
    for (const card of order.cards) card.classList.toggle("ranked", order.rankOf(card) !== null);
  }

  function refuse(event) {
    const problem = order.problem();
    if (!problem) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    reason.textContent = problem;
    order.unranked()[0]?.focus();
  }

  order.onChange(show);
  form.addEventListener("change", () => order.changed());
  form.addEventListener("submit", refuse, { capture: true });
  show();
  return order;
}
