// What stands beside the messages: requests, webhooks, faults and the time.

import { html, useEffect, useMemo, useState } from "./preact.js";
import { clock, useFresh } from "./list.js";
import { Exchange } from "./message.js";
import { service } from "./service.js";

// How many requests of a key came in the last minute, beside what its tier allows.
export function Gauge({ entry }) {
  const used = entry.minute.reduce((sum, [admitted]) => sum + admitted, 0);
  const share = Math.min(1, used / entry.per_minute);
  const highest = Math.max(1, ...entry.minute.map(([admitted, refused]) => admitted + refused));
  const bar = (count) => (24 * count) / highest;
  return html`<div class="gauge" data-full=${String(share > 0.9)}
      title=${`Key …${entry.ends_with}: ${used} requests in the last minute, ${entry.refused} answered with 429`}>
    <svg viewBox="0 0 120 24" preserveAspectRatio="none" aria-hidden="true">
      ${entry.minute.map(([admitted, refused], at) => html`<g key=${at}>
        <rect x=${at * 2} width="1.6" y=${24 - bar(admitted)} height=${bar(admitted)} />
        <rect class="refused" x=${at * 2} width="1.6" y=${24 - bar(admitted + refused)} height=${bar(refused)} /></g>`)}
    </svg>
    <meter min="0" max=${entry.per_minute} high=${entry.per_minute * 0.9} value=${used} aria-label="Requests this minute"></meter>
    <span><strong>${used}</strong> / ${entry.per_minute} a minute · ${entry.tier}</span>
    <span class="refusals" data-any=${String(entry.refused > 0)}>${entry.refused} × 429</span>
    ${entry.per_month && html`<span class="month">${entry.this_month.toLocaleString()} / ${entry.per_month.toLocaleString()} this month</span>`}
  </div>`;
}

function Replay({ attempt, say }) {
  const [url, setUrl] = useState(attempt.url);
  const [body, setBody] = useState(attempt.body);
  const [isWrong, setWrong] = useState(false);
  const post = (event) => {
    event.preventDefault();
    const changed = { url, ...(body !== attempt.body && { body }), ...(isWrong && { signature: "0".repeat(64) }) };
    service.replay(attempt.number, changed).then(() => say("Posted again."), (error) => say(error.message));
  };
  return html`<form class="replay" onSubmit=${post}>
    <label>To <input name="url" value=${url} onInput=${(event) => setUrl(event.target.value)} /></label>
    <label>Body <textarea name="body" rows="6" spellcheck=${false} value=${body}
      onInput=${(event) => setBody(event.target.value)}></textarea></label>
    <label class="check"><input name="wrong" type="checkbox" checked=${isWrong}
      onChange=${(event) => setWrong(event.target.checked)} /> with a wrong signature</label>
    <button>Post again</button>
  </form>`;
}

function Attempt({ attempt, say }) {
  const fields = attempt.fields ?? {};
  const isTaken = attempt.status >= 200 && attempt.status < 300;
  return html`<details class="attempt">
    <summary><span class="outcome" data-taken=${String(isTaken)}>${attempt.status ?? attempt.failure}</span>
      <span>${fields.event === "delivery_report" ? fields.status : fields.event ?? "edited"}</span>
      <span class="url">${attempt.url}</span>
      <span>${attempt.is_replay ? "replayed" : attempt.attempt > 1 ? `attempt ${attempt.attempt}` : ""}</span>
      <time datetime=${attempt.at}>${clock(attempt.at)}</time></summary>
    ${attempt.padding > 0 && html`<p class="warning">${`It was sent with ${attempt.padding.toLocaleString()} bytes too many.`}</p>`}
    ${attempt.answer && html`<h4>Its answer</h4><pre>${attempt.answer}</pre>`}
    <h4>Change it and post it again</h4><${Replay} attempt=${attempt} say=${say} />
  </details>`;
}

export function Attempts({ attempts, say, none }) {
  if (attempts.length === 0) return html`<p class="empty">${none}</p>`;
  return html`<div class="attempts">${[...attempts].reverse().slice(0, 100).map((attempt) =>
    html`<${Attempt} key=${attempt.number} attempt=${attempt} say=${say} />`)}</div>`;
}

