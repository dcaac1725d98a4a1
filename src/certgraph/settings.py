"""The environment, read once: every setting of the server and of the commands that use one.

Variables start with `CERTGRAPH_`. A folder made by `certgraph demo` holds the same settings in
`settings.env`; the environment prevails over it.
"""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from certgraph.retention.rules import DAYS, Kept
from certgraph.sealing import MASTER_KEY_BYTES, Keyring
from certgraph.trust.freshness import FRESHNESS, Freshness

PREFIX = "CERTGRAPH_"
SETTINGS_FILE = "settings.env"
OTHER_VARIABLES = {"CERTGRAPH_TRUST_HOME", "CERTGRAPH_ROOT_PASSPHRASE"}
"""Variables with the same prefix that the offline commands read; no settings of the server."""

_KUBERNETES = re.compile(
    r"CERTGRAPH_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_[A-Z]+(_(ADDR|PORT|PROTO))?)?)"
)
"""Variables that Kubernetes sets in every pod beside a service named `certgraph`."""


class SettingsError(ValueError):
    """A setting is missing, unknown or wrong; says which and what to do."""


class LogFormat(StrEnum):
    """How lines are logged: for people, or one JSON object a line."""

    CONSOLE = "console"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """Who says who signs in, and as what this service is registered there.

    Attributes:
        issuer: Its address, as its metadata and its tokens state it.
        client_id: As what this service is registered.
        client_secret: By which it knows this service.
        acr_values: Kinds of authentication of which people must sign in by one; empty: any.
        pages_url: The platform's address, below which it sends people back.
    """

    issuer: str
    client_id: str
    client_secret: str
    acr_values: str
    pages_url: str


