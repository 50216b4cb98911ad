"""`probe URL --pop FRA56 [--header K:V] [--json]`: what a guest in that city gets."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from sandbox import probe as guest
from sandbox.run import Run
from sandbox.verbs.words import CannotDo, require_up, show, show_json, wrong_words

SCHEMA = "wedcache.probe/1"


def probe(run: Run, url: str, pop: str, headers: Sequence[str], *, as_json: bool) -> int:
    """Ask a POP for a URL. Raises CannotDo where the words are wrong or nothing answers."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise wrong_words(f"{url!r} is not a URL", "python -m sandbox probe https://como.weddings.example/ --pop FRA56")
    pairs = dict(_pair(header) for header in headers)
    require_up(run)
    try:
        answer = guest.probe(url, pop, pairs, run)
    except KeyError as why:
        raise wrong_words(str(why.args[0])) from why
    except ssl.SSLError as why:
        raise CannotDo(f"POP {pop}: TLS for {parts.hostname}: {why}") from why
    except OSError as why:
        raise CannotDo(
            f"POP {pop} does not answer: {why}", "python -m sandbox status; python -m sandbox fault list"
        ) from why
    if as_json:
        show_json(SCHEMA, answer)
    else:
        show(*_lines(answer))
    return 0


def _pair(header: str) -> tuple[str, str]:
    name, colon, value = header.partition(":")
    if not colon or not name.strip():
        raise wrong_words(f"--header {header!r} is not NAME:VALUE")
    return name.strip(), value.strip()


def _lines(answer: dict[str, Any]) -> list[str]:
    seconds = answer["seconds"]
    return [
        f"{answer['status']} from {answer['pop']} after {seconds['first_byte'] * 1000:.0f} ms "
        f"({seconds['total'] * 1000:.0f} ms in all)",
        *(f"{name}: {value}" for name, value in answer["headers"].items()),
        f"body {answer['bytes']} bytes, sha256 {answer['body_sha256']}",
    ]
