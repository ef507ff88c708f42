"""Socket.IO: connections, rooms and fan-out, fed from the journal in order."""
