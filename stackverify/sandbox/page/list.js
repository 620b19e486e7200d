// The list of messages: however many there are, only what is in view is drawn.

import { html, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "./preact.js";
import { keepAsking, service } from "./service.js";

const ROW = 68;
const MARGIN = 12;
const LOOK_AGAIN = 2;

export const CHANNELS = { sms: "SMS", email: "Email", whatsapp: "WhatsApp" };

export const clock = (at) =>
  new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export function Status({ status }) {
  return html`<span class="status" data-status=${status}>${status}</span>`;
}

// Keeps what `ask` answers fresh.
export function useFresh(ask, changes, seconds, ...asked) {
  const [told, setTold] = useState({ answer: null, error: null });
  const asking = useRef(null);
  useEffect(() => {
    const hear = (answer, error) => setTold((before) => ({ answer: answer ?? before.answer, error }));
    asking.current = keepAsking(ask, hear, seconds);
    return () => asking.current.stop();
  }, asked);
  useEffect(() => { asking.current.again(); }, [changes]);
  return told;
}

function Row({ row, place, isChosen, choose }) {
  return html`<a class="row" href=${`#message/${encodeURIComponent(row.message_id)}`} role="option"
      aria-selected=${String(isChosen)} style=${{ transform: `translateY(${place * ROW}px)` }} data-channel=${row.channel}
      onClick=${(event) => { event.preventDefault(); choose(row.message_id); }}>
    <span class="badge" aria-label=${CHANNELS[row.channel]}>${CHANNELS[row.channel]}</span>
    <bdi class="to">${row.to}</bdi>
    <time datetime=${row.at}>${clock(row.at)}</time>
    <bdi class="title">${row.title || "(no text)"}</bdi>
    <${Status} status=${row.status} />
  </a>`;
}

const NOTHING = { rows: [], start: 0, matching: 0 };
const kept = { query: "", top: 0 };

export function MessageList({ query, changes, chosen, choose, handle }) {
  const box = useRef(null);
  const [view, setView] = useState({ top: kept.query === query ? kept.top : 0, height: 600 });
  const measure = useCallback(() => {
    const { scrollTop, clientHeight } = box.current;
    kept.top = scrollTop;
    setView({ top: scrollTop, height: clientHeight });
  }, []);
  useLayoutEffect(() => {
    const watcher = new ResizeObserver(() => setView((before) => ({ ...before, height: box.current.clientHeight })));
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(view.top / ROW / MARGIN) * MARGIN - MARGIN);
  const count = Math.ceil(view.height / ROW / MARGIN) * MARGIN + 3 * MARGIN;
  const ask = (signal) => service.search(query, first, count, signal);
  const { answer, error } = useFresh(ask, changes, LOOK_AGAIN, query, first, count);
  const page = answer ?? NOTHING;

  // Who reads further down stays there while new messages arrive on top.
  const before = useRef(null);
  useLayoutEffect(() => {
    if (!answer) return;
    const last = before.current;
    before.current = { query, matching: page.matching };
    if (last === null) box.current.scrollTop = view.top;
    else if (last.query !== query) box.current.scrollTop = 0;
    else if (page.matching > last.matching && box.current.scrollTop > ROW)
      box.current.scrollTop += (page.matching - last.matching) * ROW;
    kept.query = query;
  }, [answer]);

  // Steps to the next message, wherever it is, and keeps it in view.
  const at = useRef(0);
  useEffect(() => {
    const place = page.rows.findIndex((row) => row.message_id === chosen);
    if (place >= 0) at.current = page.start + place;
  }, [chosen, answer]);
  useImperativeHandle(handle, () => ({
    step: async (by) => {
      const place = chosen ? Math.max(0, Math.min(page.matching - 1, at.current + by)) : 0;
      const { rows } = await service.search(query, place, 1);
      if (!rows.length) return;
      at.current = place;
      const { scrollTop, clientHeight } = box.current;
      if (place * ROW < scrollTop) box.current.scrollTop = place * ROW;
      if ((place + 1) * ROW > scrollTop + clientHeight) box.current.scrollTop = (place + 1) * ROW - clientHeight;
      choose(rows[0].message_id);
    },
  }), [chosen, page, query]);

  const step = (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) { event.preventDefault(); handle.current.step(by); }
  };
  return html`<div class="list" ref=${box} onScroll=${measure} onKeyDown=${step} role="listbox" aria-label="Messages" tabindex="0">
    <div style=${{ height: `${page.matching * ROW}px` }}>
      ${page.rows.map((row, place) => html`<${Row} key=${row.message_id} row=${row} place=${page.start + place}
        isChosen=${row.message_id === chosen} choose=${choose} />`)}
    </div>
    ${error ? html`<p class="empty">${error.message}</p>` : answer && page.matching === 0 && html`<p class="empty">${query
      ? "No message fits this search."
      : "No messages yet. Send one, and it will appear here."}</p>`}
  </div>`;
}
