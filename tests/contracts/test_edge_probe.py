"""What an edge probe promises, on libcurl against a small TLS server: one peer, one host, no detours, bounded time."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from controlplane.adapters.http.edge_probe import CurlEdgeProbe
from controlplane.adapters.http.region_probe import RegionProbe
from controlplane.domain.inventory import RegionEntry
from controlplane.errors import BadInput, Refused
from controlplane.ports.edge_probe import Answer, Ask
from sandbox import certificates
from sandbox.run import Run
from tests.fakes.inventory import inventory

HOST, POP = "como.weddings.example", "FRA56-P1"
BODY = b"x" * 300_000


@dataclass
class Guesthouse:
    """A TLS server that answers by path and remembers what it was asked."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    busy: int = 0
    most_busy: int = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"


class Handler(socketserver.StreamRequestHandler):
    """One connection, one answer."""

    def handle(self) -> None:
        house: Guesthouse = self.server.house  # type: ignore[attr-defined]  # set by the fixture
        while line := self.rfile.readline():
            path = line.split()[1].decode()
            headers = {}
            while (header := self.rfile.readline().strip()) != b"":
                name, _, value = header.decode().partition(": ")
                headers[name.lower()] = value
            house.asked.append(f"{headers['host']}{path} {headers.get('x-wedcache-edition', '')}".strip())
            with house.lock:
                house.busy += 1
                house.most_busy = max(house.busy, house.most_busy)
            try:
                self.answer(path)
            finally:
                with house.lock:
                    house.busy -= 1

    def answer(self, path: str) -> None:
        status, more, body = "200 OK", "X-Cache: Hit from cloudfront\r\n", b"hello"
        if path == "/moved":
            status, more = "302 Found", "Location: https://elsewhere.weddings.example/\r\n"
        elif path == "/slow":
            time.sleep(2.0)
        elif path == "/drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
            for _ in range(8):
                self.wfile.write(b"x")
                time.sleep(0.2)
            return
        elif path == "/hints":
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n")
        elif path == "/big":
            body = BODY
        elif path == "/short":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nonly this")
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        elif path == "/health/dribble":
            for letter in b"HTTP/1.1 200 OK":
                self.wfile.write(bytes([letter]))
                time.sleep(0.2)
        elif path.startswith("/wait"):
            time.sleep(0.05)
        elif path == "/ill":
            status = "503 Service Unavailable"
        self.wfile.write(f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body)


class Server(socketserver.ThreadingTCPServer):
    """TLS in the connection's own thread; a guest that goes away is no error."""

    daemon_threads = True
    context: ssl.SSLContext
    house: Guesthouse

    def finish_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        try:
            with self.context.wrap_socket(request, server_side=True) as tls:
                Handler(tls, client_address, self)
        except (OSError, ValueError):
            request.close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Guests that hang up are meant."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run folder with a certificate authority."""
    made = Run(tmp_path_factory.mktemp("tls"))
    certificates.ensure_certificate(made, "house", (*certificates.EDGE_HOSTS, "*.origin.weddings.example"))
    return made


@pytest.fixture
def house(run: Run) -> Iterator[Guesthouse]:
    """The server."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.context = certificates.server_context(run.certificate("house"))
        server.house = Guesthouse(int(server.server_address[1]))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.house
        server.shutdown()
        thread.join()


def probe(house: Guesthouse, run: Run, **connect: str) -> CurlEdgeProbe:
    """A probe of the wedding's host at its POP's own name."""
    names = {f"d111.{POP}.cloudfront.net": house.address, **connect}
    return CurlEdgeProbe({HOST: "d111.cloudfront.net", "app.weddings.example": ""}, names, str(run.ca))


def ask(path: str, host: str = HOST, pop: str | None = POP) -> Ask:
    """A request to CloudFront."""
    return Ask(host, path, "cloudfront", pop)


def test_the_pop_is_reached_with_the_guests_host(house: Guesthouse, run: Run) -> None:
    """Connected to the POP's own name, asked for the wedding's host; the whole body, the cache's word, real seconds."""
    answer = probe(house, run).fetch(ask("/big"))
    assert (answer.status, answer.body, answer.cache, answer.error) == (200, BODY, "HIT", "")
    assert house.asked == [f"{HOST}/big"]
    assert 0 < answer.seconds < 60
    # An edition is named only where one is asked for, also on a handle that asked for one before.
    probe(house, run).fetch_all([Ask(HOST, "/", "cloudfront", POP, "aa"), ask("/")], 1, lambda _: None)
    assert house.asked[-2:] == [f"{HOST}/ aa", f"{HOST}/"]


def test_a_host_on_cloudflare_is_reached_by_its_own_name(house: Guesthouse, run: Run) -> None:
    """The connect map's exact name, and a pattern for any first labels."""
    for names in ({"app.weddings.example": house.address}, {"*.weddings.example": house.address}):
        answer = probe(house, run, **names).fetch(Ask("app.weddings.example", "/", "cloudflare", "FRA"))
        assert answer.status == 200
    assert house.asked == ["app.weddings.example/"] * 2


def test_a_redirect_is_an_answer_and_not_followed(house: Guesthouse, run: Run) -> None:
    """302 comes back as it is; nobody else was asked."""
    answer = probe(house, run, **{"elsewhere.weddings.example": house.address}).fetch(ask("/moved"))
    assert (answer.status, answer.headers["location"]) == (302, "https://elsewhere.weddings.example/")
    assert house.asked == [f"{HOST}/moved"]


