// Plain fetch: an SMS in the form of the reference, and how far it has got.
const { STACKVERIFY_BASE_URL, STACKVERIFY_API_KEY } = process.env;
const headers = {
  Authorization: `Bearer ${STACKVERIFY_API_KEY}`,
  "Content-Type": "application/json",
};

async function ask(path, fields) {
  const request = fields && { method: "POST", body: JSON.stringify(fields) };
  const response = await fetch(STACKVERIFY_BASE_URL + path, { headers, ...request });
  if (!response.ok) throw new Error(`${response.status} for ${path}`);
  return response.json();
}

const sent = await ask("/sms/send", { to: "+254712345678", message: "Habari ☕" });
const { status } = await ask(`/sms/status/${sent.message_id}`);
console.log(JSON.stringify({ id: sent.message_id, status }));
