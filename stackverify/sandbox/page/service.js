// What the page asks of the sandbox's test API.

async function ask(path, options) {
  const answer = await fetch(`/sandbox/${path}`, options);
  const told = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(told?.error ?? `The sandbox answered ${answer.status}.`);
  return told;
}

const get = (path, signal) => ask(path, { signal });
const post = (path, fields) =>
  ask(path, { method: "POST", body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } });
const remove = (path) => ask(path, { method: "DELETE" });

export const service = {
  search: (q, start, limit, signal) => get(`search?${new URLSearchParams({ q, start, limit })}`, signal),
  message: (id, signal) => get(`messages/${encodeURIComponent(id)}/look`, signal),
  deliver: (id, status) => post(`messages/${encodeURIComponent(id)}/status`, { status }),
  requests: (signal) => get("requests?limit=100", signal),
  webhooks: (signal) => get("webhooks?limit=100", signal),
  replay: (number, changed) => post(`webhooks/${number}/replay`, changed),
  reply: (fields) => post("replies", fields),
  faultKinds: (signal) => get("faults/kinds", signal),
  addFault: (fault) => post("faults", fault),
  removeFault: (number) => remove(`faults/${number}`),
  advance: (seconds) => post("clock", { advance: seconds }),
  reset: () => post("reset", {}),
};

// Calls `hear` with the state whenever it changes, and with null while nobody answers.
// Of all tabs one listens and tells the others: a browser has six connections to a host.
export function listen(hear) {
  const over = new AbortController();
  const others = new BroadcastChannel("sandbox");
  others.onmessage = (event) => hear(event.data);
  const tell = (state) => { hear(state); others.postMessage(state); };
  const lead = () => new Promise((resign) => {
    const source = new EventSource("/sandbox/events");
    source.onmessage = (event) => tell(JSON.parse(event.data));
    source.onerror = () => tell(null);
    over.signal.addEventListener("abort", () => { source.close(); resign(); });
  });
  ask("state").then(hear, () => hear(null));
  navigator.locks.request("sandbox", { signal: over.signal }, lead).catch(() => {});
  return () => { over.abort(); others.close(); };
}

// Asks again and again, one at a time, and no more often than it can be answered:
// at once when `changes` grows, every `seconds` besides, and never while out of sight.
export function keepAsking(ask, hear, seconds) {
  const over = new AbortController();
  let isAsking = false;
  let isWanted = false;
  const run = async () => {
    if (document.hidden || over.signal.aborted) return;
    if (isAsking) { isWanted = true; return; }
    isAsking = true;
    const began = performance.now();
    try { hear(await ask(over.signal), null); }
    catch (error) { if (!over.signal.aborted) hear(null, error); }
    const rest = Math.max(100, 2 * (performance.now() - began));
    setTimeout(() => { isAsking = false; if (isWanted) { isWanted = false; run(); } }, rest);
  };
  const timer = seconds ? setInterval(run, seconds * 1000) : null;
  run();
  return { again: run, stop: () => { over.abort(); clearInterval(timer); } };
}
