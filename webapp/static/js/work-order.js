// The order as the person has made it so far: read from the radio buttons, said below them, checked before sending.
// Where a project ranks by several criteria, one of them is the active one: what keys and lanes are for.

import { openQuestion, showStrength } from "./work-asked.js";

export class Order {
  constructor(form) {
    this.form = form;
    this.cards = [...form.querySelectorAll(".answer")];
    this.criteria = [...this.cards[0].querySelectorAll(".ranks")].map((ranks) => ranks.dataset.criterion);
    this.criterion = this.criteria[0];
    this.listeners = [];
    this.turners = [];
  }

  ranks(card, criterion = this.criterion) {
    return [...card.querySelectorAll(".ranks")].find((ranks) => ranks.dataset.criterion === criterion);
  }

  radios(card, criterion) {
    return [...this.ranks(card, criterion).querySelectorAll("input")];
  }

  rankOf(card, criterion) {
    const chosen = this.radios(card, criterion).find((radio) => radio.checked);
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

  onTurn(listener) {
    this.turners.push(listener);
  }

  turnTo(criterion) {
    if (criterion === this.criterion) return;
    this.criterion = criterion;
    for (const listener of this.turners) listener();
  }

  unranked(criterion) {
    return this.cards.filter((card) => this.rankOf(card, criterion) === null);
  }

  // The first criterion by which an answer has no rank yet.
  unfinished() {
    return this.criteria.find((criterion) => this.unranked(criterion).length);
  }

  groups(criterion) {
    const byRank = new Map();
    for (const card of this.cards) {
      const rank = this.rankOf(card, criterion);
      if (rank !== null) byRank.set(rank, [...(byRank.get(rank) ?? []), card.dataset.letter]);
    }
    return [...byRank.keys()].sort((a, b) => a - b).map((rank) => byRank.get(rank));
  }

  // `text` under the criterion's name, where there are several.
  named(criterion, text) {
    const { name } = this.ranks(this.cards[0], criterion).dataset;
    return name && text ? `${name}: ${text}` : text;
  }

  written() {
    const orders = this.criteria.map((criterion) => {
      return this.named(criterion, this.groups(criterion).map((group) => group.join(" = ")).join(" > "));
    });
    return orders.filter(Boolean).join(" · ");
  }

  // Why it cannot be sent yet; nothing when it can. The server checks the same again.
  problem() {
    const none = this.criteria.every((criterion) => this.unranked(criterion).length === this.cards.length);
    if (none && this.form.elements.all_bad.checked) return "";
    const problems = this.criteria.map((criterion) => this.problemOf(criterion));
    return problems.find(Boolean) ?? this.openProblem();
  }

  problemOf(criterion) {
    const words = this.form.dataset;
    const missing = this.unranked(criterion);
    if (missing.length === this.cards.length && words.unranked === "yes") return words.nothingRanked;
    if (missing.length && words.unranked === "no") {
      const letters = missing.map((card) => card.dataset.letter).join(", ");
      return words.missing.replace("%s", this.named(criterion, letters));
    }
    if (words.ties === "no" && this.groups(criterion).some((group) => group.length > 1)) return words.tied;
    return "";
  }

  openProblem() {
    const open = openQuestion(this);
    return open ? this.form.dataset.open.replace("%s", open.dataset.name) : "";
  }
}

export function startOrder(form, signal) {
  const order = new Order(form);
  const said = form.querySelector("#order");
  const reason = form.querySelector("#reason");
  const submit = form.querySelector("#submit");

  function show() {
    showStrength(order);
    const problem = order.problem();
    const text = order.written();
    if (said.textContent !== text) said.textContent = text;
    if (text || !problem) reason.textContent = problem || form.dataset.ready;
    submit?.setAttribute("aria-disabled", String(Boolean(problem)));
    for (const card of order.cards) card.classList.toggle("ranked", order.rankOf(card) !== null);
  }

  function refuse(event) {
    const problem = order.problem();
    if (!problem) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    reason.textContent = problem;
    const criterion = order.unfinished();
    if (criterion) order.turnTo(criterion);
    (order.unranked()[0] ?? openQuestion(order)?.querySelector("input"))?.focus();
  }

  order.onChange(show);
  order.onTurn(show);
  form.addEventListener("change", () => order.changed(), { signal });
  form.addEventListener("submit", refuse, { capture: true, signal });
  show();
  return order;
}
