"""Awkward sources, each with what `fix --unsafe-fixes` makes of it: (name, before, after, oldest Python that reads it)."""

from __future__ import annotations

GET = "requests.get('a')"
DONE = "requests.get('a', timeout=10)"
KEY = '"w9Kq2vTz81hh4a0c"'
SECRET = f"API_KEY = {KEY}\n"


def _in(text: str, *, head: str = "import requests\n") -> tuple[bytes, bytes]:
    """A text in which the call stands at `@`."""
    return (head + text.replace("@", GET)).encode(), (head + text.replace("@", DONE)).encode()


def _key(before: str, after: str) -> tuple[bytes, bytes]:
    return before.encode(), after.encode()


# Texts around a call that gets a keyword; nothing else of them may change.
AROUND = {
    "no final newline": "@",
    "final blank lines": "@\n\n\n",
    "semicolons": "x = 1 ; @ ; y = 2\n",
    "last of semicolons": "x = 1; @;\n",
    "tabs": "if 1:\n\t@\n",
    "tabs and spaces": "if 1:\n    if 2:\n    \t@\n",
    "form feed": "x = 1\n\x0c\n@\n",
    "backslash": "x = \\\n    @\n",
    "backslash in the middle": "assert x and \\\n    @ and \\\n    y\n",
    "one-line if": "if x: @\n",
    "one-line else": "if x: pass\nelse: @\n",
    "one-line while": "while x: @\n",
    "one-line for": "for x in y: @\n",
    "one-line try": "try: @\nexcept ValueError: @\nfinally: @\n",
    "one-line with": "with x: @\n",
    "one-line function": "def f(): return @\n",
    "one-line class": "class A: x = @\n",
    "f-string": 'x = f"{@}"\n',
    "f-string with a format": 'x = f"{@!r:>{width}}"\n',
    "triple f-string": 'x = f"""\n{@}\n"""\n',
    "decorator": "@app.route(@)\ndef f(): pass\n".replace("@app", "\0app"),
    "walrus": "if (x := @) and x.ok:\n    pass\n",
    "lambda": "f = lambda: @\n",
    "default": "def f(x=@): pass\n",
    "keyword-only default": "def f(*, x=@): pass\n",
    "annotation": "x: str = @\n",
    "type comment": "x = @  # type: str\n",
    "comment behind": 'x = @  # why: (it\'s "so")\n',
    "star argument": "print(*@)\n",
    "comprehension": "x = [@ for i in y if @]\n",
    "dict comprehension": "x = {i: @ for i in y}\n",
    "generator": "x = sum(@ for i in y)\n",
    "conditional": "x = @ if y else @\n",
    "subscript": "x = y[@]\n",
    "chain": "x = @.json()['a'].b\n",
    "slices": "x = y[@ : @ : 2]\n",
    "await": "async def f():\n    await g(@)\n",
    "async loops": "async def f():\n    async with x as y:\n        async for z in y:\n            @\n",
    "yield": "def f():\n    x = yield @\n    yield from @\n",
    "global": "def f():\n    global x\n    x = @\n",
    "delete": "del y[@]\n",
    "raise from": "raise ValueError(@) from @\n",
    "nested functions": "def f():\n    def g():\n        class H:\n            x = @\n    return g\n",
    "docstring": '"""Calls @."""\nx = 1\n@\n'.replace("Calls @", f"Calls {GET[:8]}"),
    "wide characters": "'é😀' and @ and 'é'\n",
    "wide identifiers": "naïve = @\n",
    "percent cells": "# %%\n@\n\n# %% [markdown]\n# text\n",
    "a line that is long already": f"x = '{'a' * 90}'; @\n",
    "brackets in texts": "x = ('(', \"[\", @, '''{''')\n",
    "conditional import": "try:\n    import json\nexcept ImportError:\n    json = None\n@\n",
    "print of nothing": "print()\n@\n",
    "ellipsis": "def f(): ...\n@\n",
    "numbers": "x = 1_000 + 0xFF\n@\n",
    "raw and bytes": "x = rb'\\d' + b\"\"\n@\n",
    "implicit concatenation": "x = 'a' 'b' \"c\"\n@\n",
    "doctest": 'def f():\n    """\n    >>> requests.get(1)\n    """\n    @\n',
}
NEWER = {
    "match": ("match x:\n    case {'a': [y, *_]} if @:\n        @\n    case _: @\n", (3, 10)),
    "parenthesised with": ("with (\n    x as y,\n    z,\n):\n    @\n", (3, 10)),
    "except group": ("try:\n    @\nexcept* ValueError:\n    @\n", (3, 11)),
    "type parameters": ("type A[T] = list[T]\ndef f[T: int](x: T) -> T:\n    return @\n", (3, 12)),
    "nested quotes in an f-string": ("x = f'{f'{@}'}'\n", (3, 12)),
}
# Files in which more than the call matters.
WHOLE: dict[str, tuple[bytes, bytes]] = {
    "CRLF": (f"import requests\r\n{GET}\r\n".encode(), f"import requests\r\n{DONE}\r\n".encode()),
    "mixed line ends": (
        f"import requests\r\nx = 1\n{GET}\r\n".encode(),
        f"import requests\r\nx = 1\n{DONE}\r\n".encode(),
    ),
    "BOM": (f"\ufeffimport requests\n{GET}".encode(), f"\ufeffimport requests\n{DONE}".encode()),
    "latin-1": (
        f"# coding: latin-1\nimport requests\n'é'; {GET}\n".encode("latin-1"),
        f"# coding: latin-1\nimport requests\n'é'; {DONE}\n".encode("latin-1"),
    ),
    "shebang": _in("@\n", head="#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport requests\n"),
    "comments inside the call": (
        b"import requests\nrequests.get(\n    'a', # why\n)\n",
        b"import requests\nrequests.get(\n    'a', # why\n    timeout=10,\n)\n",
    ),
    "comment behind the parenthesis": (
        b"import requests\nrequests.get(  # why\n    'a'\n)\n",
        b"import requests\nrequests.get(  # why\n    'a', timeout=10\n)\n",
    ),
    "backslash inside": (
        b"import requests\nrequests \\\n  .get('a')\n",
        b"import requests\nrequests \\\n  .get('a', timeout=10)\n",
    ),
    "no arguments but a keyword": (
        b"import requests\nrequests.get(url='a')\n",
        b"import requests\nrequests.get(url='a', timeout=10)\n",
    ),
    "star arguments": (
        b"import requests\nrequests.get(*a)\nrequests.get('a', **k)\n",
        b"import requests\nrequests.get(*a)\nrequests.get('a', **k)\n",
    ),
    "trailing comma": (
        b"import requests\nrequests.get('a',)\n",
        b"import requests\nrequests.get('a', timeout=10,)\n",
    ),
    "limit switched off": (
        b"import requests\nrequests.get('a', timeout=None)\n",
        b"import requests\nrequests.get('a', timeout=10)\n",
    ),
    "calls in calls": (
        b"import requests\nrequests.get(requests.get('a'))\n",
        b"import requests\nrequests.get(requests.get('a', timeout=10), timeout=10)\n",
    ),
    "imported under another name": (
        b"import requests as r\nr.get('a')\n",
        b"import requests as r\nr.get('a', timeout=10)\n",
    ),
    "imported function": (
        b"from requests import get as fetch\nfetch('a')\n",
        b"from requests import get as fetch\nfetch('a', timeout=10)\n",
    ),
    "imported in the function": (
        b"def f():\n    import requests\n    requests.get('a')\n",
        b"def f():\n    import requests\n    requests.get('a', timeout=10)\n",
    ),
    "shadowed module": (b"def f(requests):\n    requests.get('a')\n", b"def f(requests):\n    requests.get('a')\n"),
    "too long: arguments on a line": (
        b"import requests\nresponse_of_the_service = requests.get('https://prices.internal/books/new/today', 'x')\n",
        b"import requests\nresponse_of_the_service = requests.get(\n    'https://prices.internal/books/new/today', 'x', timeout=10\n)\n",
    ),
    "parenthesis on another line": (
        b"import requests\nrequests.get(\n    'a')\n",
        b"import requests\nrequests.get(\n    'a', timeout=10)\n",
    ),
    "too long: in a block": (
        b"import requests\ndef f():\n    a = requests.post('https://prices.internal/b', json={'a': [1, 2]}, headers={'b': 1})\n",
        b"import requests\ndef f():\n    a = requests.post(\n        'https://prices.internal/b', json={'a': [1, 2]}, headers={'b': 1}, timeout=10\n    )\n",
    ),
    "too long: each for itself": (
        b"import requests\nif a:\n        if b:\n                requests.post('https://prices.internal/b', json={'a': [1, 2], 'ccc': x})\n",
        b"import requests\nif a:\n        if b:\n                requests.post(\n                    'https://prices.internal/b',\n                    json={'a': [1, 2], 'ccc': x},\n                    timeout=10,\n                )\n",
    ),
    "secret: first import": _key(SECRET, 'import os\n\nAPI_KEY = os.environ["API_KEY"]\n'),
    "secret: docstring": _key(
        f'"""Settings."""\n{SECRET}', '"""Settings."""\nimport os\n\nAPI_KEY = os.environ["API_KEY"]\n'
    ),
    "secret: __future__": _key(
        f"from __future__ import annotations\n\n{SECRET}",
        'from __future__ import annotations\n\nimport os\n\nAPI_KEY = os.environ["API_KEY"]\n',
    ),
    "secret: imported already": _key(f"import os\n{SECRET}", 'import os\nAPI_KEY = os.environ["API_KEY"]\n'),
    "secret: imported under another name": _key(
        f"import os as system\n{SECRET}", 'import os as system\nAPI_KEY = system.environ["API_KEY"]\n'
    ),
    "secret: the name is taken": _key(
        f"def os(): pass\n{SECRET}", 'import os as os_\n\ndef os(): pass\nAPI_KEY = os_.environ["API_KEY"]\n'
    ),
    "secret: only for type checkers": _key(
        f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os\n{SECRET}",
        'import os\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os\nAPI_KEY = os.environ["API_KEY"]\n',
    ),
    "secret: imported in a function only": _key(
        f"def f():\n    import os\n{SECRET}", 'import os\n\ndef f():\n    import os\nAPI_KEY = os.environ["API_KEY"]\n'
    ),
    "secret: __all__": _key(
        f'__all__ = ["API_KEY"]\n{SECRET}', 'import os\n\n__all__ = ["API_KEY"]\nAPI_KEY = os.environ["API_KEY"]\n'
    ),
    "secret: relative import": _key(
        f"from . import other\n{SECRET}", 'import os\n\nfrom . import other\nAPI_KEY = os.environ["API_KEY"]\n'
    ),
    "secret: among other imports": _key(
        f"import json\nimport sys\nfrom pathlib import Path\n\nimport requests\n\n{SECRET}",
        'import json\nimport os\nimport sys\nfrom pathlib import Path\n\nimport requests\n\nAPI_KEY = os.environ["API_KEY"]\n',
    ),
    "secret: only imports of others": _key(
        f"from django.db import models\n{SECRET}",
        'import os\n\nfrom django.db import models\nAPI_KEY = os.environ["API_KEY"]\n',
    ),
    "secret: single quotes": _key(SECRET.replace('"', "'"), "import os\n\nAPI_KEY = os.environ['API_KEY']\n"),
    "secret: CRLF": _key(
        f"import sys\r\n{SECRET}".replace("\n", "\r\n").replace("\r\r", "\r"),
        'import os\r\nimport sys\r\nAPI_KEY = os.environ["API_KEY"]\r\n',
    ),
}


def sources() -> list[tuple[str, bytes, bytes, tuple[int, int]]]:
    """All of them."""
    found = [(name, *(part.replace(b"\0", b"@") for part in _in(text)), (3, 9)) for name, text in AROUND.items()]
    found += [(name, *_in(text), version) for name, (text, version) in NEWER.items()]
    return [*found, *((name, before, after, (3, 9)) for name, (before, after) in WHOLE.items())]
