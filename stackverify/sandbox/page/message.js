// One message: how it looks to its recipient, how far it got, and how it came.

import { html, useEffect, useRef, useState } from "./preact.js";
import { CHANNELS, Status, clock, useFresh } from "./list.js";
import { Attempts } from "./panels.js";
import { service } from "./service.js";

const LOOK_AGAIN = 1.5;

const pretty = (text) => {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
};

const code = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

export function Tabs({ names, chosen, choose, label }) {
  return html`<div class="tabs" role="group" aria-label=${label}>
    ${names.map((name) => html`<button key=${name} aria-pressed=${String(name === chosen)}
      onClick=${() => choose(name)}>${name}</button>`)}
  </div>`;
}

function Marked({ text, costs }) {
  const names = Object.fromEntries(costs.map((cost) => [cost.character, cost]));
  const parts = [];
  let plain = "";
  for (const character of text) {
    const cost = names[character];
    if (!cost) { plain += character; continue; }
    parts.push(plain, html`<mark title=${cost.name} data-forces=${String(cost.forces_ucs2)}>${character}</mark>`);
    plain = "";
  }
  return [...parts, plain];
}

function Costs({ segments }) {
  const { encoding, units, room, costs } = segments;
  const count = segments.segments.length;
  const forces = costs.some((cost) => cost.forces_ucs2);
  return html`<div class="costs">
    <p><strong>${count} ${count === 1 ? "segment" : "segments"}</strong>${` · ${encoding} · ${units} of ${room * count} places`}</p>
    ${costs.length > 0 && html`<p>${forces
      ? "Outside the GSM alphabet, so that every character of the text takes two bytes:"
      : "Two places each are taken by:"}</p>
      <ul>${costs.map((cost) => html`<li key=${cost.character}><bdi><mark data-forces=${String(cost.forces_ucs2)}>${cost.character}</mark></bdi>
        ${` ${code(cost.character)} ${cost.name.toLowerCase()}, ${cost.times === 1 ? "once" : `${cost.times} times`}`}</li>`)}</ul>`}
  </div>`;
}

function Sms({ message }) {
  const { segments } = message;
  return html`<div class="phone"><div class="bubble" dir="auto">
      ${segments.segments.map((part, at) => html`<span class="segment" data-odd=${String(at % 2 === 1)}
        title=${`Segment ${at + 1}`}><${Marked} text=${part} costs=${segments.costs} /></span>`)}
    </div><p class="by">from ${message.sender_id ?? "the workspace's default sender"}</p></div>
    <${Costs} segments=${segments} />`;
}

function WhatsApp({ message }) {
  const parts = message.rendered;
  return html`<div class="phone whatsapp"><div class="bubble" dir="auto">
      ${message.header_media_url && html`<p class="media">Media: ${message.header_media_url}</p>`}
      ${parts
        ? parts.map((part) => html`<span class=${part.variable ? "variable" : ""} data-missing=${String(part.is_missing)}
            title=${part.variable ? `Variable ${part.variable}` : null}>${part.text}</span>`)
        : html`<em>The sandbox knows no text of this template in this language.</em>`}
    </div><p class="by">template ${message.template_name}, ${message.language}</p></div>
    ${parts?.some((part) => part.is_missing) && html`<p class="warning">A variable of the template was not given.</p>`}`;
}

function Email({ message }) {
  const views = [message.html !== null && "HTML", message.plain !== null && "Text", "Source"].filter(Boolean);
  const [view, setView] = useState(views[0]);
  const from = [message.from_name, message.from_email && `<${message.from_email}>`].filter(Boolean).join(" ");
  const address = `/sandbox/messages/${encodeURIComponent(message.message_id)}`;
  return html`<dl class="fields">
      <dt>From</dt><dd>${from || "the workspace's default sender"}</dd>
      ${message.reply_to && html`<dt>Reply to</dt><dd>${message.reply_to}</dd>`}
      ${Object.entries(message.headers).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}
    </dl>
    <h2 class="subject" dir="auto">${message.subject}</h2>
    ${message.attachments.length > 0 && html`<ul class="attachments">${message.attachments.map((file, at) => html`<li key=${at}>
      <a href=${`${address}/attachments/${at}`} download>${file.name ?? "attachment"}</a>
      ${" "}<span>${`${file.media_type ?? ""} ${file.size.toLocaleString()} bytes`}</span></li>`)}</ul>`}
    <${Tabs} names=${views} chosen=${view} choose=${setView} label="Views of the email" />
    ${view === "HTML" && html`<iframe class="preview" sandbox="" referrerpolicy="no-referrer" title="The email"
      src=${`${address}/html`}></iframe>`}
    ${view === "Text" && html`<pre class="text" dir="auto">${message.plain}</pre>`}
    ${view === "Source" && html`<pre>${message.html ?? message.plain}</pre>`}`;
}

