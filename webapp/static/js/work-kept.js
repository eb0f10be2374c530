// What must not get lost, in this browser's storage; in memory where the storage is full or forbidden.

const memory = new Map();

export function keep(key, value) {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(key, text);
    memory.delete(key);
  } catch {
    memory.set(key, text);
  }
}

export function kept(key) {
  const text = memory.get(key) ?? localStorage.getItem(key);
  return text === null ? null : JSON.parse(text);
}

export function forget(key) {
  memory.delete(key);
  localStorage.removeItem(key);
}

export function keysOf(prefix) {
  const all = new Set([...memory.keys(), ...Object.keys(localStorage)]);
  return [...all].filter((key) => key.startsWith(prefix)).sort();
}
