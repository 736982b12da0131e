/** What this tab remembers from page to page. A browser may forbid storage or have none left: then it is remembered until
    the page goes, and nothing else changes. This is the only module that touches storage. */

const memory = new Map();

/** The remembered text, or null. */
export function recall(name) {
  try {
    return sessionStorage.getItem(name) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

/** Remembers a text. */
export function remember(name, text) {
  memory.set(name, text);
  try {
    sessionStorage.setItem(name, text);
  } catch {
    // Until the page goes.
  }
}

/** Forgets it. */
export function forget(name) {
  memory.delete(name);
  try {
    sessionStorage.removeItem(name);
  } catch {
    // It was never stored.
  }
}