class Settings(BaseModel):
    """Every setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: SecretStr = Field(
        description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
    )
    master_key: SecretStr | None = Field(
        default=None, description="64 hex digits; seals private keys and document numbers."
    )
    master_key_file: Path | None = Field(
        default=None, description="File with the same; the safer way."
    )
    register_key: SecretStr | None = Field(
        default=None, description="64 hex digits, other ones; seals the register's private keys."
    )
    register_key_file: Path | None = Field(
        default=None,
        description="File with the same; kept apart from the master key.",
    )
    next_master_key_file: Path | None = Field(
        default=None, description="File of the key that is to take the master key's place."
    )
    next_register_key_file: Path | None = Field(
        default=None, description="File of the key that is to take the register's key's place."
    )
    public_host: str = Field(
        description="Host (and port) that QR codes and status lists name.",
        min_length=1,
        max_length=40,
        pattern=r"^[A-Za-z0-9.:-]+$",
    )
    status_ttl_hours: int = Field(
        default=FRESHNESS.status_ttl // timedelta(hours=1), ge=1, le=24 * 14
    )
    status_lifetime_days: int = Field(default=FRESHNESS.status_lifetime.days, ge=1, le=366)
    trust_list_lifetime_days: int = Field(default=FRESHNESS.trust_list_lifetime.days, ge=1, le=3660)
    publish_every_seconds: int = Field(
        default=20, ge=1, le=3600, description="How often the server looks for changes to publish."
    )
    follow_every_seconds: float = Field(
        default=1,
        ge=0.1,
        le=3600,
        description="How often the server looks for changes to state in the credit bank's feed.",
    )
    sweep_every_seconds: int = Field(
        default=60,
        ge=1,
        le=86_400,
        description="How often the server looks for what has come to be owed, or was missed.",
    )
    webhook_hosts: str = Field(
        default="",
        description="Hosts (and ports) that may be notified of the feed, by commas.",
        pattern=r"^[A-Za-z0-9.:, -]*$",
    )
    read_timeout_seconds: int = Field(
        default=5, ge=1, le=300, description="Longest time for one statement of a query."
    )
    read_connections: int = Field(
        default=8, ge=2, le=200, description="Database connections for queries, a process."
    )
    replica_url: SecretStr | None = Field(
        default=None,
        description="Replica of the database, where queries without a token are read.",
    )
    replica_seconds: int = Field(
        default=5, ge=2, le=300, description="How old what the replica shows may be."
    )
    write_connections: int = Field(
        default=5, ge=1, le=200, description="Database connections for mutations, a process."
    )
    client_connections: int = Field(
        default=1_000, ge=10, le=100_000, description="Connections of clients, a process."
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=5,
        description="Proxies of your own before the server that write X-Forwarded-For.",
    )
    public_points_per_minute: int = Field(
        default=600,
        ge=200,
        le=1_000_000,
        description="What an address may ask for in a minute without a token, in points.",
    )
    token_points_per_minute: int = Field(
        default=6_000,
        ge=200,
        le=1_000_000,
        description="What a token may ask for in a minute, in points.",
    )
    public_lookups_per_hour: int = Field(
        default=30,
        ge=5,
        le=1_000_000,
        description="How often one number may be looked up in an hour without a token.",
    )
    sign_in_issuer: str = Field(
        default="",
        description="Provider of OpenID Connect that says who signs in: its issuer, https://…",
    )
    sign_in_client_id: str = Field(
        default="", description="As what this service is registered there.", max_length=200
    )
    sign_in_secret_file: Path | None = Field(
        default=None, description="File with the secret by which it knows this service."
    )
    sign_in_acr_values: str = Field(
        default="",
        description="Kinds of authentication (`acr`) of which people must sign in by one.",
        pattern=r"^[\x21-\x7e ]*$",
    )
    limits_url: SecretStr | None = Field(
        default=None,
        description="Store in which several servers count what is asked for: valkey://HOST:PORT.",
    )
    keep_files_days: int = Field(
        default=30,
        ge=DAYS["files_days"][0],
        le=DAYS["files_days"][1],
        description="For how long a file of candidates is kept that was not submitted.",
    )
    keep_ended_days: int = Field(
        default=180,
        ge=DAYS["ended_days"][0],
        le=DAYS["ended_days"][1],
        description="For how long personal data is kept of what has ended.",
    )
    keep_candidates_days: int = Field(
        default=1_095,
        ge=DAYS["candidates_days"][0],
        le=DAYS["candidates_days"][1],
        description="For how long it is kept who took part in an exam and got no certificate.",
    )
    cors_origins: str = Field(
        default="",
        description="Origins of web pages that may ask /graphql, by commas, or *; none by default.",
        pattern=r"^[A-Za-z0-9.:/, *\[\]-]*$",
    )
    printing_dir: Path | None = Field(
        default=None,
        description="Folder with layouts, seals and fonts of printed certificates.",
    )
    log_format: LogFormat = Field(
        default=LogFormat.CONSOLE, description="How the server logs: console or json."
    )
    access_log: bool = Field(default=False, description="Log a line for each request.")
    metrics_address: str = Field(
        default="",
        description="host:port where Prometheus reads metrics; for your own network alone.",
        pattern=r"^(|[A-Za-z0-9.:\[\]-]+:[0-9]{1,5})$",
    )
    documents_file: Path | None = Field(
        default=None, description="File of persisted documents, by their SHA-256."
    )
    public_documents_only: bool = Field(
        default=False, description="Answer who sends no token these documents alone."
    )
    graphiql: bool = Field(default=True, description="Serve the GraphiQL page at /graphql.")
    introspection: bool = Field(default=True, description="Answer introspection queries.")

    @field_validator("master_key", "register_key")
    @classmethod
    def _check_key(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            _key_bytes(value.get_secret_value(), _NAMES[info.field_name or ""])
        return value

    @field_validator("sign_in_issuer")
    @classmethod
    def _check_issuer(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (is_safe_url(value) and not parts.query and not parts.fragment):
            raise ValueError("expected https://HOST, as the provider states its issuer")
        return value

    @field_validator("limits_url")
    @classmethod
    def _check_store(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            is_store = parts.scheme in _STORES and parts.hostname and not parts.query
            if not is_store or (parts.port is not None and parts.port == 0):
                message = f"expected {', '.join(f'{scheme}://HOST:PORT' for scheme in _STORES)}"
                raise ValueError(message)
        return value

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], folder: Path | None = None) -> Self:
        """Return the settings of `environ`, over those of `folder`'s settings file.

        Raises:
            SettingsError: Names every variable that is missing, unknown or wrong.
        """
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in {**_file_settings(folder), **environ}.items()
            if name.startswith(PREFIX)
            and name not in OTHER_VARIABLES
            and not _KUBERNETES.fullmatch(name)
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            hint = "" if folder else "; name a folder with --dir DIR, or set the environment"
            raise SettingsError(_explain(error) + hint) from None

    @property
    def has_master_key(self) -> bool:
        """Whether one is configured; some commands need none."""
        return self.master_key is not None or self.master_key_file is not None

    def keyring(self) -> Keyring:
        """Return the keyring of the master key, and of the other keys that are set.

        Raises:
            SettingsError: No master key; one that is not 64 hex digits; or two are the same.
        """
        master_key = _secret("master_key", self.master_key, self.master_key_file)
        if master_key is None:
            raise SettingsError("set CERTGRAPH_MASTER_KEY_FILE (or CERTGRAPH_MASTER_KEY)")
        register_key = _secret("register_key", self.register_key, self.register_key_file)
        next_register_key = _secret("next_register_key", None, self.next_register_key_file)
        if next_register_key is not None and register_key is None:
            raise SettingsError("CERTGRAPH_NEXT_REGISTER_KEY_FILE: the register's key is not set")
        try:
            return Keyring(
                master_key,
                register_key,
                next_key=_secret("next_master_key", None, self.next_master_key_file),
                next_register_key=next_register_key,
            )
        except ValueError as error:
            raise SettingsError(str(error)) from None

    def provider(self) -> KnownProvider | None:
        """Return who says who signs in; None where nobody does.

        Raises:
            SettingsError: Only a part of it is set, or the secret cannot be read.
        """
        given = (self.sign_in_issuer, self.sign_in_client_id, self.sign_in_secret_file)
        if not any((*given, self.sign_in_acr_values)):
            return None
        if self.sign_in_secret_file is None or not all(given):
            names = "ISSUER, CLIENT_ID, SECRET_FILE"
            raise SettingsError(f"of CERTGRAPH_SIGN_IN_ {names} set all three, or none")
        secret = _text_in_file(self.sign_in_secret_file, "the provider's secret")
        if not secret:
            raise SettingsError("the file of the provider's secret is empty")
        return KnownProvider(
            self.sign_in_issuer,
            self.sign_in_client_id,
            secret,
            self.sign_in_acr_values,
            self.pages_url,
        )

    def kept(self) -> Kept:
        """Return for how long personal data is kept that is no longer used."""
        return Kept(
            files_days=self.keep_files_days,
            ended_days=self.keep_ended_days,
            candidates_days=self.keep_candidates_days,
        )

    def freshness(self) -> Freshness:
        """Return how long published data counts."""
        return Freshness(
            status_ttl=timedelta(hours=self.status_ttl_hours),
            status_lifetime=timedelta(days=self.status_lifetime_days),
            trust_list_lifetime=timedelta(days=self.trust_list_lifetime_days),
        )

    @property
    def allowed_webhook_hosts(self) -> frozenset[str]:
        """Hosts that may be notified, each as host or host:port."""
        return frozenset(h.strip().lower() for h in self.webhook_hosts.split(",") if h.strip())

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Origins of web pages that may ask the API."""
        return tuple(o.strip().rstrip("/") for o in self.cors_origins.split(",") if o.strip())

    @property
    def base_url(self) -> str:
        """URL that published data names."""
        return f"https://{self.public_host}"

    @property
    def is_local(self) -> bool:
        """Whether it serves people of this machine alone, as a demo does: without TLS."""
        return urlsplit(f"//{self.public_host}").hostname in _LOCAL

    @property
    def pages_url(self) -> str:
        """URL below which people open pages."""
        return f"http://{self.public_host}" if self.is_local else self.base_url


