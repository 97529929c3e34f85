"""Work that several connections share out."""

from __future__ import annotations

import threading

import pytest

from engine.errors import Cancelled
from engine.exchange.servers import ServerError
from engine.exchange.side_by_side import LeftToDo, side_by_side
from engine.progress import CancelToken


def test_every_item_is_done_once_on_as_many_threads_as_allowed() -> None:
    done: list[int] = []
    threads: set[str] = set()
    together = threading.Barrier(3, timeout=5)

    def work(share: LeftToDo[int], token: CancelToken) -> None:
        together.wait()
        threads.add(str(threading.get_ident()))
        while (item := share.take()) is not None:
            done.append(item)

    side_by_side(work, range(20), most=3, cancel=CancelToken())
    assert (sorted(done), len(threads)) == (list(range(20)), 3)
    side_by_side(lambda share, token: done.append(share.take() or 0), [7], most=3, cancel=CancelToken())
    assert done[-1] == 7


def test_a_refused_second_connection_leaves_the_work_to_the_first() -> None:
    first = threading.Lock()
    done: list[int] = []

    def work(share: LeftToDo[int], token: CancelToken) -> None:
        if not first.acquire(blocking=False):
            raise ServerError("busy")
        while (item := share.take()) is not None:
            done.append(item)

    side_by_side(work, range(9), most=4, cancel=CancelToken())
    assert done == list(range(9))
    with pytest.raises(ServerError, match="busy"):
        side_by_side(work, range(9), most=4, cancel=CancelToken())


def test_an_error_on_one_ends_the_others_and_so_does_the_user() -> None:
    cancel = CancelToken()

    def work(share: LeftToDo[int], token: CancelToken) -> None:
        if share.take() == 0:
            raise ServerError("gone")
        while True:
            token.check()

    with pytest.raises(ServerError, match="gone"):
        side_by_side(work, range(2), most=2, cancel=cancel)
    threading.Timer(0.1, cancel.cancel).start()
    with pytest.raises(Cancelled):
        side_by_side(work, range(1, 3), most=2, cancel=cancel)
