// The page as a whole: what is chosen, the keys, and what the sandbox says.

import { html, render, useCallback, useEffect, useRef, useState } from "./preact.js";
import { MessageList } from "./list.js";
import { Message } from "./message.js";
import { Gauge, Requests, Troubles, Webhooks } from "./panels.js";
import { listen } from "./service.js";

const PANELS = { messages: "Messages", requests: "Requests", webhooks: "Webhooks", faults: "Faults" };
const HELP = [["j, k", "next, previous message"], ["/", "search"], ["1 to 4", "messages, requests, webhooks, faults"],
  ["t", "light or dark"], ["Esc", "back to the list"], ["?", "these keys"]];

function read() {
  const [panel, ...id] = decodeURIComponent(location.hash.slice(1)).split("/");
  if (panel === "message") return { panel: "messages", chosen: id.join("/") };
  return { panel: panel in PANELS ? panel : "messages", chosen: null };
}

function usePlace() {
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const follow = () => setPlace(read());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return place;
}

const go = (hash) => { location.hash = hash; };
const open = (id) => go(id ? `message/${encodeURIComponent(id)}` : "messages");

function turnTheLights() {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (isDark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("theme", next);
}

const stored = localStorage.getItem("theme");
if (stored) document.documentElement.dataset.theme = stored;

function App() {
  const { panel, chosen } = usePlace();
  const [state, setState] = useState(null);
  const [isLost, setLost] = useState(false);
  const [query, setQuery] = useState("");
  const [said, setSaid] = useState("");
  const [isHelping, setHelping] = useState(false);
  const search = useRef(null);
  const rows = useRef({ rows: [] });

  useEffect(() => listen((told) => { setLost(told === null); if (told) setState(told); }), []);
  const say = useCallback((text) => { setSaid(text); setTimeout(() => setSaid(""), 4000); }, []);

  useEffect(() => {
    const step = (by) => {
      const ids = rows.current.rows.map((row) => row.message_id);
      const at = ids.indexOf(chosen);
      const next = ids[at < 0 ? 0 : Math.max(0, Math.min(ids.length - 1, at + by))];
      if (next) open(next);
    };
    const press = (event) => {
      const isTyping = event.target.matches("input, textarea, select");
      if (event.key === "Escape") { event.target.blur(); setHelping(false); if (!isTyping) open(null); return; }
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      const keys = {
        j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
        "/": () => { go("messages"); search.current?.focus(); }, t: turnTheLights, "?": () => setHelping((on) => !on),
      };
      Object.keys(PANELS).forEach((name, at) => { keys[at + 1] = () => go(name); });
      if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [chosen]);

  if (!state) return html`<p class="empty">${isLost ? "The sandbox does not answer." : ""}</p>`;
  const total = Object.values(state.accepted).reduce((sum, count) => sum + count, 0);
  return html`
    <header class="top">
      <a class="brand" href="#messages"><img src="/inbox/icon.svg" alt="" width="24" height="24" /> StackVerify sandbox</a>
      <nav>${Object.entries(PANELS).map(([name, label]) => html`<a key=${name} href=${`#${name}`}
        aria-current=${panel === name ? "page" : null}>${label}${name === "messages" ? html` <b>${total.toLocaleString()}</b>` : ""}
        ${name === "faults" && state.faults.length > 0 ? html` <b class="alarm">${state.faults.length}</b>` : ""}</a>`)}</nav>
      ${state.keys.slice(0, 1).map((entry) => html`<${Gauge} key=${entry.ends_with} entry=${entry} />`)}
      <span><button class="plain" onClick=${turnTheLights} aria-label="Light or dark" title="Light or dark (t)">◐</button>
      <button class="plain" onClick=${() => setHelping(true)} aria-label="Keys" title="Keys (?)">?</button></span>
    </header>
    ${isLost && html`<p class="lost" role="alert">The sandbox does not answer any more. This is what it said last.</p>`}
    ${panel === "messages" ? html`<main class="inbox" data-reading=${String(chosen !== null)}>
      <div class="side">
        <input type="search" ref=${search} value=${query} onInput=${(event) => setQuery(event.target.value)}
          placeholder="Search: words, to: channel: status: from:" aria-label="Search messages" autocomplete="off" spellcheck=${false} />
        <${MessageList} query=${query} changes=${state.changes} chosen=${chosen} choose=${open}
          onRows=${(page) => { rows.current = page; }} />
      </div>
      ${chosen ? html`<${Message} key=${chosen} id=${chosen} changes=${state.changes} say=${say} close=${() => open(null)} />`
        : html`<div class="nothing"><p class="empty">Choose a message to read it.</p></div>`}
    </main>`
    : panel === "requests" ? html`<main><${Requests} state=${state} /></main>`
    : panel === "webhooks" ? html`<main><${Webhooks} state=${state} say=${say} /></main>`
    : html`<main><${Troubles} state=${state} say=${say} /></main>`}
    <p class="said" role="status" aria-live="polite">${said}</p>
    ${isHelping && html`<dialog open class="help" onClick=${() => setHelping(false)}><h2>Keys</h2>
      <dl>${HELP.map(([keys, does]) => html`<dt key=${keys}><kbd>${keys}</kbd></dt><dd>${does}</dd>`)}</dl></dialog>`}`;
}

render(html`<${App} />`, document.body);
