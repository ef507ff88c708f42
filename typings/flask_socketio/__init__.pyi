from collections.abc import Callable
from typing import Any

from flask import Flask
from socketio import Server

class _SocketIOMiddleware:
    engineio_app: Server

class SocketIO:
    # A python-socketio server, of the class that was put in.
    server: Any
    sockio_mw: _SocketIOMiddleware

    def __init__(self, app: Flask | None = None, **kwargs: Any) -> None: ...
    def init_app(self, app: Flask, **kwargs: Any) -> None: ...
    def on_event(self, message: str, handler: Callable[..., Any], namespace: str | None = None) -> None: ...
    def emit(self, event: str, *args: Any, **kwargs: Any) -> None: ...
    def start_background_task(self, target: Callable[..., object], *args: Any, **kwargs: Any) -> Any: ...
