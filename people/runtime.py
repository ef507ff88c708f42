"""What the edges of one process share: settings, transactions, tokens, waiting for the journal."""

from dataclasses import dataclass, field

from base import clock
from base.database import Database
from base.sealing import Sealer
from base.settings import Settings
from journal.wakeups import Wakeups
from people.online.online import Online
from people.sign_in.tokens import AccessClaims, TokenMaker


@dataclass(frozen=True)
class Runtime:
    """Made once when a process starts."""

    settings: Settings
    database: Database
    tokens: TokenMaker
    wakeups: Wakeups
    sealer: Sealer
    online: Online = field(default_factory=Online)

    def read_access_token(self, token: str) -> AccessClaims:
        """As `TokenMaker.read_access_token`, by the installation's clock: a process that has not asked for the time yet
        asks first, whatever its machine says."""
        if not clock.is_held():
            with self.database.transaction():
                pass
        return self.tokens.read_access_token(token)
