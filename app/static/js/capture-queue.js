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
  /** Adds a file; one that waits already is not added again. */
  add: (file) => run("files", "readwrite", (files) => files.add(file)).catch((error) => {
    if (error?.name !== "ConstraintError") throw error;
  }),
  async delete(sha256) {
    const found = await run("files", "readonly", (files) => files.index("sha256").getKey(sha256));
    await run("files", "readwrite", (files) => files.delete(found));
  },
  get: (fact) => run("facts", "readonly", (facts) => facts.get(fact)),
  set: (fact, value) => run("facts", "readwrite", (facts) => facts.put(value, fact)),
};
