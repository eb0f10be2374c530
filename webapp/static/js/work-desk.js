// What lies before a person: the task on the page, those that were fetched ahead, and the last one, to undo.
// A submit goes to the outbox and the next task is there at once; the server hears of both a moment later.

import { claim, claimed, release } from "./work-claims.js";
import { forgetDraft } from "./work-draft.js";
import { token } from "./work-outbox.js";

const RENEW_MS = 4 * 60 * 1000; // less than the server keeps a task that is only fetched
const LOOK_AGAIN_MS = 15000;
const RELOAD_MS = 400; // a page that is being left holds its tasks for a moment more

export function uuidOf(task) {
  return task?.dataset.uuid ?? task?.querySelector("form[data-uuid]")?.dataset.uuid ?? "";
}

export function isTouched(task) {
  return task.dataset.touched === "yes";
}

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return document.importNode(template.content, true).querySelector("#task");
}

export class Desk {
  // `start(task)` begins what a task on the page needs, `stop()` ends it.
  constructor(element, outbox, { start, stop }) {
    this.element = element;
    this.outbox = outbox;
    this.start = start;
    this.stop = stop;
    this.ahead = [];
    this.previous = null; // {task, key, uuid}: the last that was sent
    this.fetching = false;
    this.asking = null; // the last of the questions for what comes next, which wait for each other
    this.turn = 0; // how many tasks the page has shown
    this.wanted = null; // the turn after which the next one is waited for
    setInterval(() => { if (!document.hidden) this.ask(); }, RENEW_MS);
    outbox.addEventListener("back", () => this.goOn());
    outbox.addEventListener("done", () => this.prefetch());
    addEventListener("pagehide", () => this.leave());
  }

  get current() {
    return document.getElementById("task");
  }

  // The first task, which the page came with. Where another tab has it, this one takes another.
  async open() {
    this.begin();
    const mine = await claim(uuidOf(this.current), RELOAD_MS);
    const chosen = this.element.dataset.chosen === "yes";
    if (this.isSent(uuidOf(this.current))) await this.fetch();
    else if (!mine && !chosen && !isTouched(this.current)) await this.fetch();
    else if (!mine) this.element.dispatchEvent(new Event("desk:elsewhere"));
    return this.prefetch();
  }

  // Whether it waits in the outbox: the server, which has not heard of that, hands the task out again.
  isSent(uuid) {
    return this.outbox.waiting.some((entry) => entry.uuid === uuid && (entry.kind === "judge" || entry.kind === "skip"));
  }

  begin() {
    this.prepare(this.current);
    this.start(this.current);
    if (this.current.dataset.nothing === "empty") setTimeout(() => this.lookAgain(), LOOK_AGAIN_MS);
  }

  // A chat brings modules of its own, by the address that the page of a chat names, so that they run once.
  prepare(task) {
    if (task.querySelector("#chat")) import(this.element.dataset.chat);
  }

  lookAgain() {
    if (this.current.dataset.nothing !== "empty") return;
    if (document.hidden) setTimeout(() => this.lookAgain(), LOOK_AGAIN_MS);
    else this.fetch();
  }

  // Sends a form of the task away; where that ends the task, the next one comes.
  send(form) {
    const task = this.current;
    const { uuid } = form.dataset;
    const kind = form.elements.skip?.checked ? "skip" : form.dataset.outbox;
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    const said = form.querySelector("[data-said]")?.textContent.trim() ?? "";
    const entry = { url: form.getAttribute("action"), fields, uuid: uuid ?? uuidOf(task), said, kind };
    const key = this.outbox.put(entry);
    if (kind === "note") this.done(form);
    else this.leaveTask(task, { key, kind, undo: form.dataset.undo });
    return entry;
  }

  done(form) {
    form.reset();
    const folded = form.closest("details");
    if (folded) folded.open = false;
  }

  leaveTask(task, { key, kind, undo }) {
    this.stop();
    forgetDraft(uuidOf(task));
    this.previous = kind === "judge" && undo ? { task, key, undo, uuid: uuidOf(task) } : null;
    this.advance();
  }

  advance() {
    const next = this.ahead.shift();
    release(uuidOf(this.current));
    if (!next) return this.fetch();
    this.show(next);
    return this.prefetch();
  }

  show(task) {
    this.turn += 1;
    this.stop();
    this.ahead = this.ahead.filter((each) => uuidOf(each) !== uuidOf(task));
    if (this.current !== task) this.current.replaceWith(task);
    task.inert = false;
    history.replaceState(null, "", this.element.dataset.work);
    this.element.dataset.chosen = "no";
    scrollTo(0, 0);
    this.begin();
    task.querySelector("h1")?.focus({ preventScroll: true });
    this.element.dispatchEvent(new CustomEvent("desk:shown", { bubbles: true }));
  }

  // Puts the last task back, as it was; the present one waits behind it.
  takeBack() {
    const { task, uuid } = this.previous;
    this.previous = null;
    if (uuidOf(this.current)) this.ahead.unshift(this.current);
    claim(uuid);
    this.show(task);
  }

