"""The arguments of `cinequant pacs`."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path


def add_pacs(parser: argparse.ArgumentParser) -> None:
    """Its own verbs: list, echo, find, fetch and send."""
    does = parser.add_subparsers(dest="does", metavar="list|echo|find|fetch|send", required=True)

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        made = does.add_parser(name, help=text, description=text, allow_abbrev=False)
        if name != "list":
            made.add_argument("server", metavar="SERVER", help="a name from `list`, TITLE@HOST:PORT, or a DICOMweb URL")
            _add_connection(made)
        made.add_argument("--json", action="store_true", help="one line of JSON on stdout")
        return made

    verb("list", "The archives that are configured.")
    verb("echo", "Ask whether an archive is there and takes this computer.")

    find = verb("find", "List the studies of an archive that match, or the series of one.")
    find.add_argument("--patient", default="", metavar="TEXT", help="words of the name, or the ID; * and ? are wild")
    find.add_argument("--since", type=_day, metavar="DATE", help="studies from this day on, as 2024-02-29")
    find.add_argument("--until", type=_day, metavar="DATE", help="studies to this day")
    find.add_argument("--modality", default="", metavar="MR", help="studies that have a series of it")
    find.add_argument("--description", default="", metavar="TEXT", help="words of the study's description")
    find.add_argument("--study", default="", metavar="UID", help="list the series of this study instead")

    fetch = verb("fetch", "Fetch a study into a folder; what is there already is not fetched again.")
    fetch.add_argument("study", metavar="STUDY", help="its UID, as `find` shows it")
    fetch.add_argument("-o", "--output", required=True, type=Path, metavar="DIR")
    fetch.add_argument("--series", action="append", default=[], metavar="UID", help="only this series; may be repeated")
    fetch.add_argument("--limit", type=_gigabytes, default=20.0, metavar="GB", help="how large DIR may grow (20)")

    send = verb("send", "Send DICOM files, and those in folders, to an archive.")
    send.add_argument("paths", nargs="+", type=Path, metavar="PATH")


def _add_connection(parser: argparse.ArgumentParser) -> None:
    """Of a server that is given by its address, or instead of what is configured."""
    parser.add_argument("--our-title", metavar="TITLE", help="AE title of this computer (default CINEQUANT)")
    parser.add_argument("--move", type=_port, metavar="PORT", help="fetch by C-MOVE to a receiver at this port")
    parser.add_argument("--no-tls", action="store_true", help="send and receive unencrypted")
    parser.add_argument("--authority", metavar="F.pem", help="trust what this certificate authority has signed, too")
    parser.add_argument("--certificate", metavar="F.pem", help="of this computer, for servers that ask for one")
    parser.add_argument("--key", metavar="F.pem", help="of the certificate")
    parser.add_argument("--user", metavar="NAME", help="of a DICOMweb server that asks for a password")
    parser.add_argument("--token", action="store_true", help="the DICOMweb server wants a token, not a password")
    parser.add_argument("--password-stdin", action="store_true", help="read the password or token from standard input")
    parser.add_argument("--remember", action="store_true", help="keep it in the system's keyring, if that worked")
    parser.add_argument("--wait", type=_seconds, metavar="S", help="how long the server may be silent (default 20)")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day as 2024-02-29") from None


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, 1 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    return _number(text, 0.1, 3600)


def _gigabytes(text: str) -> float:
    return _number(text, 0.001, 1e6)


def _number(text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {low:g} to {high:g}")
    return value
