"""Source that only a newer Python parses is read under every one."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import backend_pitfalls
from backend_pitfalls.hosts.cli import main
from backend_pitfalls.syntax.newer import rewritten
from backend_pitfalls.syntax.source import tree_of


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        # Type parameters and aliases (PEP 695, PEP 696).
        ("class Box[T](Base): pass", "class Box   (Base): pass"),
        ("class Box [T: (int, str) = int]: pass", "class Box                      : pass"),
        ("async def f[**P, *Ts](x): pass", "async def f          (x): pass"),
        ("class Box[\n    T,\n]:\n    pass", "class Box\\\n     \\\n :\n    pass"),
        ("type Url = str | None", "Url      = str | None"),
        ("if x:\n    type Pair[T] = tuple[T, T]", "if x:\n    Pair         = tuple[T, T]"),
        # Quotes, backslashes and lines in f-strings (PEP 701).
        ("f'{a['b']}'", "f'{a[\"b\"]}'"),
        ('f"{a["b"]!r:>{w["x"]}}"', "f\"{a['b']!r:>{w['x']}}\""),
        ("f'{'\\n'.join(a)}'", "f'{\"/n\".join(a)}'"),
        ("f\"{r('\\s', 1)}\"", "f\"{r('/s', 1)}\""),
        ("f'{a(\"it\\'s\")}'", "f'{a(\"it/ s\")}'"),
        ("f'{f'{f'{1}'}'}'", "f'{f\"{0     }\"}'"),
        ('f"{f"{a["b"]}"}"', "f\"{f'{0     }'}\""),
        ('f"""{a["b"]}"""', None),
        ("f'''{f'{a['b']}'}'''", "f'''{f'{a[\"b\"]}'}'''"),
        ("f'{\n    a\n}!'", "f'\\\n    \\\n !'"),
        ("f'ä{\n    ä\n}!'", "f'ä\\\n     \\\n !'"),
        # Template strings (PEP 750).
        ("t'{a}' + rt'{b}'", "f'{a}' + rf'{b}'"),
        # Exceptions without parentheses (PEP 758).
        ("try: f()\nexcept A, b.C: pass", "try: f()\nexcept(A,b.C): pass"),
    ],
)
def test_it_is_written_so_that_every_python_reads_it(newer: str, older: str | None) -> None:
    assert rewritten(newer) == older
    if older is not None:
        assert len(newer.encode()) == len(older.encode())
        ast.parse(older)


@pytest.mark.parametrize(
    "source",
    [
        "type = 3",
        "type(x)",
        "print(type, type)",
        "x[type] = 1",
        "f'{{}} {a!r:>{w}} {b != c} {d:%H:%M}'",
        "rf'\\{a}' + f'\\N{DASH}' + f'\\'{a}'",
        "f'''{'''",
        'f"""{\'"a"\' if a else b}"""',
        "class Box: x = [1]",
        "def f(x=[1]): pass",
        "'f\"{' # type X = 1",
        "except A:",
        "'",
    ],
)
def test_what_every_python_reads_stays_as_it_is(source: str) -> None:
    assert rewritten(source) is None


@given(st.text(alphabet="f'\"{}[]()\\#:!\n tx,=", max_size=30))
def test_any_text_keeps_its_size(source: str) -> None:
    found = rewritten(source)
    assert found is None or (len(found) == len(source) and found.count("\n") == source.count("\n"))


def test_what_is_nested_without_end_is_left() -> None:
    assert rewritten("f'{" * 60 + "1" + "\n}'" * 60) is None


def test_our_own_files_need_nothing() -> None:
    texts = [path.read_text() for path in Path(backend_pitfalls.__file__).parent.rglob("*.py")]
    assert {rewritten(text) for text in texts} == {None}


def test_what_is_no_python_is_no_python() -> None:
    with pytest.raises(SyntaxError, match=r"invalid syntax|print"):
        tree_of("class Box[T]: pass\nprint 'x'")


SHOP = """import requests

type Url = str | None


class Shop[T]:
    def fetch[U](self, url: Url, d):
        return requests.get(f"{d["base"]}/{'\\n'.join(url)}")


def ask(d):
    try:
        return requests.get(f'{d['x']}')
    except ValueError, KeyError:
        return None
"""


def test_its_pitfalls_are_found_and_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    shop = tmp_path / "shop.py"
    shop.write_text(SHOP)
    assert main(["check", str(tmp_path), "--no-cache", "--output-format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [(f["code"], f["line"], f["column"]) for f in findings] == [("BPF401", 8, 15), ("BPF401", 13, 15)]
    assert main(["fix", str(tmp_path), "--no-cache"]) == 0
    assert shop.read_text() == SHOP.replace('(url)}")', '(url)}", timeout=10)').replace("x']}')", "x']}', timeout=10)")


def test_an_older_target_is_kept_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.backend-pitfalls]\ntarget-version = "py310"\n')
    (tmp_path / "shop.py").write_text("class Shop[T]: pass\n")
    assert main(["check", str(tmp_path), "--no-cache", "--output-format", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["code"], finding["line"]) == ("BPF000", 1)
