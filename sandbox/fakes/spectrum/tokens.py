"""Spectrum's tokens (A1): issued to three matching values, signed and checked like .NET's."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sandbox.fakes.spectrum.errors import bad_token, no_token
from sandbox.world.billers import Biller, SpectrumCredentials, next_guid
from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

if TYPE_CHECKING:
    from jwt import PyJWS

API_PATH = "/spectrum/wsSpectrumAPICore"
# .NET writes the algorithm as this URI where everybody else writes HS256.
ALGORITHM = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
NAME_IDENTIFIER = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
AUTHENTICATION_METHOD = (
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/authenticationmethod"
)
KEY_BYTES = 32
# Ours take under a kilobyte; anything longer is not worth decoding.
TOKEN_LENGTH_MAX = 4096


@dataclass(frozen=True, kw_only=True)
class TokenIssued:
    """A biller was given a token; the token itself is kept nowhere."""

    biller: str
    username: str
    token_id: str
    expires_at: datetime


class TokenBook(Book):
    """Every token issued in one world, and the key that signs them."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._key = world.chance(f"spectrum:signing-key:{world.name}").randbytes(KEY_BYTES)

    @property
    def issuer(self) -> str:
        return f"{self.world.base_url}{API_PATH}"

    def issue(self, biller: Biller, credentials: SpectrumCredentials) -> str:
        """Sign a token that lives as long as the world's behaviours say."""
        lifetime = timedelta(seconds=self.world.behaviours.spectrum_token_lifetime_seconds)
        with self.lock:
            chance = self.world.chance(f"spectrum:token:{len(self.events)}")
            issued = TokenIssued(
                biller=biller.slug,
                username=credentials.username,
                token_id=next_guid(chance),
                expires_at=self.world.clock.now() + lifetime,
            )
            self.record(issued)
        claims = {
            "carrier": biller.name,
            "portalType": "PDS",
            NAME_IDENTIFIER: credentials.user_id,
            "jti": issued.token_id,
            AUTHENTICATION_METHOD: "ThirdParty",
            "exp": int(issued.expires_at.timestamp()),
            "iss": self.issuer,
            "aud": self.issuer,
        }
        return _signer().encode(json.dumps(claims).encode(), self._key, algorithm=ALGORITHM)

    def apply(self, recorded: Recorded) -> None:
        """Take a token into account: only their number matters."""
        if not isinstance(recorded.event, TokenIssued):
            raise TypeError(f"the token book knows no {type(recorded.event).__name__}")

    def biller_of(self, authorization: str | None) -> Biller:
        """Return whose token stands in an Authorization header, or refuse it."""
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise no_token()
        claims = self._read(token.strip())
        self._check(claims)
        for biller in self.world.billers:
            users = {biller.rtdr_credentials.user_id, biller.payment_credentials.user_id}
            if claims.get(NAME_IDENTIFIER) in users:
                return biller
        raise bad_token("The user is unknown")

    def _read(self, token: str) -> dict[str, Any]:
        from jwt import InvalidAlgorithmError, InvalidSignatureError, InvalidTokenError

        malformed = bad_token("The token is malformed")
        if len(token) > TOKEN_LENGTH_MAX:
            raise malformed
        try:
            payload = _signer().decode(token, self._key, algorithms=[ALGORITHM])
            claims = json.loads(payload)
        except InvalidAlgorithmError:
            raise bad_token("The signature key was not found") from None
        except InvalidSignatureError:
            raise bad_token("The signature is invalid") from None
        except (InvalidTokenError, ValueError, RecursionError):
            raise malformed from None
        if not isinstance(claims, dict):
            raise malformed
        return claims

    def _check(self, claims: Mapping[str, Any]) -> None:
        expires = claims.get("exp")
        if not isinstance(expires, int):
            raise bad_token("The token has no expiration")
        if self.world.clock.now().timestamp() >= expires:
            moment = datetime.fromtimestamp(expires, UTC)
            raise bad_token(f"The token expired at '{moment:%m/%d/%Y %H:%M:%S}'")
        if claims.get("aud") != self.issuer:
            raise bad_token("The audience is invalid")
        if claims.get("iss") != self.issuer:
            raise bad_token("The issuer is invalid")


def find_credentials(
    world: World, wanted: Mapping[str, str]
) -> tuple[Biller, SpectrumCredentials] | None:
    """Return whose `token`, `username` and `password` these are; all three must be one set's."""
    found = None
    for biller in world.billers:
        for credentials in (biller.rtdr_credentials, biller.payment_credentials):
            told = (wanted["token"], wanted["username"], wanted["password"])
            right = (credentials.token, credentials.username, credentials.password)
            if hmac.compare_digest(repr(told).encode(), repr(right).encode()):
                found = biller, credentials
    return found


@cache
def _signer() -> PyJWS:
    from jwt import PyJWS  # 60 ms, so not before the first token
    from jwt.algorithms import HMACAlgorithm

    signer = PyJWS(algorithms=[])
    signer.register_algorithm(ALGORITHM, HMACAlgorithm(HMACAlgorithm.SHA256))
    return signer
