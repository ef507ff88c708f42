from collections.abc import Callable
from typing import Any, ParamSpec

_Parameters = ParamSpec("_Parameters")

class Greenlet:
    def kill(self, block: bool = True) -> None: ...

def get_hub() -> Any: ...
def sleep(seconds: float = 0) -> None: ...
def spawn(
    function: Callable[_Parameters, object], *args: _Parameters.args, **kwargs: _Parameters.kwargs
) -> Greenlet: ...
def spawn_later(
    seconds: float,
    function: Callable[_Parameters, object],
    *args: _Parameters.args,
    **kwargs: _Parameters.kwargs,
) -> Greenlet: ...
def signal_handler(
    signalnum: int,
    handler: Callable[_Parameters, object],
    *args: _Parameters.args,
    **kwargs: _Parameters.kwargs,
) -> Any: ...
