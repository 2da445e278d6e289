"""Class links, monitor links, one-time codes, and invitations of staff: issue, resolve, rotate, use.

A token is kept encrypted, to print it again, and found by its digest. A link of the two kinds is live until
it is rotated; the old one then leads nowhere.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import CharField, QuerySet

from rosters.encryption import key_id_of_digest, key_ring
from rosters.models import ClassGroup, Student

from ..models import ClassLink, Invitation, OneTimeCode, User
from ..models.prepared import Prepared

# Easily told apart when read aloud or copied by hand: no 0 O, 1 I L, 5 S, 2 Z, 8 B, U V.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
CODE_LENGTH = 8
CODE_LASTS = timedelta(hours=1)
INVITATION_LASTS = timedelta(days=7)

PATHS: dict[str, str] = {ClassLink.Kind.STUDENT: "c", ClassLink.Kind.MONITOR: "m"}


def random_text(length: int) -> str:
    """Return unguessable text of letters and digits that nobody confuses."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _new(class_group: ClassGroup, kind: str, now: datetime) -> ClassLink:
    token = secrets.token_urlsafe(18)
    digest = key_ring().digest("link", token)
    return ClassLink(class_group=class_group, kind=kind, token=token, token_digest=digest, issued_at=now)


def issue_all(class_groups: Iterable[ClassGroup], now: datetime) -> None:
    """Give new classes both their links, at the cost of one statement."""
    ClassLink.objects.bulk_create(
        [_new(class_group, kind, now) for class_group in class_groups for kind in PATHS], batch_size=200
    )


def issue(class_group: ClassGroup, kind: str, now: datetime) -> ClassLink:
    """Return the class's live link of that kind, a new one where there is none."""
    live = ClassLink.objects.filter(class_group=class_group, kind=kind, revoked_at=None).first()
    if live is None:
        live = _new(class_group, kind, now)
        live.save()
    return live


def rotate(link: ClassLink, now: datetime) -> ClassLink:
    """End the link and return the one that takes its place. Call it under the class's lock."""
    ClassLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now)
    return issue(link.class_group, link.kind, now)


def revoke(class_group: ClassGroup, now: datetime) -> None:
    """End all links of a class."""
    ClassLink.objects.filter(class_group=class_group, revoked_at=None).update(revoked_at=now)


def renew_digests(class_group: ClassGroup) -> int:
    """Make the digests of a class's links anew where an old key made them; return of how many.

    Call it under the class's lock.
    """
    ring, renewed = key_ring(), 0
    for link in ClassLink.objects.filter(class_group=class_group):
        if key_id_of_digest(link.token_digest) != ring.writing_id:
            fresh = ring.digest("link", link.token)
            renewed += ClassLink.objects.filter(pk=link.pk).update(token_digest=fresh)
    return renewed


_live = Prepared(
    lambda digest, kind: ClassLink.objects.filter(token_digest=digest, kind=kind, revoked_at=None),
    digest=CharField(),
    kind=CharField(),
)


def resolve(token: str, kind: str) -> ClassLink | None:
    """Return the live link of that token; None for any other."""
    digests = key_ring().digests("link", token)
    return next(filter(None, (_live.first(digest=digest, kind=kind) for digest in digests)), None)


def url(link: ClassLink) -> str:
    """Return the address that students open."""
    return f"{settings.SITE_URL}/{PATHS[link.kind]}/{link.token}/"


def issue_code(student: Student, user: User, now: datetime) -> str:
    """Return a new one-time code for the student, which ends the former ones. It is shown once, now."""
    OneTimeCode.objects.filter(student=student, used_at=None, expires_at__gt=now).update(expires_at=now)
    code = random_text(CODE_LENGTH)
    OneTimeCode.objects.create(
        student=student,
        code_digest=key_ring().digest("code", _bound(student, code)),
        issued_by=user,
        issued_at=now,
        expires_at=now + CODE_LASTS,
    )
    return code


def use_code(student: Student, code: str, now: datetime) -> bool:
    """Use up the student's code: True once, for the right code within its hour. One atomic update."""
    typed = "".join(code.split()).replace("-", "").upper()
    live = OneTimeCode.objects.filter(student=student, used_at=None, expires_at__gt=now)
    digests = key_ring().digests("code", _bound(student, typed))
    return live.filter(code_digest__in=digests).update(used_at=now) == 1


def _bound(student: Student, code: str) -> str:
    return f"{student.uuid}:{code}"


def issue_invitation(user: User, by: User | None, now: datetime) -> str:
    """Return the token of a new invitation, which ends the former ones. It is shown once, now."""
    revoke_invitations(user, now)
    token = secrets.token_urlsafe(24)
    Invitation.objects.create(
        user=user,
        token_digest=key_ring().digest("invitation", token),
        issued_by=by,
        issued_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    return token


def revoke_invitations(user: User, now: datetime) -> None:
    """End whatever invitation of the account is open."""
    Invitation.objects.filter(user=user, used_at=None, revoked_at=None).update(revoked_at=now)


def _open_invitations(now: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=now, user__is_active=True)


def _open_invitation(token: str, now: datetime) -> QuerySet[Invitation]:
    return _open_invitations(now).filter(token_digest__in=key_ring().digests("invitation", token))


def invitations_under_old_keys(now: datetime) -> list[Invitation]:
    """Return the open invitations that end when the old keys leave: no token is kept to find them anew by."""
    found = _open_invitations(now).select_related("user").order_by("expires_at")
    return [one for one in found if key_id_of_digest(one.token_digest) != key_ring().writing_id]


def invited(token: str, now: datetime) -> User | None:
    """Return whom an open invitation is for; None for a token that is unknown, used or too old."""
    found = _open_invitation(token, now).select_related("user").first()
    return found.user if found else None


def use_invitation(token: str, now: datetime) -> User | None:
    """Use up an open invitation: the account, once. One atomic update decides."""
    user = invited(token, now)
    return user if user and _open_invitation(token, now).update(used_at=now) == 1 else None


def invitation_url(token: str) -> str:
    """Return the address that the invited person opens."""
    return f"{settings.SITE_URL}/invitation/{token}/"
