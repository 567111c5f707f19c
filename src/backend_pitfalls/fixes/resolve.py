"""From fix intents to edits: LibCST finds the node at a range and writes the new code for it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol

import libcst as cst

from backend_pitfalls.fixes.adapters import adapter_edits
from backend_pitfalls.fixes.awaited import awaited_edits
from backend_pitfalls.fixes.bulk import bulk_edits
from backend_pitfalls.fixes.command_line import list_edits
from backend_pitfalls.fixes.eager import eager_load, list_select_related, loader_options
from backend_pitfalls.fixes.edits import Edit, line_edits, line_starts, newline_of
from backend_pitfalls.fixes.environment import reader, without_default
from backend_pitfalls.fixes.handlers import handler_edits, url_edits
from backend_pitfalls.fixes.imports import from_import, insertion, name_of, with_imports
from backend_pitfalls.fixes.keyed import keyed_edits
from backend_pitfalls.fixes.markup import markup_edits
from backend_pitfalls.fixes.parameters import parameter_edits
from backend_pitfalls.fixes.piece import Piece, Place, last_name, lines_around
from backend_pitfalls.fixes.redirects import guarded_edits
from backend_pitfalls.model.fix import (
    AddHandler,
    AddKeyword,
    AddUrls,
    ArgumentList,
    AwaitCall,
    BindParameters,
    CallOther,
    EagerLoad,
    FetchBefore,
    Fix,
    FormatHtml,
    GuardRedirect,
    InsertLines,
    Intent,
    MountAdapter,
    NameSetting,
    Recast,
    ReplaceWithEnvironment,
    WriteInBulk,
)
from backend_pitfalls.syntax.source import tree_of


class Resolver:
    """The edits of one file's repairs. LibCST parses what they touch, once, and only when it is asked for an edit.

    Parameters:
        text: of the file.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._pieces: dict[tuple[int, int], Piece] = {}
        self._imports: dict[tuple[str, ...], list[Edit]] = {}

    def edits(self, fix: Fix) -> list[Edit] | None:
        """The edits of a repair; None when its place is not found or the repair does not fit the code there.

        Raises:
            libcst.ParserSyntaxError: when LibCST cannot read the code.
            SyntaxError: when Python cannot.
        """
        found: list[Edit] = []
        for intent in fix.intents:
            edits = self._intent(intent)
            if edits is None:
                return None
            found.extend(edits)
        return found

    def _intent(self, intent: Intent) -> list[Edit] | None:
        return _WAYS[type(intent)](self, intent)

    def _insert_lines(self, intent: InsertLines) -> list[Edit]:
        return [Edit(intent.line, 0, intent.line, 0, intent.text.replace("\n", newline_of(self.text)))]

    def _add_handler(self, intent: AddHandler) -> list[Edit] | None:
        return handler_edits(self.tree, self.text, intent)

    def _add_urls(self, intent: AddUrls) -> list[Edit] | None:
        return url_edits(self.tree, self.text, intent)

    def _name_setting(self, intent: NameSetting) -> list[Edit]:
        return [Edit(*_place(intent), intent.text)]

    def _recast(self, intent: Recast) -> list[Edit]:
        return [Edit(*_place(intent), intent.template.format(self._source(intent.inner)))]

    def _await_call(self, intent: AwaitCall) -> list[Edit] | None:
        piece = self._piece(intent.line)
        if piece is None:
            return None
        callee = self._written(intent.callee, intent.imports)
        edits = awaited_edits(self.tree, piece, self.text, _place(intent), callee, intent.in_thread)
        return [*edits, *self._import_edits(intent.imports)] if edits is not None else None

    def _call_another(self, intent: CallOther) -> list[Edit] | None:
        piece, call = self._call_at(intent)
        edits = self._call_other(piece, call, intent) if piece is not None and call is not None else None
        return [*edits, *self._import_edits(intent.imports)] if edits is not None else None

    def _mount_adapter(self, intent: MountAdapter) -> list[Edit] | None:
        return adapter_edits(self.tree, self.text, _place(intent), intent.seconds)

    def _bind_parameters(self, intent: BindParameters) -> list[Edit] | None:
        piece = self._piece(intent.line)
        return parameter_edits(self.tree, piece, _place(intent)) if piece is not None else None

    def _in_bulk(self, intent: WriteInBulk) -> list[Edit] | None:
        piece = self._piece(intent.line)
        return bulk_edits(self.tree, self.text, piece, _place(intent)) if piece is not None else None

    def _fetch_before(self, intent: FetchBefore) -> list[Edit] | None:
        return keyed_edits(self.tree, self.text, _place(intent))

    def _guard_redirect(self, intent: GuardRedirect) -> list[Edit] | None:
        piece = self._piece(intent.line)
        return guarded_edits(self.tree, self.text, piece, _place(intent)) if piece is not None else None

    def _format_html(self, intent: FormatHtml) -> list[Edit] | None:
        piece = self._piece(intent.line)
        return markup_edits(self.tree, self.text, piece, _place(intent)) if piece is not None else None

    def _keyword(self, intent: AddKeyword) -> list[Edit] | None:
        piece, call = self._call_at(intent)
        if piece is None or call is None:
            return None
        edit = self._add_keyword(piece, call, intent.keyword, self._written(intent.value, intent.imports))
        return [edit, *self._import_edits(intent.imports)] if edit is not None else None

    def _load_eagerly(self, intent: EagerLoad) -> list[Edit] | None:
        piece = self._piece(intent.line)
        edit = self._eager_load(piece, _place(intent), intent) if piece is not None else None
        if edit is None or intent.method != "selectinload":
            return [edit] if edit is not None else None
        added = from_import(self.tree, self.text, "sqlalchemy.orm", "selectinload")
        return [edit, *added] if added is not None else None

    def _read_setting(self, intent: ReplaceWithEnvironment) -> list[Edit] | None:
        piece, place = self._piece(intent.line), _place(intent)
        literal = piece.at(place, (cst.SimpleString, cst.ConcatenatedString)) if piece is not None else None
        return self._setting(place, literal, intent) if literal is not None else None

    def _call_at(self, intent: AddKeyword | CallOther) -> tuple[Piece | None, cst.Call | None]:
        piece = self._piece(intent.line)
        call = piece.at(_place(intent), cst.Call) if piece is not None else None
        return piece, call if isinstance(call, cst.Call) else None

    def _setting(self, place: Place, literal: cst.CSTNode, intent: ReplaceWithEnvironment) -> list[Edit] | None:
        bare = without_default(self.tree, place)
        if bare is not None:
            return [bare]
        quote = "'" if isinstance(literal, cst.SimpleString) and literal.quote == "'" else '"'
        named = f"{quote}{intent.variable}{quote}"
        if name := reader(self.tree, place[0]):
            return [Edit(*place, f"{name}({named})")]
        if own := intent.settings:
            added = from_import(self.tree, self.text, own.module, own.name, own.is_library)
            field = own.field(intent.variable)
            written = f"{own.name}.{field}" if field else f"{own.name}({named})"
            return [Edit(*place, written), *added] if added is not None else None
        written = self._written(f"os.environ[{named}]", ("os",))
        return [Edit(*place, written), *self._import_edits(("os",))]

    def _call_other(self, piece: Piece, call: cst.Call, intent: CallOther) -> list[Edit] | None:
        name = last_name(call.func)
        if not name:
            return None
        edits = [piece.replaced(call.func, self._written(intent.callee.format(name), intent.imports))]
        positional = [a for a in call.args if a.keyword is None]
        dropped = [a for a in call.args if a.keyword is not None and a.keyword.value in intent.without]
        dropped.extend(positional[intent.keep :])
        for argument in dropped:
            index = call.args.index(argument)
            if argument.star or index == 0:
                return None
            # With the comma before it; what follows keeps its own.
            start, end = piece.position(call.args[index - 1]).end, piece.position(argument).end
            edits.append(Edit(start.line, start.column, end.line, end.column, ""))
        return edits

    def _eager_load(self, piece: Piece, place: Place, intent: EagerLoad) -> Edit | None:
        if intent.method == "list_select_related":
            shown = piece.at(place, cst.List) or piece.tuple_in(place)
            return list_select_related(shown, intent, self.text, piece.position) if shown is not None else None
        node = piece.at(place, (cst.Call, cst.Attribute))
        if intent.method == "selectinload":
            return loader_options(node, intent.names, piece.position) if node is not None else None
        return eager_load(node, intent, self.text, piece.position) if node is not None else None

    def _source(self, place: Place) -> str:
        starts = line_starts(self.text)
        return self.text[starts[place[0] - 1] + place[1] : starts[place[2] - 1] + place[3]]

    @cached_property
    def tree(self) -> ast.Module:
        """The file as it is.

        Raises:
            SyntaxError: when Python cannot read it.
        """
        return tree_of(self.text)

    def _piece(self, line: int) -> Piece | None:
        lines = lines_around(self.tree, line)
        if lines == (0, 0):
            return None
        if lines not in self._pieces:
            first, last = lines
            starts = line_starts(self.text)
            end = starts[last] if last < len(starts) else len(self.text)
            self._pieces[lines] = Piece(self.text[starts[first - 1] : end], first)
        return self._pieces[lines]

    def _written(self, value: str, modules: tuple[str, ...]) -> str:
        """Source text with the modules under the names that they have in this file."""
        for module in modules:
            value = value.replace(f"{module}.", f"{name_of(self.tree, module)[0]}.")
        return value

    def _argument_list(self, intent: ArgumentList) -> list[Edit] | None:
        piece, run = self._piece(intent.line), self._written("subprocess.run", ("subprocess",))
        edits = list_edits(self.tree, piece, _place(intent), intent.are_texts, run) if piece is not None else None
        if edits is None or not any(edit.text == run for edit in edits):
            return edits
        return [*edits, *self._import_edits(("subprocess",))]

    def _import_edits(self, modules: tuple[str, ...]) -> list[Edit]:
        """Edits that import the modules that are not imported yet."""
        if modules not in self._imports:
            names = {module: name_of(self.tree, module) for module in modules}
            missing = {module: name for module, (name, is_missing) in names.items() if is_missing}
            self._imports[modules] = self._added(missing)
        return self._imports[modules]

    def _added(self, modules: dict[str, str]) -> list[Edit]:
        edits = [insertion(self.tree, module, name, newline_of(self.text)) for module, name in sorted(modules.items())]
        if None in edits:
            return line_edits(self.text, with_imports(self.text, modules))
        return [edit for edit in edits if edit is not None]

    def _add_keyword(self, piece: Piece, call: cst.Call, keyword: str, value: str) -> Edit | None:
        position = piece.position
        for argument in call.args:
            if argument.keyword is not None and argument.keyword.value == keyword:
                return piece.replaced(argument.value, value)
        if any(argument.star == "**" for argument in call.args):
            return None
        text, close = f"{keyword}={value}", position(call).end
        if not call.args:
            return Edit(close.line, close.column - 1, close.line, close.column - 1, text)
        last = call.args[-1]
        if isinstance(last.value, cst.GeneratorExp) and not last.value.lpar:
            return None
        end, start = position(last).end, position(last).start
        if isinstance(last.comma, cst.Comma) and position(last.comma).end.line < close.line:
            # One argument a line and a trailing comma: the new one gets a line of its own, behind the last one's comment.
            indent = " " * start.column if start.line != position(call).start.line else " " * 4
            line = position(last.comma).end.line + 1
            return Edit(line, 0, line, 0, f"{indent}{text},{newline_of(self.text)}")
        return Edit(end.line, end.column, end.line, end.column, f", {text}")


class _Placed(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def col(self) -> int: ...
    @property
    def end_line(self) -> int: ...
    @property
    def end_col(self) -> int: ...


def _place(intent: _Placed) -> Place:
    return intent.line, intent.col, intent.end_line, intent.end_col


_WAYS: dict[type, Callable[[Resolver, Any], list[Edit] | None]] = {
    AddHandler: Resolver._add_handler,
    AddKeyword: Resolver._keyword,
    AddUrls: Resolver._add_urls,
    ArgumentList: Resolver._argument_list,
    AwaitCall: Resolver._await_call,
    BindParameters: Resolver._bind_parameters,
    CallOther: Resolver._call_another,
    EagerLoad: Resolver._load_eagerly,
    FetchBefore: Resolver._fetch_before,
    FormatHtml: Resolver._format_html,
    GuardRedirect: Resolver._guard_redirect,
    InsertLines: Resolver._insert_lines,
    MountAdapter: Resolver._mount_adapter,
    NameSetting: Resolver._name_setting,
    Recast: Resolver._recast,
    ReplaceWithEnvironment: Resolver._read_setting,
    WriteInBulk: Resolver._in_bulk,
}
