"""Queries that are answered once for each state: every view of the window asks for them with every change."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from app.state.types import AppState

P = ParamSpec("P")
T = TypeVar("T")


def kept(query: Callable[Concatenate[AppState, P], T]) -> Callable[Concatenate[AppState, P], T]:
    """Keep the answers of a pure function with the state that it was asked about. They go when the state goes."""

    @wraps(query)
    def ask(state: AppState, /, *args: P.args, **named: P.kwargs) -> T:
        if named:
            return query(state, *args, **named)
        key = (query, *args)
        try:
            answer: T = state.answers[key]
        except KeyError:
            answer = state.answers[key] = query(state, *args, **named)
        return answer

    return ask
