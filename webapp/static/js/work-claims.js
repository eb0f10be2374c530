// Which tasks the tabs of this browser have in their hands, so that no two of them show the same by chance. A lock of
// the Web Locks API ends with its tab, however that ends. Where there are none (plain http), each tab knows its own.

const PREFIX = "prefloop-task-";
const mine = new Map(); // uuid → what lets the lock go

// False where another tab has it, and does not let it go within `patienceMs`.
export function claim(uuid, patienceMs = 0) {
  if (!uuid || mine.has(uuid)) return Promise.resolve(true);
  if (!navigator.locks) {
    mine.set(uuid, () => undefined);
    return Promise.resolve(true);
  }
  const options = patienceMs ? { signal: AbortSignal.timeout(patienceMs) } : { ifAvailable: true };
  return new Promise((resolve) => {
    navigator.locks.request(PREFIX + uuid, options, (lock) => {
      if (!lock) return resolve(false);
      const held = new Promise((release) => mine.set(uuid, release));
      resolve(true);
      return held;
    }).catch(() => resolve(false));
  });
}

export function release(uuid) {
  mine.get(uuid)?.();
  mine.delete(uuid);
}

// Of all tabs.
export async function claimed() {
  if (!navigator.locks) return [...mine.keys()];
  const { held } = await navigator.locks.query();
  return held.filter((lock) => lock.name.startsWith(PREFIX)).map((lock) => lock.name.slice(PREFIX.length));
}
