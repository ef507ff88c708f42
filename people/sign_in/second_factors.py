"""Second factors that people have: an authenticator app, and codes on paper for when it is lost."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from base import clock
from base.errors import Forbidden
from base.rows import rows_written
from base.sealing import Sealer, Unsealable
from people.models import Passkey
from people.sign_in import totp
from people.sign_in.codes import as_made, new_code
from people.sign_in.models import RecoveryCode, TotpSecret
from people.sign_in.tokens import digest
from people.sign_in.ways import Factor

RECOVERY_CODES = 10


class SecondFactorRefused(Forbidden):
    """Not the code, or one that is used up."""

    code, title = "second_factor_refused", "This code is not right, or was used before"


def held_by(session: Session, person_id: UUID) -> tuple[Factor, ...]:
    """What a person may prove as a second step. Whatever kind there is, is asked for here."""
    app = select(
        exists().where(TotpSecret.person_id == person_id, TotpSecret.sealed.is_not(None)),
        exists().where(RecoveryCode.person_id == person_id),
    )
    has_app, has_codes = session.execute(app).one()
    if not has_app:
        return ()
    return (Factor.TOTP, Factor.RECOVERY_CODE) if has_codes else (Factor.TOTP,)


def has_passkey(session: Session, person_id: UUID) -> bool:
    """Whether a person has a passkey that lets them in: two factors in one, by a door of its own."""
    theirs = exists().where(Passkey.person_id == person_id, Passkey.held_at.is_(None))
    return bool(session.scalar(select(theirs)))


def prove_second(session: Session, sealer: Sealer, person_id: UUID, given: Mapping[str, str]) -> Factor:
    """Use up a code of the app (`totp`) or of the paper (`recovery_code`); raises `SecondFactorRefused`.

    The caller has counted the try.
    """
    if "totp" in given:
        proven, factor = _uses_step(session, sealer, person_id, given["totp"]), Factor.TOTP
    else:
        code = given.get("recovery_code", "")
        proven, factor = _uses_code(session, person_id, code), Factor.RECOVERY_CODE
    if not proven:
        raise SecondFactorRefused
    return factor


def _uses_step(session: Session, sealer: Sealer, person_id: UUID, code: str) -> bool:
    secret = held_secret(session, person_id)
    if secret is None or secret.sealed is None:
        return False
    try:
        step = totp.step_of(sealer.opened(secret.sealed), code, secret.last_step)
    except Unsealable:  # the installation's secret was lost: an administrator takes the app away
        return False
    if step is not None:
        secret.last_step = step
        session.flush()
    return step is not None


def _uses_code(session: Session, person_id: UUID, code: str) -> bool:
    held = (RecoveryCode.person_id == person_id, RecoveryCode.code_digest == digest(as_made(code)))
    return rows_written(session, delete(RecoveryCode).where(*held)) == 1


def held_secret(session: Session, person_id: UUID) -> TotpSecret | None:
    """What a person's app counts with, which nobody else uses until the transaction ends: a code is good once."""
    mine = select(TotpSecret).where(TotpSecret.person_id == person_id)
    return session.scalars(
        mine.with_for_update(), execution_options={"populate_existing": True}
    ).one_or_none()


def keep_secret(session: Session, secret: TotpSecret, sealed: str, step: int) -> list[str]:
    """Have a secret count from now on, whose code of a step was shown; returns new recovery codes, told this once."""
    secret.sealed, secret.confirmed_at, secret.last_step = sealed, clock.now(), step
    secret.pending = secret.pending_at = None
    session.flush()
    return new_recovery_codes(session, secret.organisation_id, secret.person_id)


def new_recovery_codes(session: Session, organisation_id: UUID, person_id: UUID) -> list[str]:
    """Recovery codes in place of all earlier ones."""
    codes = [new_code() for _ in range(RECOVERY_CODES)]
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    of = {"organisation_id": organisation_id, "person_id": person_id}
    session.execute(insert(RecoveryCode), [{**of, "code_digest": digest(code)} for code in codes])
    return codes


def codes_left(session: Session, person_id: UUID) -> int:
    """How many recovery codes a person has not used."""
    mine = select(func.count()).where(RecoveryCode.person_id == person_id)
    return session.scalar(mine) or 0


def forget_second_factors(session: Session, person_id: UUID) -> bool:
    """Take the app and the codes from a person; returns whether there was an app."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    gone = delete(TotpSecret).where(TotpSecret.person_id == person_id).returning(TotpSecret.sealed)
    return session.scalar(gone) is not None


def seal_anew(session: Session, sealer: Sealer) -> None:
    """Seal what apps count with by the installation's present secret, so that the former one may go."""
    columns = TotpSecret.person_id, TotpSecret.sealed
    for person_id, sealed in session.execute(select(*columns).where(TotpSecret.sealed.is_not(None))).all():
        if sealed is not None and (anew := sealer.anew(sealed)) is not None:
            same = (TotpSecret.person_id == person_id, TotpSecret.sealed == sealed)
            session.execute(update(TotpSecret).where(*same).values(sealed=anew))
