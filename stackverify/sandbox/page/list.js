// The list of messages: however many there are, only what is in view is drawn.

import { html, useCallback, useEffect, useLayoutEffect, useRef, useState } from "./preact.js";
import { service } from "./service.js";

const ROW = 68;
const MARGIN = 12;
const LOOK_AGAIN = 2000;

export const CHANNELS = { sms: "SMS", email: "Email", whatsapp: "WhatsApp" };

export const clock = (at) =>
  new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export function Status({ status }) {
  return html`<span class="status" data-status=${status}>${status}</span>`;
}

function Row({ row, place, isChosen, choose }) {
  return html`<a class="row" href=${`#message/${row.message_id}`} role="option" aria-selected=${isChosen}
      style=${{ transform: `translateY(${place * ROW}px)` }} data-channel=${row.channel}
      onClick=${(event) => { event.preventDefault(); choose(row.message_id); }}>
    <span class="badge" aria-label=${CHANNELS[row.channel]}>${CHANNELS[row.channel]}</span>
    <span class="to">${row.to}</span>
    <time datetime=${row.at}>${clock(row.at)}</time>
    <span class="title" dir="auto">${row.title || "(no text)"}</span>
    <${Status} status=${row.status} />
  </a>`;
}

// Gives the rows in view of a search, and keeps them fresh.
function useRows(query, changes, first, count) {
  const [page, setPage] = useState({ rows: [], start: 0, matching: 0 });
  const [again, setAgain] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    service.search(query, first, count).then((told) => isCurrent && setPage(told), () => {});
    return () => { isCurrent = false; };
  }, [query, changes, first, count, again]);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setAgain((n) => n + 1), LOOK_AGAIN);
    return () => clearInterval(timer);
  }, []);
  return page;
}

export function MessageList({ query, changes, chosen, choose, onRows }) {
  const box = useRef(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const measure = useCallback(() => {
    const { scrollTop, clientHeight } = box.current;
    setView({ top: scrollTop, height: clientHeight });
  }, []);
  useLayoutEffect(() => {
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => { box.current.scrollTop = 0; }, [query]);

  const step = MARGIN;
  const first = Math.max(0, Math.floor(view.top / ROW / step) * step - MARGIN);
  const count = Math.ceil(view.height / ROW / step) * step + 3 * MARGIN;
  const page = useRows(query, changes, first, count);

  // Who reads further down stays there while new messages arrive on top.
  const before = useRef({ query, matching: 0 });
  useLayoutEffect(() => {
    const grown = page.matching - before.current.matching;
    const isSame = before.current.query === query;
    before.current = { query, matching: page.matching };
    if (isSame && grown > 0 && box.current.scrollTop > ROW) box.current.scrollTop += grown * ROW;
    onRows(page);
  }, [page]);

  return html`<div class="list" ref=${box} onScroll=${measure} role="listbox" aria-label="Messages" tabindex="-1">
    <div style=${{ height: `${page.matching * ROW}px` }}>
      ${page.rows.map((row, at) => html`<${Row} key=${row.message_id} row=${row} place=${page.start + at}
        isChosen=${row.message_id === chosen} choose=${choose} />`)}
    </div>
    ${page.matching === 0 && html`<p class="empty">${query
      ? "No message fits this search."
      : "No messages yet. Send one, and it will appear here."}</p>`}
  </div>`;
}
