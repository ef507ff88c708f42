// A socket.io-client, of the package that the argument names, that is told what to do by JSON lines on standard input,
// and tells what happens to it likewise.
const readline = require("node:readline");
const { io } = require(process.argv[2]);

let socket;
const say = (kind, data) => console.log(JSON.stringify({ kind, data: data ?? null }));

function open({ address, token, transports }) {
  socket = io(address, { transports, auth: { token }, reconnectionDelay: 50, reconnectionDelayMax: 200 });
  socket.io.on("open", () => {
    const engine = socket.io.engine;
    say("open", engine.transport.name);
    engine.on("upgrade", () => say("upgrade", engine.transport.name));
  });
  socket.on("connect", () => say("connect", socket.io.engine.transport.name));
  socket.on("connect_error", (error) => say("connect_error", error.data ?? { transport: error.message }));
  socket.on("disconnect", (reason) => say("disconnect", reason));
  socket.onAny((name, data) => say(name, data));
}

const acts = {
  open,
  emit: ({ name, data }) => socket.emit(name, data, (answer) => say("ack", answer)),
  connect: ({ token }) => {
    socket.auth = { token };
    socket.connect();
  },
  close: () => process.exit(0),
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { act, ...rest } = JSON.parse(line);
  acts[act](rest);
});
