"""Access tokens of a phone's own session, as clocks and keys that differ would make them."""

from datetime import timedelta

from base import clock
from deploy.local.phone import Phone
from people.sign_in.tokens import TokenMaker
from tests.product import Product


def token_for(product: Product, phone: Phone, seconds: int, *, ahead_s: float = 0, secret: str = "") -> str:
    """A token that lasts so long, made by a clock that is ahead by so much, and signed with another secret if given."""
    ours = product.world.settings.secret_key
    claims = TokenMaker(ours, 1).read_access_token(phone.token)
    at = clock.now() + timedelta(seconds=ahead_s)
    return TokenMaker(secret or ours, seconds).access_token(claims.session_id, claims.organisation_id, at)
