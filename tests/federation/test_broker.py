"""The broker against hosts that lie, stall, flood and lead elsewhere."""

from __future__ import annotations

import datetime as dt
import gzip
import ssl
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lakegraph.config import CredentialSettings
from lakegraph.errors import DeadlineError, ForbiddenError, LakegraphError, PeerError, SettingsError, UsageError
from lakegraph.federation.addresses import Rules, origin_of
from lakegraph.federation.broker import Broker, Caps, Request
from lakegraph.federation.secrets import Secrets
from tests.federation.hosts import (
    Host,
    Page,
    bomb,
    dripping,
    dripping_headers,
    dropped,
    endless,
    host,
    slow,
)

LOOPBACK = ("127.0.0.0/8",)
QUICK = Caps(seconds=0.6, size=2**20)


@pytest.fixture
def there() -> Iterator[Host]:
    """A host that answers."""
    with host({"/": Page("<a:a> <a:b> <a:c> ."), "/q": lambda seen: Page(seen.path)}) as made:
        yield made


def ask(url: str, caps: Caps = QUICK, broker: Broker | None = None, **said: object) -> bytes:
    """The body at *url*, by a broker that may ask loopback."""
    request = Request(url, origin_of(url), caps, **said)  # type: ignore[arg-type]
    return (broker or Broker(Rules(LOOPBACK))).fetch(request).body


def test_it_asks(there: Host) -> None:
    """A registered host is asked under its own name, and its answer read whole."""
    assert ask(there.url + "/") == b"<a:a> <a:b> <a:c> ."
    assert ask(there.url + "/q?a=b%20c&d") == b"/q?a=b%20c&d"
    assert there.seen[0].headers["Host"] == there.url.removeprefix("http://")
    assert there.seen[0].headers["User-Agent"].startswith("lakegraph/")
    assert "Authorization" not in there.seen[0].headers


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "255.255.255.255", "224.0.0.1", "192.0.0.8", "198.18.0.1", "240.0.0.1",
        "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "ff02::1",
    ],
)  # fmt: skip
def test_local_addresses_are_refused(address: str) -> None:
    """Whether written in the address or meant by a name, and whatever IPv6 form hides an IPv4 address."""
    rules = Rules(resolve=lambda _host, _port: ["93.184.215.14", address])
    with pytest.raises(ForbiddenError, match="not a public address"):
        rules.pin(origin_of("https://data.example/"), 1)
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(ForbiddenError, match="not a public address") as caught:
        rules.pin(origin_of(f"https://{literal}/"), 1)
    assert "federation.local" in str(caught.value)


def test_numbers_that_mean_loopback_are_not_let_through() -> None:
    """``2130706433`` and ``0x7f.1`` are names to us, and what they mean is judged."""
    for name in ("2130706433", "0x7f.1", "127.1", "localhost", "localhost."):
        with pytest.raises((ForbiddenError, PeerError)):
            Rules().pin(origin_of(f"https://{name}/"), 5)


def test_public_addresses_are_let_through() -> None:
    """The rule does not refuse everything."""
    rules = Rules(resolve=lambda _host, _port: ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
    assert len(rules.pin(origin_of("https://data.example/"), 1)) == 2


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("ftp://data.example/x", UsageError, "not an http"),
        ("file:///etc/passwd", UsageError, "not an http"),
        ("https://user:pw@data.example/", UsageError, "does not carry a name or a password"),
        ("https://data.example/a b", UsageError, "characters that no address has"),
        ("https://data.example/\r\nX: y", UsageError, "characters that no address has"),
        ("https://data.example:99999/", UsageError, "not an address"),
        ("https:///x", UsageError, "not an http"),
        ("http://data.example/", ForbiddenError, "not asked by plain http"),
        ("https://lake.example/sparql", ForbiddenError, "does not ask itself"),
        ("https://lake.example:443/", ForbiddenError, "does not ask itself"),
        ("https://LAKE.example./", ForbiddenError, "does not ask itself"),
    ],
)
def test_addresses_are_judged_by_their_form(url: str, error: type[LakegraphError], says: str) -> None:
    """Before anything is looked up."""
    rules = Rules(own=lambda: [origin_of("https://lake.example/")], resolve=lambda *_: pytest.fail("looked up"))
    with pytest.raises(error, match=says):
        rules.check(url)


def test_only_the_registered_host_is_asked(there: Host) -> None:
    """An address of another host, found in a document, is refused before a name is looked up."""
    broker = Broker(Rules(LOOPBACK))
    request = Request(there.url + "/", origin_of("https://other.example/"), QUICK)
    with pytest.raises(ForbiddenError, match="not the host that is registered"):
        broker.fetch(request)
    assert not there.seen


def test_a_name_is_looked_up_once(there: Host) -> None:
    """A name service that says one thing to the check and another to the connection (DNS rebinding) gains nothing."""
    asked: list[str] = []

    def changing(name: str, _port: int) -> list[str]:
        asked.append(name)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

    broker = Broker(Rules(("data.example",), resolve=changing))
    url = f"http://data.example:{there.port}/"
    assert ask(url, broker=broker) == b"<a:a> <a:b> <a:c> ."
    assert asked == ["data.example"]
    assert there.seen[0].headers["Host"] == f"data.example:{there.port}"
    hostile = Broker(Rules(plain=("data.example",), resolve=changing))
    with pytest.raises(ForbiddenError, match="not a public address"):
        ask(url, broker=hostile)
    assert len(there.seen) == 1


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data/", "/elsewhere", "file:///etc/passwd"])
def test_redirects_are_told_and_not_followed(target: str) -> None:
    """Neither to a private address nor to a place on the same host."""
    with host({"/": Page("", status=302, headers={"Location": target}), "/elsewhere": Page("x")}) as made:
        with pytest.raises(ForbiddenError, match="redirects to") as caught:
            ask(made.url + "/")
        assert target in str(caught.value)
        assert len(made.seen) == 1