def test_headers_of_an_interim_answer_are_not_the_answers(house: Guesthouse, run: Run) -> None:
    """103 Early Hints comes before and says nothing of what follows."""
    answer = probe(house, run).fetch(ask("/hints"))
    assert (answer.status, answer.cache) == (200, "HIT")
    assert "x-early" not in answer.headers


@pytest.mark.parametrize(
    "bad",
    [
        ask("/", host="elsewhere.weddings.example"),
        ask("@elsewhere.weddings.example/"),
        ask(":8443/"),
        ask(".evil.example/"),
        ask("/a b"),
        ask("/a\r\nHost: evil.example"),
        ask("/", pop="FRA56-P1.evil.example:443/"),
        ask("/", pop=""),
    ],
)
def test_nothing_leads_outside_the_inventory(house: Guesthouse, run: Run, bad: Ask) -> None:
    """Other hosts, paths that would change the host and POPs that are none: refused, also among many."""
    with pytest.raises(Refused, match="nothing was requested"):
        probe(house, run).fetch(bad)
    with pytest.raises(Refused, match="nothing was requested"):
        probe(house, run).fetch_all([ask("/"), bad], 2, lambda _: None)
    assert house.asked == []


def test_time_is_bounded_also_where_bytes_drip(house: Guesthouse, run: Run) -> None:
    """No answer, or one that never ends, is status 0 with the reason, in the time that was given."""
    for path in ("/slow", "/drip"):
        answer = probe(house, run).fetch(ask(path), timeout=0.5)
        assert (answer.status, "timed out" in answer.error) == (0, True)


def test_half_a_body_is_no_answer(house: Guesthouse, run: Run) -> None:
    """A connection that ends early has status 0, whatever its first line said."""
    answer = probe(house, run).fetch(ask("/short"))
    assert answer.status == 0
    assert answer.error


def test_nobody_there_and_somebody_else_there_are_told_apart(house: Guesthouse, run: Run, tmp_path: Path) -> None:
    """A closed port and a certificate of another authority are status 0 with different words."""
    closed = CurlEdgeProbe({HOST: ""}, {HOST: "127.0.0.1:9"}, str(run.ca)).fetch(Ask(HOST, "/", "cloudflare"))
    other = Run(tmp_path)
    certificates.ensure_authority(other)
    stranger = CurlEdgeProbe({HOST: ""}, {HOST: house.address}, str(other.ca)).fetch(Ask(HOST, "/", "cloudflare"))
    assert (closed.status, stranger.status) == (0, 0)
    assert "onnect" in closed.error
    assert "certificate" in stranger.error
    assert house.asked == []


def test_plain_http_is_not_spoken(run: Run) -> None:
    """A server without TLS gets a handshake and no request."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            peer, _ = listening.accept()
            with peer:
                got.append(peer.recv(100))
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        names = {HOST: f"127.0.0.1:{listening.getsockname()[1]}"}
        said = CurlEdgeProbe({HOST: ""}, names, str(run.ca)).fetch(Ask(HOST, "/", "cloudflare"), timeout=2)
        thread.join(5)
    assert said.status == 0
    assert got[0][:1] == b"\x16"  # a TLS handshake record


def test_a_proxy_of_the_environment_is_not_used(house: Guesthouse, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A POP is measured directly or not at all."""
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert probe(house, run).fetch(ask("/")).status == 200


def test_many_at_once_in_order_and_never_more_than_asked(house: Guesthouse, run: Run) -> None:
    """Forty requests, four under way: each answered once, the failed one too; one under way: begun in order."""
    asks = [ask(f"/wait{number}") for number in range(40)]
    asks.insert(3, ask("/short"))
    answers: list[Answer] = []
    probe(house, run).fetch_all(asks, 4, answers.append)
    assert sorted(answer.ask.path for answer in answers) == sorted(one.path for one in asks)
    assert [answer.status for answer in answers].count(200) == 40
    assert house.most_busy <= 4
    probe(house, run).fetch_all([], 4, answers.append)
    house.asked.clear()
    probe(house, run).fetch_all(asks[:10], 1, answers.append)
    assert [line for line in house.asked if "short" not in line] == [
        f"{HOST}{one.path}" for one in asks[:10] if one.path != "/short"
    ]


def region(path: str) -> RegionEntry:
    """A region whose health path is `path`."""
    return inventory().region("eu-central-1").model_copy(update={"health_path": path})


def test_a_region_is_healthy_only_within_its_time(house: Guesthouse, run: Run) -> None:
    """200 is healthy; 503, silence, a dripping status line, nobody and garbage are not, each within the limit."""
    probing = RegionProbe({"*.origin.weddings.example": house.address}, str(run.ca))
    assert probing.is_healthy(region("/"), timeout=30)
    assert not probing.is_healthy(region("/ill"), timeout=30)
    for path in ("/slow", "/health/dribble"):
        assert not probing.is_healthy(region(path), timeout=0.5)
    assert not RegionProbe({"*.origin.weddings.example": "127.0.0.1:9"}, str(run.ca)).is_healthy(region("/"))
    assert not RegionProbe({"*.origin.weddings.example": "127.0.0.1:x"}, str(run.ca)).is_healthy(region("/"))


def test_a_stopped_region_accepts_and_says_nothing(run: Run) -> None:
    """A listening socket whose process is stopped takes the connection: the time-out covers the handshake too."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        names = {"*.origin.weddings.example": f"127.0.0.1:{listening.getsockname()[1]}"}
        assert not RegionProbe(names, str(run.ca)).is_healthy(region("/"), timeout=0.5)


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The inventory names a file that is not there."""
    with pytest.raises(BadInput, match=r"ca\.pem"):
        RegionProbe({}, str(tmp_path / "ca.pem"))
