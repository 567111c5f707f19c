"""What is remembered of an evaluation, and where it holds."""

from __future__ import annotations

from collections.abc import Callable

from backend_pitfalls.semantics.memo import MAX_DEPTH, MAX_LEVEL, Memo


class Files:
    """Notes nothing: no file is looked at here."""

    touched = 0


class Program:
    """Named functions that ask each other; `runs` are the names of those that were evaluated, in order."""

    def __init__(self, **asks: Callable[[Program], object]) -> None:
        self.memo = Memo(Files())
        self.asks = asks
        self.runs: list[str] = []

    def run(self, name: str) -> object:
        self.runs.append(name)
        return self.asks[name](self)

    def root(self, name: str) -> object:
        return self.memo.root(name, lambda: self.run(name), lambda: f"{name} cut").value

    def inner(self, name: str) -> object:
        return self.memo.root(name, lambda: self.run(name), lambda: f"{name} cut", is_inner=True).value

    def context(self, name: str) -> object:
        found = self.memo.context(name, lambda: self.run(name))
        return "too deep" if found is None else found.value

    def attribute(self, name: str) -> object:
        found = self.memo.attribute(name, lambda: self.run(name))
        return "too deep" if found is None else found.value

    def nested(self, name: str, depth: int) -> object:
        """A context that is asked for by others that are nested this deep."""
        if depth == 0:
            return self.context(name)
        found = self.memo.context(f"around {name} {depth}", lambda: self.nested(name, depth - 1))
        assert found is not None
        return found.value


def test_a_root_is_evaluated_once() -> None:
    program = Program(f=lambda p: p.root("g"), g=lambda p: 1)
    assert (program.root("f"), program.root("g"), program.root("f")) == (1, 1, 1)
    assert program.runs == ["f", "g"]


def test_what_rests_on_a_cut_is_found_anew_and_what_does_not_is_kept() -> None:
    program = Program(f=lambda p: [p.root("g"), p.root("h")], g=lambda p: p.root("f"), h=lambda p: 1)
    assert program.root("f") == ["f cut", 1]
    assert program.root("g") == ["g cut", 1]
    assert program.runs == ["f", "g", "h", "g", "f"]


def test_a_context_holds_at_any_depth_at_which_it_meets_no_bound() -> None:
    program = Program(outer=lambda p: p.context("inner"), inner=lambda p: 1)
    assert [program.nested("outer", depth) for depth in range(MAX_DEPTH)] == [1] * (MAX_DEPTH - 1) + ["too deep"]
    assert program.runs == ["outer", "inner", "outer"]


def test_a_context_in_which_attributes_are_nested_too_deeply_holds_at_any_depth() -> None:
    program = Program(
        f=lambda p: p.attribute("a"), a=lambda p: p.attribute("b"), b=lambda p: p.attribute("c"), c=lambda p: 1
    )
    assert MAX_LEVEL == 1
    assert [program.nested("f", depth) for depth in range(MAX_DEPTH)] == ["too deep"] * MAX_DEPTH
    assert program.runs == ["f", "a"]


def test_a_context_is_another_where_attributes_may_be_nested_less_deeply() -> None:
    program = Program(
        f=lambda p: p.attribute("a"), a=lambda p: 1, g=lambda p: p.attribute("b"), b=lambda p: p.context("f")
    )
    assert program.context("f") == 1
    assert program.root("g") == "too deep"
    assert program.context("f") == 1
    assert program.runs == ["f", "a", "g", "b", "f"]


def test_contexts_in_a_function_that_a_deep_one_made_are_counted_anew() -> None:
    program = Program(maker=lambda p: p.inner("made"), made=lambda p: p.nested("last", MAX_DEPTH - 1), last=lambda p: 1)
    assert program.nested("maker", MAX_DEPTH - 1) == 1


def test_contexts_in_a_function_that_such_a_one_made_go_on_being_counted() -> None:
    program = Program(
        maker=lambda p: p.inner("made"),
        made=lambda p: p.nested("second maker", MAX_DEPTH - 1),
        **{"second maker": lambda p: p.inner("second made"), "second made": lambda p: p.context("last")},
        last=lambda p: 1,
    )
    assert program.context("maker") == "too deep"
    assert program.context("last") == 1


def test_a_context_that_makes_a_function_is_another_within_a_function_that_was_made() -> None:
    program = Program(
        maker=lambda p: p.inner("made"),
        made=lambda p: p.nested("last", MAX_DEPTH - 1),
        last=lambda p: 1,
        around=lambda p: p.inner("other made"),
        **{"other made": lambda p: p.context("maker")},
    )
    assert (program.context("maker"), program.root("around"), program.context("maker")) == (1, "too deep", 1)
    assert program.runs == ["maker", "made", "last", "around", "other made", "maker", "made"]


def test_functions_that_make_functions_which_call_them_come_to_an_end() -> None:
    """Each of twenty functions that `maker` makes calls it with arguments of its own."""
    names = [f"made {number}" for number in range(20)]
    program = Program(
        maker=lambda p: [p.inner(name) for name in names],
        **{name: lambda p, name=name: p.context(f"maker for {name}") for name in names},
        **{f"maker for {name}": lambda p: [p.inner(other) for other in names] for name in names},
    )
    program.root("maker")
    assert len(program.runs) < 5_000
