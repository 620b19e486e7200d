// What the page asks of the sandbox's test API.

async function ask(path, options) {
  const answer = await fetch(`/sandbox/${path}`, options);
  const told = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(told?.error ?? `The sandbox answered ${answer.status}.`);
  return told;
}

const post = (path, fields) =>
  ask(path, { method: "POST", body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } });
const remove = (path) => ask(path, { method: "DELETE" });

export const service = {
  search: (q, start, limit) => ask(`search?${new URLSearchParams({ q, start, limit })}`),
  message: (id) => ask(`messages/${encodeURIComponent(id)}`),
  deliver: (id, status) => post(`messages/${encodeURIComponent(id)}/status`, { status }),
  requests: () => ask("requests"),
  webhooks: () => ask("webhooks"),
  replay: (number, changed) => post(`webhooks/${number}/replay`, changed),
  reply: (fields) => post("replies", fields),
  faultKinds: () => ask("faults/kinds"),
  addFault: (fault) => post("faults", fault),
  removeFault: (place) => remove(`faults/${place}`),
  advance: (seconds) => post("clock", { advance: seconds }),
  reset: () => post("reset", {}),
};

// Calls `hear` with the state whenever it changes, and with null while nobody answers.
export function listen(hear) {
  const source = new EventSource("/sandbox/events");
  source.onmessage = (event) => hear(JSON.parse(event.data));
  source.onerror = () => hear(null);
  return () => source.close();
}
