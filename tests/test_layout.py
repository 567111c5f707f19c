"""Lines that became too long are split as black splits them."""

from __future__ import annotations

import ast
from pathlib import Path

import black
import pytest

from backend_pitfalls.fixes.splitting import split_line

LIMIT = 60

LINES = {
    "arguments on a line of their own": "answer = requests.get(address, headers=headers, timeout=10)",
    "each argument on its own": "answer = requests.request('GET', address, headers=headers, params=params, timeout=10)",
    "an argument that is split itself": "answer = requests.get(address, headers={'accept': 'text/html', 'host': host}, timeout=10)",
    "one argument, no comma": "answer = service.find(repository.the_name_of(an_object_of_a_class, name))",
    "a loop in the brackets": "token = ''.join(secrets.choice(string.ascii_letters) for _ in range(length))",
    "names of a loop": "found = [(name, value) for name, value in the_mapping_of_names.items() if value]",
    "a chain of several": "books = Book.objects.filter(shelf=shelf).select_related('author').order_by('name')",
    "a chain of two": "books = Book.objects.filter(shelf=the_shelf).select_related('author')",
    "a chain behind return": "return super().get_queryset(request).order_by('name').select_related('country')",
    "a chain that is not bound": "Book.objects.filter(shelf=the_shelf).select_related('author').order_by('name')",
    "an empty call at the end": "answer = requests.get(address, headers=headers, timeout=10).json()",
    "several operators": "if is_ready and requests.get(address, timeout=10).ok and is_steady: pass",
    "one operator": "total = requests.get(address, timeout=10).json()['total'] + the_other_total",
    "operators in an argument": "query = Book.objects.filter(Q(name__startswith=name) | Q(title__startswith=name) | Q(pk=key))",
    "a choice": "answer = requests.get(address, timeout=10) if address else requests.Response()",
    "await": "answer = await asyncio.to_thread(requests.get, address, headers=headers, timeout=10)",
    "with": "with urllib.request.urlopen(address, data=the_data, timeout=10) as answer: pass",
    "for": "for book in Book.objects.filter(shelf=shelf).select_related('author'): pass",
    "lambda": "books.sort(key=lambda book, other=None: (book.author.name, book.title, book.number))",
    "a name": "settings['the_name_of_the_setting'] = the_name_of_another.setting_here",
    "a text": "the_name_of_the_setting_that_is_long = 'a text that would fit alone'",
    "an index": "answer = the_names_of_everything_here['and_the_name_of_this'][index]",
    "not in, is not": "assert first_name not in the_names and second_name is not None",
    "unary and power": "result = function(-first_argument, not second_argument, third**4, *rest)",
    "an empty list": "answer = the_service_of_the_project.the_method_of_the_service([], {})",
    "texts side by side": "message = _('a text that is long' 'and another one' 'and a third one')",
    "a condition": "if requests.get(the_address_of_the_service, timeout=10).ok: pass",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_as_black(line: str) -> None:
    """A statement in a function, as black lays it out; what shares a line with a head (`pass`) is not the layout's to move."""
    head, _, rest = line.partition(": pass")
    source = f"    {head}{':' if rest or line != head else ''}"
    body = "\n        pass" if source.endswith(":") else ""
    given = f"async def f():\n{source}{body}\n"
    mode = black.Mode({black.TargetVersion.PY310}, line_length=LIMIT, string_normalization=False)
    expected = black.format_str(given, mode=mode).splitlines()[1:]
    assert split_line(source, LIMIT, is_statement=True) == (expected[:-1] if body else expected)


@pytest.mark.parametrize(
    "line",
    [
        "a = f(first_argument, second_argument); b = g(third_argument, 4)",
        "first_name = the_first_argument + another_argument_of_this + \\",
        "    first_name, second_name=the_second_argument_of_this_call)",
        "a_name = function(argument, 'another argument')  # a comment, which is long",
        "# a comment that is longer than a line of this project may be at most",
        "first_name = 'a text that does not fit on a line of its own, which nothing can split'",
    ],
)
def test_left_alone(line: str) -> None:
    """What is not a whole statement, what only its comment makes long, and what no bracket would shorten."""
    assert split_line(line, LIMIT, is_statement=True) == [line]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "    ).select_related('the_first_relation', 'the_second_relation')",
            ["    ).select_related(", "        'the_first_relation', 'the_second_relation'", "    )"],
        ),
        (
            "    'a text that is longer than others', the_first_argument, second",
            ["    'a text that is longer than others',", "    the_first_argument,", "    second,"],
        ),
        (
            "    .select_related('the_first_relation', 'the_second_relation')",
            ["    .select_related(", "        'the_first_relation', 'the_second_relation'", "    )"],
        ),
    ],
)
def test_parts_of_a_statement(line: str, expected: list[str]) -> None:
    assert split_line(line, LIMIT, is_statement=False) == expected


@pytest.mark.parametrize("path", sorted((Path(__file__).parent.parent / "src").rglob("*.py")), ids=lambda p: p.stem)
def test_means_the_same(path: Path) -> None:
    """Every simple statement of real code, written on one line and split again, is the same statement."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.Assign, ast.Return, ast.Expr, ast.AugAssign)):
            line = ast.unparse(node)
            if "\n" not in line:
                made = "\n".join(split_line(line, LIMIT, is_statement=True))
                assert ast.dump(ast.parse(made)) == ast.dump(ast.parse(line))
