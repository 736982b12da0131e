/** What waits on this phone, in IndexedDB: one database for each inspection. */

const name = `capture ${location.pathname.split("/").slice(-2)[0]}`;
let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("files", { autoIncrement: true }).createIndex("sha256", "sha256", { unique: true });
      request.result.createObjectStore("facts");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** The result of one request, once its transaction is written. */
async function run(store, mode, act) {
  const transaction = (await open()).transaction(store, mode, { durability: "strict" });
  const request = act(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

export const queue = {
  /** All files that wait, the oldest first. */
  all: () => run("files", "readonly", (files) => files.getAll()),
  /** Adds a file as the next that this phone signs, all at once or not at all. Answers whether it was: it is not when another
      page of this phone took that number meanwhile. One that waits already is not added again, and takes no number. */
  async add(file, number, digest) {
    const transaction = (await open()).transaction(["files", "facts"], "readwrite", { durability: "strict" });
    const facts = transaction.objectStore("facts");
    let taken = false;
    facts.get("number").onsuccess = ({ target }) => {
      taken = (target.result ?? 0) !== number - 1;
      if (taken) return;
      transaction.objectStore("files").add(file);
      facts.put(number, "number");
      facts.put(digest, "previous");
    };
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(!taken);
      transaction.onabort = () => (transaction.error?.name === "ConstraintError" ? resolve(true) : reject(transaction.error));
    });
  },
  async delete(sha256) {
    const found = await run("files", "readonly", (files) => files.index("sha256").getKey(sha256));
    if (found !== undefined) await run("files", "readwrite", (files) => files.delete(found)); // else another page has
  },
  get: (fact) => run("facts", "readonly", (facts) => facts.get(fact)),
  /** The fact that stands there, which is this value where there was none. */
  async first(fact, value) {
    const transaction = (await open()).transaction("facts", "readwrite", { durability: "strict" });
    const facts = transaction.objectStore("facts");
    let first = value;
    facts.get(fact).onsuccess = ({ target }) => {
      if (target.result === undefined) facts.put(value, fact);
      else first = target.result;
    };
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(first);
      transaction.onabort = () => reject(transaction.error);
    });
  },
  set: (fact, value) => run("facts", "readwrite", (facts) => facts.put(value, fact)),
};
