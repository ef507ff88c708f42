"""What the edges of one process share: settings, transactions, tokens, waiting for the journal."""

from dataclasses import dataclass, field

from base.database import Database
from base.settings import Settings
from journal.wakeups import Wakeups
from people.online.online import Online
from people.sign_in.tokens import TokenMaker


@dataclass(frozen=True)
class Runtime:
    """Made once when a process starts."""

    settings: Settings
    database: Database
    tokens: TokenMaker
    wakeups: Wakeups
    online: Online = field(default_factory=Online)
