// The vendor's Node client: an SMS, and how far it has got.
import StackVerify from "stackverify";

const client = new StackVerify({
  apiKey: process.env.STACKVERIFY_API_KEY,
  baseUrl: process.env.STACKVERIFY_BASE_URL,
});
const sent = await client.sendSMS({
  recipients: ["+254712345678"],
  body: "Habari ☕",
  sender_id: "EXAMPLE",
});
const { status } = await client.getSMSStatus(sent.message_id);
console.log(JSON.stringify({ id: sent.message_id, status }));
