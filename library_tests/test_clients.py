"""The table of clients against the libraries themselves: the calls exist, and take the argument that is said to limit them.

Run by `tox -e libraries`, which installs the libraries; what is not installed fails there.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from typing import Any

import pytest

from backend_pitfalls.knowledge import load
from backend_pitfalls.model.knowledge import ClientFacts, RetryFacts

PYTHON_2 = {"httplib", "urllib2", "xmlrpclib", "nntplib", "telnetlib", "popen2"}
"""Modules of older Pythons, which code to be analysed may still use."""
NOT_HERE = {
    "MySQLdb": "is built against the headers of a MySQL client",
    "etcd3": "was generated for an older protobuf than the others take",
    "pyodbc": "needs the driver manager of the system",
    "ldap": "is built against the headers of OpenLDAP",
    "pylibmc": "is built against the headers of libmemcached",
    "pysftp": "does not import with a paramiko of version 4",
    "aioredis": "does not import on Python 3.11 and later; it is a part of redis now",
}
OLD_NAMES = {
    "urllib.urlretrieve": "of Python 2",
    "urllib.urlopen": "of Python 2",
    "stripe.http_client.RequestsClient": "of versions before 12",
    "elasticsearch.connection.create_ssl_context": "of version 7",
}

CLIENTS = [row for table in load().tables for row in table.client]
RETRIES = [row for table in load().tables for row in table.retry]


def found(name: str) -> Any:
    """The object of a qualified name.

    Raises:
        AttributeError: when there is none.
        ImportError: when its package is not installed.
    """
    parts = name.split(".")
    importlib.import_module(parts[0])
    for count in range(len(parts), 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for part in parts[count:]:
            value = getattr(value, part)
        return value
    raise ImportError(name)


def is_known(name: str) -> bool:
    """Whether a name can be looked up: it is not of our own making, nor of a library that cannot be here."""
    head = name.partition(".")[0]
    return "<" not in name and head not in PYTHON_2 | set(NOT_HERE) and name not in OLD_NAMES


def parameters(value: Any) -> set[str] | None:
    """The names of the parameters of a callable; None where any may be given, or it does not say."""
    try:
        signature = inspect.signature(value)
    except (ValueError, TypeError):
        return None
    kinds = {p.kind for p in signature.parameters.values()}
    return None if inspect.Parameter.VAR_KEYWORD in kinds else set(signature.parameters)


def is_setting(name: str) -> bool:
    """Whether a name is a module that a setting names, not a call: a database of Django."""
    return ".backends." in name


NAMES = [(name, row) for row in CLIENTS for name in row.calls if is_known(name) and not is_setting(name)]


@pytest.mark.parametrize(("name", "row"), NAMES, ids=[n for n, _ in NAMES])
def test_the_call_exists_and_takes_its_limit(name: str, row: ClientFacts) -> None:
    value = found(name)
    assert callable(value)
    taken = parameters(value)
    if taken is not None and row.keyword:
        assert row.keyword in taken
    if taken is not None and row.keyword and row.position is not None:
        # Of a method of a class the receiver is no argument; of a class or a bound method there is none.
        given = [p for p in inspect.signature(value).parameters if p != "self"]
        assert given[row.position] == row.keyword


RETRY_NAMES = [(name, row) for row in RETRIES for name in row.calls]


@pytest.mark.parametrize(("name", "row"), RETRY_NAMES, ids=[n for n, _ in RETRY_NAMES])
def test_the_retry_exists_and_takes_what_ends_it(name: str, row: RetryFacts) -> None:
    try:
        taken = parameters(found(name))
    except (ImportError, AttributeError):
        # One of several names of one thing, some of which only other versions have.
        assert any(_exists(other) for other in row.calls)
        return
    if taken is not None and row.stops:
        assert taken & set(row.stops)
    if taken is not None and row.waits:
        assert taken & set(row.waits)


def _exists(name: str) -> bool:
    try:
        found(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the standard library of the newest Python tells")
def test_the_standard_library_of_newer_pythons_lacks_only_what_is_said() -> None:
    for name in ("smtplib.SMTP", "socket.create_connection", "http.client.HTTPSConnection"):
        assert callable(found(name))
