"""`cinequant pacs`: studies from a hospital's archive, and results back to it."""

from __future__ import annotations

import argparse
import getpass
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from app.cli.terminal import print_json, print_text, show_progress, table

if TYPE_CHECKING:
    from engine.exchange.servers import Server


def run_pacs(arguments: argparse.Namespace) -> None:
    _DOES[arguments.does](arguments)


def _list(arguments: argparse.Namespace) -> None:
    from engine.exchange.servers import read_servers  # noqa: PLC0415

    file = servers_file()
    servers = read_servers(file)
    if arguments.json:
        print_json("pacs-list", {"file": file, "servers": [asdict(server) for server in servers]})
    elif servers:
        rows = [[server.name, server.address, "TLS" if server.tls else "unencrypted"] for server in servers]
        print_text(table(rows))
    else:
        print_text("no archive is configured; enter one in the window (File, Archive…), or give an address")


def _echo(arguments: argparse.Namespace) -> None:
    from engine.exchange import transfer  # noqa: PLC0415

    server = _server(arguments)
    secret = secret_for(server, arguments)
    seconds = transfer.echo(server, secret=secret)
    _remember(server, secret, arguments)
    if arguments.json:
        print_json("pacs-echo", {**_said(server), "answered_ms": 1000 * seconds})
    else:
        print_text(f"{server.name} answered in {1000 * seconds:.0f} ms")


def _find(arguments: argparse.Namespace) -> None:
    from engine.exchange import transfer  # noqa: PLC0415
    from engine.exchange.search import Query  # noqa: PLC0415

    server = _server(arguments)
    secret = secret_for(server, arguments)
    if arguments.study:
        series = transfer.find_series(server, arguments.study, secret=secret)
        _remember(server, secret, arguments)
        if arguments.json:
            print_json("pacs-find", {**_said(server), "series": [asdict(each) for each in series]})
            return
        rows = [["series", "", "description", "objects", "UID"]]
        rows += [[s.number, s.modality, s.description, _count(s.instances), s.uid] for s in series]
        print_text(_left(rows))
        return
    asked = arguments.patient, arguments.since, arguments.until, arguments.modality, arguments.description
    found = transfer.find_studies(server, Query(*asked), secret=secret)
    _remember(server, secret, arguments)
    if arguments.json:
        values: dict[str, Any] = {
            "studies": [asdict(study) for study in found.studies],
            "cut": found.cut,
            "unread": found.unread,
        }
        print_json("pacs-find", {**_said(server), **values})
        return
    rows = [["date", "patient", "ID", "description", "", "objects", "UID"]]
    for study in found.studies:
        cells = study.date, study.patient, study.patient_id, study.description, " ".join(study.modalities)
        rows.append([*cells, _count(study.instances), study.uid])
    print_text(_left(rows) if found.studies else "no study matches")
    if found.cut:
        which = "newer ones may be among them; ask for less" if found.unread else "these are the newest; ask for less"
        print_text(f"more than {len(found.studies)} studies match; {which}")


def _fetch(arguments: argparse.Namespace) -> None:
    from engine.exchange import transfer  # noqa: PLC0415

    server = _server(arguments)
    secret = secret_for(server, arguments)
    fetched = transfer.fetch(
        server,
        arguments.study,
        arguments.output,
        series=arguments.series,
        secret=secret,
        limit_bytes=round(arguments.limit * 1e9),
        progress=show_progress,
    )
    _remember(server, secret, arguments)
    if arguments.json:
        print_json(
            "pacs-fetch", {**_said(server), "output": fetched.folder, "new": fetched.new, "there": fetched.there}
        )
    else:
        before = f", {fetched.there} were there" if fetched.there else ""
        print_text(f"{fetched.folder}: {fetched.new} objects fetched{before}")


def _send(arguments: argparse.Namespace) -> None:
    from engine.exchange import transfer  # noqa: PLC0415

    server = _server(arguments)
    secret = secret_for(server, arguments)
    stored = transfer.send(server, arguments.paths, secret=secret, progress=show_progress)
    _remember(server, secret, arguments)
    if arguments.json:
        print_json("pacs-send", {**_said(server), "stored": stored})
    else:
        print_text(f"{server.name} has stored {stored} {'object' if stored == 1 else 'objects'}")


_DOES = {"list": _list, "echo": _echo, "find": _find, "fetch": _fetch, "send": _send}


def servers_file() -> Any:
    """Where the user's archives are written down, beside the settings."""
    from app.window.settings import Settings  # noqa: PLC0415 - brings Qt

    return Settings().folder / "archives.json"


def _server(arguments: argparse.Namespace) -> Server:
    """The server that is meant, with what was said of the connection. Raises ServerError."""
    from engine.exchange.servers import Login, checked, named, read_servers, server_at  # noqa: PLC0415

    tls = False if arguments.no_tls else None
    server = named(read_servers(servers_file()), arguments.server) or server_at(arguments.server, tls=tls)
    said: dict[str, Any] = {
        "our_title": arguments.our_title,
        "move": True if arguments.move else None,
        "receiver_port": arguments.move,
        "tls": tls,
        "user": arguments.user,
        "login": Login.TOKEN if arguments.token else Login.PASSWORD if arguments.user else None,
        "authority": arguments.authority,
        "certificate": arguments.certificate,
        "key": arguments.key,
        "wait_s": arguments.wait,
    }
    return checked(replace(server, **{name: value for name, value in said.items() if value is not None}))


def secret_for(server: Server, arguments: argparse.Namespace) -> str:
    """The password or token: from standard input, the keyring, or the terminal. Raises LoginError."""
    from engine.exchange import passwords  # noqa: PLC0415
    from engine.exchange.servers import Login, LoginError  # noqa: PLC0415

    if server.login is Login.NONE:
        return ""
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if secret := passwords.kept(server):
        return secret
    if not sys.stdin.isatty():
        raise LoginError(f"{server.name}: its password is in no keyring; give it with --password-stdin")
    what = "Token" if server.login is Login.TOKEN else f"Password of {server.user}"
    return getpass.getpass(f"{what} at {server.name}: ")


def _remember(server: Server, secret: str, arguments: argparse.Namespace) -> None:
    """Keep a secret that the server has taken, if that was asked for. Raises LoginError where it cannot be kept."""
    from engine.exchange import passwords  # noqa: PLC0415
    from engine.exchange.servers import LoginError  # noqa: PLC0415

    if arguments.remember and secret and not passwords.keep(server, secret):
        raise LoginError(f"{server.name}: the password was not kept: this system has no keyring that can")


def _said(server: Server) -> dict[str, object]:
    return {"server": server.name, "address": server.address, "tls": server.tls}


def _count(number: int | None) -> str:
    return "–" if number is None else str(number)


def _left(rows: list[list[str]]) -> str:
    """Rows as text in columns, all aligned left: they are words."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)
