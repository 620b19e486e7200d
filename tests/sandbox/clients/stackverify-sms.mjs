// The vendor's newer Node client, which can only send.
import { StackVerify } from "stackverify-sms";

const client = new StackVerify({
  apiKey: process.env.STACKVERIFY_API_KEY,
  baseUrl: process.env.STACKVERIFY_BASE_URL,
});
const sent = await client.sms.send({
  recipients: ["+254712345678"],
  body: "Habari ☕",
  sender_id: "EXAMPLE",
});
console.log(JSON.stringify({ id: sent.message_id, status: "queued" }));
