// A client made by a library from the sandbox's own description: every operation.
import { OpenAPIClientAxios } from "openapi-client-axios";

const { STACKVERIFY_BASE_URL, STACKVERIFY_API_KEY } = process.env;
const definition = new URL("/openapi.json", STACKVERIFY_BASE_URL).href;
const client = await new OpenAPIClientAxios({ definition }).init();
client.defaults.headers.common.Authorization = `Bearer ${STACKVERIFY_API_KEY}`;

const to = "+254712345678";
const sends = [
  [client.sendSms, client.getSmsStatus, { to, message: "one" }],
  [client.sendSms, client.getSmsStatus, { recipients: [to], body: "two" }],
  [
    client.sendEmail,
    client.getEmailStatus,
    { to: "asha@example.org", subject: "three", html: "<p>three</p>" },
  ],
  [
    client.sendWhatsappTemplate,
    client.getWhatsappStatus,
    { to, template_name: "welcome", language: "sw", variables: { 1: "four" } },
  ],
];
const ids = [];
for (const [send, getStatus, body] of sends) {
  const { data: sent } = await send(null, body);
  const { data: told } = await getStatus(sent.message_id);
  ids.push(told.message_id);
}
const { data: listed } = await client.listSms({ per_page: 1 });
console.log(JSON.stringify({ ids, listed: listed.meta.total }));