const LOOKS = { sms: Sms, email: Email, whatsapp: WhatsApp };

function Timeline({ message, act }) {
  return html`<ol class="timeline">${message.timeline.map((move, at) => html`<li key=${at} data-reached=${String(move.is_reached)}>
      <${Status} status=${move.status} /> <time datetime=${move.at}>${clock(move.at)}</time>
      ${move.by_hand && html`<span>by hand</span>`}
      ${!move.is_reached && html`<span>to come</span>`}
      ${move.is_reached && move.error_message && html`<span>${move.error_message}</span>`}
    </li>`)}</ol>
    <div class="buttons" role="group" aria-label="Give it a status">
      ${message.statuses.filter((status) => status !== "queued").map((status) => html`<button key=${status}
        onClick=${() => act(() => service.deliver(message.message_id, status))}>${status}</button>`)}
    </div>`;
}

function Answerer({ message, act }) {
  const [text, setText] = useState("");
  const send = (event) => {
    event.preventDefault();
    act(() => service.reply({ text, sender: message.to, channel: message.channel }));
    setText("");
  };
  return html`<form class="line" onSubmit=${send}>
    <input name="reply" value=${text} onInput=${(event) => setText(event.target.value)} placeholder="Reply as the recipient"
      aria-label="Reply as the recipient" autocomplete="off" />
    <button disabled=${!text}>Reply</button></form>`;
}

export function Exchange({ exchange }) {
  return html`<h4>Request</h4>
    <pre>${exchange.method} ${exchange.path}${"\n"}${exchange.head}${"\n\n"}${pretty(exchange.body)}</pre>
    <h4>Answer</h4>
    <pre>${exchange.status ?? "The connection was dropped."}${"\n\n"}${pretty(exchange.answer)}</pre>
    ${exchange.fault && html`<p class="warning">A fault that was asked for: ${exchange.fault}.</p>`}`;
}

export function Message({ id, changes, say, close }) {
  const heading = useRef(null);
  const { answer: message, error } = useFresh((signal) => service.message(id, signal), changes, LOOK_AGAIN, id);
  useEffect(() => {  // on a phone the list is gone, and with it what had the focus
    if (matchMedia("(max-width: 720px)").matches) heading.current?.focus();
  }, [message !== null]);
  const act = (work) => work().catch((problem) => say(problem.message));
  const Look = message && LOOKS[message.channel];
  return html`<article class="message" data-channel=${message?.channel} aria-busy=${String(!message && !error)}>
    <header>
      <button class="back" onClick=${close} aria-label="Back to the list">←</button>
      ${message && html`<span class="badge">${CHANNELS[message.channel]}</span>
        <h1 tabindex="-1" ref=${heading}><bdi>${message.to}</bdi></h1>
        <${Status} status=${message.status} />`}
      <code>${id}</code>
      ${message?.scheduled_at && html`<span>${`scheduled for ${message.scheduled_at}`}</span>`}
    </header>
    ${error && html`<p class="empty">${error.message}</p>`}
    ${message && html`<section class="look"><${Look} message=${message} key=${id} /></section>
    <section><h3>Statuses</h3><${Timeline} message=${message} act=${act} />
      ${message.channel !== "email" && html`<${Answerer} message=${message} act=${act} />`}</section>
    <section><h3>Webhooks</h3><${Attempts} attempts=${message.webhooks} say=${say}
      none="No webhook was posted for it: it has no callback_url, and the sandbox no webhook_url." /></section>
    <section><h3>As it came</h3><${Exchange} exchange=${message.exchange} /></section>`}
  </article>`;
}