export function Webhooks({ state, say }) {
  const { answer: attempts } = useFresh(service.webhooks, state.changes, null);
  return html`<div class="panel"><h1>Webhooks</h1>
    <p>${state.webhook_url ? html`Posted to <code>${state.webhook_url}</code>, or to a message's own <code>callback_url</code>.`
      : html`Posted to a message's <code>callback_url</code>. Start the sandbox with <code>--webhook-url</code> to have all of them.`}</p>
    ${attempts && html`<${Attempts} attempts=${attempts} say=${say} none="None was posted yet." />`}</div>`;
}

export function Requests({ state }) {
  const { answer: records } = useFresh(service.requests, state.changes, null);
  return html`<div class="panel"><h1>Requests</h1>
    <p>${state.requests.toLocaleString()} came, ${state.refused.toLocaleString()} were answered with 429. The latest:</p>
    <div class="gauges">${state.keys.map((entry) => html`<div key=${entry.ends_with}><code>…${entry.ends_with}</code>${` ${entry.mode}`}
      <${Gauge} entry=${entry} /></div>`)}</div>
    ${records && [...records].reverse().map((record) => html`<details class="attempt" key=${record.request_id}>
      <summary><span class="outcome" data-taken=${String(record.status >= 200 && record.status < 300)}>${record.status ?? "dropped"}</span>
        <span>${record.method}</span><span class="url">${record.path}</span>
        <span>${record.fault ?? ""}</span><time datetime=${record.at}>${clock(record.at)}</time></summary>
      <${Exchange} exchange=${record} /></details>`)}</div>`;
}

const TAKES = { status: ["status"], html: ["status"], rate_limited: ["seconds"], slow: ["seconds"], drip: ["seconds"], report_late: ["seconds"] };
const describe = (fault) => [
  ...(TAKES[fault.kind] ?? []).map((name) => `${name} ${fault[name]}`),
  fault.channel ?? "all channels",
  `${fault.probability * 100} %`,
  ...(fault.count === null ? [] : [`${fault.count} times`]),
].join(", ");
const words = (name) => name.replaceAll("_", " ");

function FaultForm({ kinds, say }) {
  const [kind, setKind] = useState("status");
  const add = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    const number = (name) => (given[name] ? { [name]: Number(given[name]) } : {});
    const fault = { kind, ...(given.channel && { channel: given.channel }), ...number("status"), ...number("seconds"), ...number("count") };
    if (given.percent) fault.probability = Number(given.percent) / 100;
    service.addFault(fault).catch((error) => say(error.message));
  };
  return html`<form class="fault-form" onSubmit=${add}>
    <label>What <select name="kind" value=${kind} onChange=${(event) => setKind(event.target.value)}>
      ${kinds.map((each) => html`<option key=${each} value=${each}>${words(each)}</option>`)}</select></label>
    ${TAKES[kind]?.includes("status") && html`<label>Status <input name="status" type="number" min="400" max="599" value="503" /></label>`}
    ${TAKES[kind]?.includes("seconds") && html`<label>Seconds <input name="seconds" type="number" min="0" max="3600" step="any" value="2" /></label>`}
    <label>Channel <select name="channel"><option value="">all</option><option value="sms">SMS</option>
      <option value="email">Email</option><option value="whatsapp">WhatsApp</option></select></label>
    <label>Percent <input name="percent" type="number" min="0" max="100" step="any" placeholder="100" /></label>
    <label>Times <input name="count" type="number" min="1" placeholder="always" /></label>
    <button>Switch on</button></form>`;
}

function Inbound({ say }) {
  const send = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    service.reply(given).then(() => say("They have written."), (error) => say(error.message));
  };
  return html`<form class="fault-form" onSubmit=${send}>
    <label>From <input name="sender" required placeholder="+254712345678" /></label>
    <label>To <input name="to" value="22141" /></label>
    <label>Channel <select name="channel"><option value="sms">SMS</option><option value="whatsapp">WhatsApp</option></select></label>
    <label>Text <input name="text" value="STOP" /></label><button>Write</button></form>`;
}

function Time({ now }) {
  const [, tick] = useState(0);
  const ahead = useMemo(() => new Date(now) - new Date(), [now]);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return html`<time>${new Date(Date.now() + ahead).toLocaleString()}</time>`;
}

export function Troubles({ state, say }) {
  const { answer: kinds } = useFresh(service.faultKinds, 0, null);
  const advance = (seconds) => () => service.advance(seconds).catch((error) => say(error.message));
  const reset = () => confirm("Forget all messages, webhooks and faults?") && service.reset();
  return html`<div class="panel"><h1>Faults</h1>
    ${kinds && html`<${FaultForm} kinds=${kinds} say=${say} />`}
    ${state.faults.length === 0 ? html`<p class="empty">All goes well.</p>` : html`<ul class="faults">${state.faults.map((fault) => html`<li key=${fault.number}>
      <strong>${words(fault.kind)}</strong><span>${describe(fault)}</span>
      <button aria-label=${`Switch off ${words(fault.kind)}`} onClick=${() => service.removeFault(fault.number).catch((error) => say(error.message))}>Switch off</button></li>`)}</ul>`}
    <h1>Time</h1><p>It is <${Time} now=${state.now} /> in the sandbox.</p>
    <div class="buttons"><button onClick=${advance(60)}>A minute on</button><button onClick=${advance(3600)}>An hour on</button>
      <button onClick=${advance(86400)}>A day on</button></div>
    <h1>Somebody writes</h1><${Inbound} say=${say} />
    ${state.opt_outs.length > 0 && html`<p>Opted out: ${state.opt_outs.join(", ")}</p>`}
    <h1>Begin afresh</h1><div class="buttons"><button onClick=${reset}>Forget everything</button></div></div>`;
}