_DIFFERENT_BYTES = 16
"""Of a key; of 32 random bytes fewer differ in one of 10^16 keys."""

_STORES = ("valkey", "valkeys", "redis", "rediss")
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_NAMES = {
    "master_key": "the master key",
    "register_key": "the register's key",
    "next_master_key": "the next master key",
    "next_register_key": "the register's next key",
}


def is_safe_url(url: str) -> bool:
    """Tell whether an address is of HTTPS, or of this machine."""
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
        return is_safe and bool(parts.hostname) and url.isascii() and url.isprintable()
    except ValueError:
        return False


def _secret(setting: str, given: SecretStr | None, file: Path | None) -> bytes | None:
    """Return a key that is given as text or in a file; None where neither is. `SettingsError`."""
    name = _NAMES[setting]
    if given is not None:
        return _key_bytes(given.get_secret_value(), name)
    return None if file is None else key_in_file(file, name)


def key_in_file(file: Path, name: str) -> bytes:
    """Return the key that a file holds; `name` is for people. Raises `SettingsError`."""
    try:
        return _key_bytes(_text_in_file(file, name), name)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _text_in_file(file: Path, name: str) -> str:
    """Return what a file of a secret holds; `name` is for people. Raises `SettingsError`."""
    try:
        if os.name == "posix" and file.stat().st_mode & stat.S_IROTH:
            message = f"everybody on this machine can read the file of {name}: chmod 640 {file}"
            raise SettingsError(message)
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file of {name} cannot be read: {error}") from None


def _key_bytes(text: str, name: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        message = f"{name} is not 64 hex digits"
        raise ValueError(message)
    if len(set(key)) < _DIFFERENT_BYTES:
        message = f"{name} is not random; make one with: openssl rand -hex {MASTER_KEY_BYTES}"
        raise ValueError(message)
    return key


def _file_settings(folder: Path | None) -> dict[str, str]:
    """Return the lines NAME=VALUE of a folder's settings file; {dir} is the folder."""
    if folder is None:
        return {}
    file = folder / SETTINGS_FILE
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is not UTF-8; save it as UTF-8") from None
    except OSError:
        raise SettingsError(
            f"{folder} has no {SETTINGS_FILE}; make such a folder with: "
            f"certgraph demo --dir {folder}"
        ) from None
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    here = str(folder.resolve())
    return {
        name.strip(): value.strip().replace("{dir}", quote(here) if "_URL" in name else here)
        for name, _, value in pairs
    }


def _explain(error: ValidationError) -> str:
    lines = []
    for detail in error.errors(include_input=False, include_url=False):
        name = PREFIX + "_".join(map(str, detail["loc"])).upper()
        if detail["type"] == "missing":
            lines.append(f"{name} is not set")
        elif detail["type"] == "extra_forbidden":
            lines.append(f"{name} is not a setting of certgraph")
        else:
            lines.append(f"{name}: {detail['msg']}")
    return "; ".join(lines)
