// The page as a whole: what is chosen, the keys, and what the sandbox says.

import { html, render, useCallback, useEffect, useRef, useState } from "./preact.js";
import { MessageList } from "./list.js";
import { Message } from "./message.js";
import { Gauge, Requests, Troubles, Webhooks } from "./panels.js";
import { listen } from "./service.js";

const PANELS = { messages: "Messages", requests: "Requests", webhooks: "Webhooks", faults: "Faults" };
const HELP = [["j, k, or arrows in the list", "next, previous message"], ["/", "search"], ["1 to 4", "messages, requests, webhooks, faults"],
  ["t", "light or dark"], ["Esc", "back to the list"], ["?", "these keys"]];

function read() {
  const [panel, ...id] = location.hash.slice(1).split("/");
  if (panel === "message") return { panel: "messages", chosen: decoded(id.join("/")) };
  return { panel: Object.hasOwn(PANELS, panel) ? panel : "messages", chosen: null };
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
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

function Help({ close }) {
  const dialog = useRef(null);
  useEffect(() => { dialog.current.showModal(); }, []);
  return html`<dialog class="help" ref=${dialog} onClose=${close}><h2>Keys</h2>
    <dl>${HELP.map(([keys, does]) => html`<dt key=${keys}><kbd>${keys}</kbd></dt><dd>${does}</dd>`)}</dl>
    <form method="dialog"><button>Close</button></form></dialog>`;
}

function App() {
  const { panel, chosen } = usePlace();
  const [state, setState] = useState(null);
  const [isLost, setLost] = useState(false);
  const [query, setQuery] = useState("");
  const [said, setSaid] = useState("");
  const [isHelping, setHelping] = useState(false);
  const search = useRef(null);
  const list = useRef(null);

  useEffect(() => listen((told) => { setLost(told === null); if (told) setState(told); }), []);
  const say = useCallback((text) => { setSaid(text); setTimeout(() => setSaid(""), 4000); }, []);

  useEffect(() => {
    const press = (event) => {
      if (document.querySelector("dialog[open]")) return;  // it has keys of its own
      const isTyping = event.target.matches("input, textarea, select");
      if (event.key === "Escape") { if (isTyping) event.target.blur(); else if (chosen) open(null); return; }
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      const keys = {
        j: () => list.current?.step(1), k: () => list.current?.step(-1),
        "/": () => { go("messages"); search.current?.focus(); }, t: turnTheLights, "?": () => setHelping(true),
      };
      Object.keys(PANELS).forEach((name, at) => { keys[at + 1] = () => go(name); });
      if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [chosen]);

  useEffect(() => {
    document.title = `${chosen ?? PANELS[panel]} · StackVerify sandbox`;
  }, [panel, chosen]);

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
          handle=${list} />
      </div>
      ${chosen ? html`<${Message} key=${chosen} id=${chosen} changes=${state.changes} say=${say} close=${() => open(null)} />`
        : html`<div class="nothing"><p class="empty">Choose a message to read it.</p></div>`}
    </main>`
    : panel === "requests" ? html`<main><${Requests} state=${state} /></main>`
    : panel === "webhooks" ? html`<main><${Webhooks} state=${state} say=${say} /></main>`
    : html`<main><${Troubles} state=${state} say=${say} /></main>`}
    <p class="said" role="status" aria-live="polite">${said}</p>
    ${isHelping && html`<${Help} close=${() => setHelping(false)} />`}`;
}

render(html`<${App} />`, document.body);
