"""What stops a command in clear words, and the exit code that goes with it.

What belongs here: the base class of every error that a user is meant to read. Such an error says what was found, where, what was
expected, and what to do; it never quotes personal data. What does not: errors of the program itself, which keep their own classes, are
logged with their traceback and told in one line (`orchestration/cli.py`).
"""

from __future__ import annotations


class TongchouError(Exception):
    """Refused or stopped: nothing was published, what was in force stays in force."""

    exit_code = 1


class UsageError(TongchouError):
    """The command was given something it cannot be given."""

    exit_code = 2


class RegisterError(TongchouError):
    """The register cannot be read or written as asked."""


class ReleaseError(TongchouError):
    """A release cannot be published, found or opened."""


class CloseRefusedError(TongchouError):
    """A month cannot be closed, approved or restated as things stand."""


class ScopeError(TongchouError):
    """Somebody asks for rows that are not theirs to see."""
