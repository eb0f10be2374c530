// On pages without a task: what was sent while the network or the session was gone goes from here as well, and is said.

import { Outbox } from "./work-outbox.js";

const place = document.getElementById("outbox-left");

function line(words, level, address) {
  const said = document.createElement("p");
  said.className = `message ${level}`;
  said.textContent = words;
  if (address) {
    const link = document.createElement("a");
    link.href = address;
    link.textContent = place.dataset.look;
    said.append(" ", link);
  }
  return said;
}

function start() {
  const outbox = new Outbox(place.dataset.person, place.dataset);
  const sent = [];

  function show() {
    const { waiting, refused, state } = outbox;
    const lines = [...sent];
    if (waiting.length && state !== "idle") lines.push(line(place.dataset.waiting.replace("%s", waiting.length), "warning"));
    for (const { said, url } of refused) lines.push(line(place.dataset.refused.replace("%s", said), "error", `${url}../`));
    place.replaceChildren(...lines);
  }

  outbox.addEventListener("done", ({ detail }) => sent.push(line(detail.outcome.words, detail.outcome.level)));
  outbox.addEventListener("change", show);
  show();
  outbox.hurry();
}

if (place) start();
