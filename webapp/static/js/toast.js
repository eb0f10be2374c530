// A sentence at the foot of the page that goes away by itself. A module of its own, without effects when loaded.

let timer = null;

export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => { place.textContent = ""; }, 6000);
}