@pytest.mark.parametrize("fault", [slow(5), dripping, dripping_headers], ids=["silent", "dripping", "headers"])
def test_a_deadline_ends_it(fault: object) -> None:
    """Whatever the host does meanwhile: a byte now and then does not buy it time."""
    with host({"/": fault}) as made:
        began = time.monotonic()
        with pytest.raises(DeadlineError, match="did not answer in time") as caught:
            ask(made.url + "/")
        assert time.monotonic() - began < 3
        assert "timeLimit" in str(caught.value)


def test_a_name_service_that_hangs_is_ended() -> None:
    """It has no deadline of its own."""
    broker = Broker(Rules(resolve=lambda *_: time.sleep(3) or []))
    began = time.monotonic()
    with pytest.raises(DeadlineError, match="not resolved in time"):
        ask("https://data.example/", Caps(seconds=0.2), broker)
    assert time.monotonic() - began < 2


def test_bodies_are_cut_at_their_cap() -> None:
    """Endless ones, and small ones that unpack to much, without their ever being in memory."""
    with host({"/endless": endless, "/bomb": bomb()}) as made:
        bomb(1)  # imports
        tracemalloc.start()
        for path in ("/endless", "/bomb"):
            with pytest.raises(PeerError, match="more than 1048576 bytes") as caught:
                ask(made.url + path, Caps(seconds=20, size=2**20))
            assert "byteLimit" in str(caught.value)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 8 * 2**20


def test_packed_bodies_are_unpacked() -> None:
    """Those that were asked for; another packing is refused by name, and a false one is told."""
    pages = {
        "/gzip": Page(gzip.compress(b"text"), headers={"Content-Encoding": "gzip"}),
        "/br": Page(b"...", headers={"Content-Encoding": "br"}),
        "/false": Page(b"text", headers={"Content-Encoding": "gzip"}),
    }
    with host(pages) as made:
        assert ask(made.url + "/gzip") == b"text"
        with pytest.raises(PeerError, match="packed as 'br'"):
            ask(made.url + "/br")
        with pytest.raises(PeerError, match="not gzip as it says"):
            ask(made.url + "/false")


def test_a_dropped_line_is_told() -> None:
    """Half an answer is not an answer."""
    with host({"/": dropped}) as made, pytest.raises(PeerError, match="cannot be read"):
        ask(made.url + "/")
    with pytest.raises(PeerError, match="cannot be read"):
        ask(made.url + "/")
    with pytest.raises(PeerError, match="There is no host"):
        ask("https://x.invalid/", broker=Broker(Rules(resolve=lambda *_: [])))


def test_credentials_go_to_their_host_alone(there: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By name; a record that names one for another host gets nothing sent there."""
    (tmp_path / "secret").write_text("ann:pw\n")
    monkeypatch.setenv("DATA_TOKEN", "t0ken")
    secrets = Secrets(
        {
            "data": CredentialSettings(origin=there.url, env="DATA_TOKEN"),
            "basic": CredentialSettings(origin=there.url, file=str(tmp_path / "secret"), scheme="Basic"),
            "other": CredentialSettings(origin="https://other.example", env="DATA_TOKEN"),
            "lost": CredentialSettings(origin=there.url, env="NO_SUCH_VARIABLE"),
            "split": CredentialSettings(origin=there.url, env="SPLIT"),
        }
    )
    monkeypatch.setenv("SPLIT", "a\r\nX: y")
    broker = Broker(Rules(LOOPBACK), secrets)
    ask(there.url + "/", broker=broker, credential="data")
    assert there.seen[-1].headers["Authorization"] == "Bearer t0ken"
    ask(there.url + "/", broker=broker, credential="basic")
    assert there.seen[-1].headers["Authorization"] == "Basic YW5uOnB3"
    sent = len(there.seen)
    for name, error, says in (
        ("other", ForbiddenError, "is not sent to"),
        ("lost", SettingsError, "There is no secret in the environment variable NO_SUCH_VARIABLE"),
        ("unknown", SettingsError, "know no credential 'unknown'"),
        ("split", SettingsError, "cannot stand in a header"),
    ):
        with pytest.raises(error, match=says) as caught:
            ask(there.url + "/", broker=broker, credential=name)
        assert "t0ken" not in str(caught.value)
    assert len(there.seen) == sent


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for ``data.example``, which is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "data.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("data.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(True, False, False, False, False, True, False, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def test_tls_is_by_the_name_and_not_by_the_address(authority: tuple[Path, Path]) -> None:
    """The pinned address is connected to under the name: SNI says it and the certificate must be its."""
    cert, key = authority
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.sni_callback = lambda _socket, name, _context: names.append(name)  # type: ignore[assignment]
    with host({"/": Page("over TLS")}, wrap=lambda s: context.wrap_socket(s, server_side=True)) as made:
        rules = Rules(("data.example", "other.example"), resolve=lambda *_: ["127.0.0.1"])
        broker = Broker(rules, authorities=str(cert))
        assert ask(f"https://data.example:{made.port}/", Caps(5), broker) == b"over TLS"
        assert names == ["data.example"]
        assert made.seen[0].headers["Host"] == f"data.example:{made.port}"
        with pytest.raises(PeerError, match=r"(?i)hostname|doesn't match|certificate"):
            ask(f"https://other.example:{made.port}/", Caps(5), broker)
        with pytest.raises(PeerError, match=r"(?i)certificate"):
            ask(f"https://data.example:{made.port}/", Caps(5), Broker(rules))
