// The stand-in FCM of the benchmarks: quick enough not to be what is measured. HTTP/1.1 and HTTP/2 (cleartext, prior
// knowledge) on one port; PORT and DELAY_MS from the environment. It checks nothing but that a request has an access
// token and a message; python -m push.standin is the strict one. GET /standin tells what it has counted, DELETE
// /standin forgets it.
const http = require("node:http");
const http2 = require("node:http2");
const net = require("node:net");

const delay = Number(process.env.DELAY_MS || 50);
let tokens = 0;
let counted;

function reset() {
  counted = { requests: 0, delivered: 0, twice: 0, first: null, last: null, ids: new Set() };
}

// One message: its `data.delivery_id` (or address and `data.n`) tells a second delivery of the same from a first.
function accept(message) {
  const data = message.data || {};
  const id = data.delivery_id || `${message.token || message.fid}/${data.n}`;
  if (counted.ids.has(id)) counted.twice++;
  counted.ids.add(id);
  counted.delivered++;
  counted.last = Date.now() / 1000;
  counted.first ||= counted.last;
  return { name: `projects/hereabouts-standin/messages/${counted.delivered}` };
}

function serve(request, respond) {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => respond(Buffer.concat(parts)));
}

// Calls `send` with a status and an answer, at once or after the delay.
function answer(method, path, authorization, body, send) {
  if (path.endsWith("messages:send")) return deliver(authorization, body, send);
  if (path === "/token") {
    return send(200, { access_token: `node.${++tokens}`, expires_in: 3600, token_type: "Bearer" });
  }
  if (method === "DELETE") reset();
  const { ids, ...numbers } = counted;
  return send(200, { ...numbers, tokens, different: ids.size, cpu_us: process.cpuUsage().user + process.cpuUsage().system });
}

function deliver(authorization, body, send) {
  counted.requests++;
  if (!authorization?.startsWith("Bearer node.")) {
    return send(401, { error: { code: 401, status: "UNAUTHENTICATED", message: "no access token" } });
  }
  const { message, validate_only: dry } = JSON.parse(body);
  const taken = dry ? { name: "projects/hereabouts-standin/messages/fake_message_id" } : accept(message);
  setTimeout(() => send(200, taken), delay);
}

reset();
const type = "application/json; charset=UTF-8";
const first = http.createServer({ keepAlive: true, keepAliveTimeout: 60000 }, (request, response) => {
  serve(request, (body) =>
    answer(request.method, request.url, request.headers.authorization, body, (status, value) => {
      response.writeHead(status, { "content-type": type });
      response.end(JSON.stringify(value));
    }),
  );
});
const second = http2.createServer({ settings: { maxConcurrentStreams: 1000 } });
second.on("stream", (stream, headers) => {
  stream.on("error", () => {});
  serve(stream, (body) =>
    answer(headers[":method"], headers[":path"], headers.authorization, body, (status, value) => {
      if (stream.destroyed) return;
      stream.respond({ ":status": status, "content-type": type });
      stream.end(JSON.stringify(value));
    }),
  );
});
const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.once("readable", () => {
    const start = socket.read();
    if (start === null) return;
    socket.unshift(start);
    (start.toString("latin1", 0, 3) === "PRI" ? second : first).emit("connection", socket);
  });
});
second.on("session", (session) => session.setLocalWindowSize(1 << 20));
second.on("sessionError", () => {});
server.listen(Number(process.env.PORT || 0), "127.0.0.1", 4096, () => console.log(server.address().port));
