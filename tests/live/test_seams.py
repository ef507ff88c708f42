"""Holds python-engineio, python-socketio, Flask-SocketIO and gevent to what `live/` overrides and relies on.

When an upgrade makes a test here fail: read what the library changed in the named place, carry it over where it
matters, run tests/live, and only then write the new digest here.
"""

import hashlib
import inspect
from typing import Any

import engineio
import flask_socketio
import pytest
import socketio
from gevent.pywsgi import Input, WSGIHandler, WSGIServer
from gevent.server import StreamServer
from socketio import packet

OVERRIDDEN_OR_CALLED = {
    engineio.Server.handle_request: "79302edd007f",
    engineio.Server._handle_connect: "049f7c2b2c23",
    engineio.Server.send: "982d37995465",
    engineio.Server.disconnect: "3f5faf6e405f",
    engineio.Server._trigger_event: "bc536417c304",
    socketio.Server._handle_connect: "1b0ba130a57d",
    socketio.Server._handle_disconnect: "fb93d61de8cb",
    socketio.Server._handle_event: "3f64c030f25e",
    socketio.Server._handle_event_internal: "37e1c84a6974",
    socketio.Server._handle_ack: "7f114abcf99f",
    socketio.Server._handle_eio_connect: "4be135c046ed",
    socketio.Server._handle_eio_message: "65f309c138d6",
    socketio.Server._handle_eio_disconnect: "5c0002fcdb35",
    socketio.Server._send_packet: "3289b949be8c",
    socketio.Server.disconnect: "a348aff17b8e",
    socketio.Manager.emit: "566510ea2de3",
    socketio.Manager.trigger_callback: "2fb84d8a3eee",
    socketio.Manager.pre_connect: "bfdba4c0c8f1",
    socketio.Manager.connect: "a0214ac7cb24",
    socketio.Manager.basic_enter_room: "3f509586d2d7",
    socketio.Manager.basic_disconnect: "2933b50bc4b2",
    socketio.Manager.get_participants: "7d78ad681c95",
    socketio.Manager._generate_ack_id: "ca3840d6559e",
    packet.Packet.encode: "513c45be7518",
    packet.Packet.decode: "61ad7904b539",
    packet.Packet.add_attachment: "01e024038f3d",
    flask_socketio.SocketIO.init_app: "12a3a6c8e896",
    flask_socketio.SocketIO._handle_event: "70d95a741fbd",
    Input.__init__: "f5bb48e8559a",
    Input._chunked_read: "b2be7abb9d2e",
    Input._discard: "bea0da8a7078",
    Input._do_read: "b786b69167b7",
    WSGIHandler.__init__: "c3d9e1009c3a",
    WSGIHandler._handle_client_error: "a3fbde482b69",
    WSGIHandler._sendall: "fa0861487226",
    WSGIHandler.get_environ: "fbd39b74e42d",
    WSGIHandler.handle: "9e7238affc12",
    WSGIHandler.handle_one_request: "14e946e9fb33",
    WSGIHandler.handle_one_response: "16fcb501fa89",
    WSGIHandler.process_result: "975218538151",
    WSGIHandler.run_application: "46cef793ff43",
    StreamServer.do_close: "728ac328c411",
    StreamServer.do_read: "6cb23b7571a8",
    WSGIServer.handle: "2f3079ba9ee5",
}


@pytest.mark.parametrize("seam", OVERRIDDEN_OR_CALLED, ids=lambda seam: seam.__qualname__)
def test_the_library_is_as_we_read_it(seam: Any) -> None:
    digest = hashlib.sha256(inspect.getsource(seam).encode()).hexdigest()[:12]
    assert digest == OVERRIDDEN_OR_CALLED[seam], (
        f"{seam.__module__}.{seam.__qualname__} has changed (now {digest}), and live/ overrides it or relies on it: "
        "read the change, carry it over, run tests/live, then write the new digest into tests/live/test_seams.py"
    )