  // What the browser has in its hands, this page's own prefetched tasks apart.
  async holding() {
    const unsent = this.outbox.entries.map((entry) => entry.uuid);
    const all = new Set([...await claimed(), ...unsent].filter(Boolean));
    for (const task of this.ahead) all.delete(uuidOf(task));
    return [...all];
  }

  // Where none is ahead: waits for the one that is on its way, or fetches the next.
  async fetch() {
    this.current.inert = true;
    this.wanted = this.turn;
    if (this.fetching) return;
    this.fetching = true;
    this.element.setAttribute("aria-busy", "true");
    await this.asking;
    if (this.isWanted && this.ahead.length) this.show(this.ahead.shift());
    else if (this.isWanted) await this.fetchOne();
    this.fetching = false;
    this.element.removeAttribute("aria-busy");
    this.prefetch();
  }

  // No longer where the last task was taken back meanwhile: what comes then waits behind it.
  get isWanted() {
    return this.wanted === this.turn;
  }

  async fetchOne() {
    const task = await this.fetchMine().catch(() => null);
    const mine = task && await claim(uuidOf(task));
    if (!this.isWanted) {
      if (mine && uuidOf(task)) this.ahead.push(task);
    } else if (task) {
      this.show(task);
      if (!mine) this.element.dispatchEvent(new Event("desk:elsewhere"));
    } else if (task === null) this.stand();
  }

  // The next task, or the page that says why there is none; null where the server does not answer.
  // Two tabs that ask at the same moment are given the same task: the one that claims it later asks once more, now saying
  // that it is held. A person who holds as many as one may is given one of these: what was sent makes room as soon as it
  // has arrived. Given one in hand again all the same, there is no other.
  async fetchMine(held = [], waited = false) {
    const query = new URLSearchParams((await this.holding()).concat(held).map((uuid) => ["holding", uuid]));
    const answer = await fetch(`${this.element.dataset.work}?${query}`, {
      headers: { "HX-Request": "true" }, redirect: "manual", cache: "no-store",
    });
    if (answer.type === "opaqueredirect") return location.assign(this.element.dataset.work);
    if (!answer.ok) return null;
    const task = parsed(await answer.text());
    const uuid = uuidOf(task);
    if (query.getAll("holding").includes(uuid)) {
      if (waited) return task;
      await this.outbox.flush();
      return this.fetchMine(held, true);
    }
    return await claim(uuid) ? task : this.fetchMine([...held, uuid], waited);
  }

  // No network and nothing ahead: the person hears it, and the work goes on by itself when the server is back.
  stand() {
    const waiting = document.getElementById("waiting");
    this.show(waiting.content.firstElementChild.cloneNode(true));
    setTimeout(() => this.goOn(), LOOK_AGAIN_MS / 3);
  }

  goOn() {
    if (this.current.dataset.nothing === "waiting") this.fetch();
    else this.prefetch();
  }

  prefetch() {
    return this.ask(() => !this.ahead.length);
  }

  // Says what the page shows, and gets what comes after it. Where the network is away the outbox says so, and the next
  // submit, or the network's return, asks again. One question at a time, as two would get the same task: each waits for
  // those before it, and sees then whether it is still `needed`.
  ask(needed = () => true) {
    const asking = Promise.resolve(this.asking)
      .then(() => (needed() && !this.fetching && !this.current.dataset.nothing ? this.askAhead() : undefined))
      .catch(() => undefined);
    this.asking = asking;
    return asking;
  }

  async askAhead() {
    const now = uuidOf(this.current);
    const fields = (await this.holding()).map((uuid) => ["holding", uuid]);
    for (const task of this.ahead) fields.push(["have", uuidOf(task)]);
    const body = new URLSearchParams([["now", now], ...fields]);
    const headers = { "X-CSRFToken": token() };
    const answer = await fetch(this.element.dataset.ahead, { method: "POST", body, headers, redirect: "manual" });
    if (answer.status === 409) return this.gone(now);
    if (answer.status !== 200) return undefined;
    return this.put(parsed(await answer.text()));
  }

  async put(task) {
    const uuid = uuidOf(task);
    const known = () => [this.current, ...this.ahead].some((each) => uuidOf(each) === uuid);
    if (!uuid || known() || !await claim(uuid) || known()) return;
    this.prepare(task);
    this.ahead.push(task);
  }

  // Somebody else took the shown task before it was taken up: nothing is lost while nothing was entered.
  gone(uuid) {
    if (uuid === uuidOf(this.current) && !isTouched(this.current)) this.advance();
  }

  leave() {
    if (!this.ahead.length) return;
    const fields = this.ahead.map((task) => ["holding", uuidOf(task)]);
    navigator.sendBeacon(this.element.dataset.leave, new URLSearchParams([...fields, ["csrfmiddlewaretoken", token()]]));
  }
}
