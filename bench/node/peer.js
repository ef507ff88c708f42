// The reference server, as plain as it is used: every client is in one room, and POST / sends a number of events to it.
// PORT; the body of the request is {"event": {...}, "count": n}.
const http = require("node:http");
const { Server } = require("socket.io");

const server = http.createServer(async (request, response) => {
  if (request.url === "/memory") {
    global.gc?.();
    response.end(String(process.memoryUsage().rss));
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  response.end("ok");
  const { event, count } = JSON.parse(body);
  for (let number = 0; number < count; number++) {
    io.to("everyone").emit("post.created", { ...event, position: number });
    await new Promise(setImmediate);
  }
});
const io = new Server(server, { transports: ["websocket"] });
io.on("connection", (socket) => {
  socket.join("everyone");
  socket.emit("ready", {});
});
server.listen(Number(process.env.PORT), "127.0.0.1", 4096, () => console.log("ready"));
