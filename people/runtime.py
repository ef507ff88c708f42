"""What the edges of one process share: settings, transactions, tokens, waiting for the journal."""

from dataclasses import dataclass, field

from base import clock
from base.database import Database
from base.sealing import Sealer
from base.settings import Settings
from journal.wakeups import Wakeups
from people.online.online import Online
from people.services.tokens import ServiceTokens
from people.sign_in.tokens import AccessClaims, TokenMaker


@dataclass(frozen=True)
class Runtime:
    """Made once when a process starts."""

    settings: Settings
    database: Database
    tokens: TokenMaker
    wakeups: Wakeups
    sealer: Sealer
    services: ServiceTokens
    online: Online = field(default_factory=Online)

    def read_access_token(self, token: str) -> AccessClaims:
        """As `TokenMaker.read_access_token`, by the installation's clock and keys."""
        self.begin()
        return self.tokens.read_access_token(token)

    def begin(self) -> None:
        """A process that knows neither the installation's time nor its keys yet asks for them first, whatever its
        machine says; outside of transactions."""
        if not (self.tokens.keys.are_known and clock.is_held()):
            self.tokens.keys.look()
