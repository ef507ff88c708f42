// How many requests a second the stand-in answers: ADDRESS, HTTP version ("1" or "2"), number of requests. Prints the
// rate. 1,000 requests are under way at any time.
const http = require("node:http");
const http2 = require("node:http2");

const [address, version, total] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const path = "/v1/projects/hereabouts-standin/messages:send";
const authorization = "Bearer node.limit";
const session = version === "2" ? http2.connect(address) : null;
session?.on("connect", () => session.setLocalWindowSize(1 << 24));
const agent = new http.Agent({ keepAlive: true, maxSockets: 1000 });
let begun = 0;
let ended = 0;
const start = process.hrtime.bigint();

function request() {
  if (begun === total) return;
  const body = JSON.stringify({ message: { token: "limit", data: { delivery_id: `limit-${begun++}`, k: "x".repeat(700) } } });
  const sent = session
    ? session.request({ ":method": "POST", ":path": path, authorization })
    : http.request(address + path, { method: "POST", agent, headers: { authorization } }, (answer) => drain(answer));
  if (session) drain(sent);
  sent.end(body);
}

function drain(answer) {
  answer.resume();
  answer.on("end", () => {
    if (++ended < total) return request();
    console.log(total / (Number(process.hrtime.bigint() - start) / 1e9));
    process.exit(0);
  });
}

for (let number = 0; number < 1000; number++) request();
