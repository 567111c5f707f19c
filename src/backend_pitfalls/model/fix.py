"""Fix intents: what a repair wants, as data. Only `backend_pitfalls.fixes` turns them into edits."""

from __future__ import annotations

import enum

import msgspec


class Safety(str, enum.Enum):
    """Whether a repair keeps the behaviour but for the defect (safe) or may change it (unsafe)."""

    SAFE = "safe"
    UNSAFE = "unsafe"


class AddKeyword(msgspec.Struct, frozen=True, tag="add-keyword"):
    """Give the call at this place one more keyword argument, or replace its value when it is there.

    The place is (line, col, end_line, end_col) of the call expression; `value` is Python source that needs the
    modules named in `imports`.
    """

    line: int
    col: int
    end_line: int
    end_col: int
    keyword: str
    value: str
    imports: tuple[str, ...] = ()


class SettingsObject(msgspec.Struct, frozen=True):
    """The object that a project's settings are read from: `name` of `module`, which is the project's own or a library. It is called with a setting's name (django-environ, decouple), or has
    a field for each, declared in the class `declared` of the file `path`, in lower case where `is_lower`."""

    module: str
    name: str
    path: str = ""
    declared: str = ""
    is_lower: bool = False
    is_library: bool = False

    def field(self, variable: str) -> str:
        """The field of a setting; the empty string when there are none."""
        return (variable.lower() if self.is_lower else variable) if self.declared else ""


class ReplaceWithEnvironment(msgspec.Struct, frozen=True, tag="replace-with-environment"):
    """Replace the literal at this place by a look-up of a setting: in the way of its file, else from the project's `settings`, else an environment
    variable."""

    line: int
    col: int
    end_line: int
    end_col: int
    variable: str
    settings: SettingsObject | None = None


class NameSetting(msgspec.Struct, frozen=True, tag="name-setting"):
    """Write `text` instead of the literal at this place, so that what runs the file must be given the setting `variable`; for files that are not Python."""

    line: int
    col: int
    end_line: int
    end_col: int
    variable: str
    text: str


class EagerLoad(msgspec.Struct, frozen=True, tag="eager-load"):
    """Make the query set at this place load relations with its rows.

    `method` is Django's "select_related" or "prefetch_related", `names` are relation paths.
    """

    line: int
    col: int
    end_line: int
    end_col: int
    method: str
    names: tuple[str, ...]


class Recast(msgspec.Struct, frozen=True, tag="recast"):
    """Write the expression at this place anew around a part of it: `template` holds `{}` for the source of the expression at `inner`, which is a
    place (line, col, end_line, end_col) inside."""

    line: int
    col: int
    end_line: int
    end_col: int
    inner: tuple[int, int, int, int]
    template: str


class InsertLines(msgspec.Struct, frozen=True, tag="insert-lines"):
    """Put whole lines before the one of this number; for files that are not Python."""

    line: int
    text: str


class ImportedName(msgspec.Struct, frozen=True, order=True):
    """A name that a repair needs from a module, which is a library or one of the project."""

    module: str
    name: str
    is_library: bool = True


class AddHandler(msgspec.Struct, frozen=True, tag="add-handler"):
    """Give the application that the call at this place makes functions that answer: each the method of the application that decorates it, with its arguments (empty: none), and the
    function, in whose source `{app}` stands for the application. They need the `names`."""

    line: int
    col: int
    end_line: int
    end_col: int
    handlers: tuple[tuple[str, str], ...]
    names: tuple[ImportedName, ...] = ()


class AddUrls(msgspec.Struct, frozen=True, tag="add-urls"):
    """Put functions before the URL configuration of Django that begins on this line, and entries for them into it. They need the `names`."""

    line: int
    code: str
    entries: tuple[str, ...]
    names: tuple[ImportedName, ...] = ()


class MountAdapter(msgspec.Struct, frozen=True, tag="mount-adapter"):
    """Give the `requests` session that the call at this place makes an adapter which limits all its calls to `seconds`, as Python source."""

    line: int
    col: int
    end_line: int
    end_col: int
    seconds: str


class BindParameters(msgspec.Struct, frozen=True, tag="bind-parameters"):
    """Give the values in the SQL statement of the call at this place to the driver as parameters."""

    line: int
    col: int
    end_line: int
    end_col: int


class FormatHtml(msgspec.Struct, frozen=True, tag="format-html"):
    """Let the call of `mark_safe` at this place be one of `format_html`, which escapes the values in the text."""

    line: int
    col: int
    end_line: int
    end_col: int


class ArgumentList(msgspec.Struct, frozen=True, tag="argument-list"):
    """Give the program that the call at this place starts through a shell its arguments as a list, without one. `are_texts` tells that all values
    in the command are texts."""

    line: int
    col: int
    end_line: int
    end_col: int
    are_texts: bool


class GuardRedirect(msgspec.Struct, frozen=True, tag="guard-redirect"):
    """Let the redirect that the call at this place makes lead elsewhere only when Django's check allows the host."""

    line: int
    col: int
    end_line: int
    end_col: int


class WriteInBulk(msgspec.Struct, frozen=True, tag="write-in-bulk"):
    """Write the rows of a loop at once: the call at this place saves or creates one of them in each round."""

    line: int
    col: int
    end_line: int
    end_col: int


class FetchBefore(msgspec.Struct, frozen=True, tag="fetch-before"):
    """Fetch the rows of a loop before it, all at once: the call at this place fetches one of them by its key in each round."""

    line: int
    col: int
    end_line: int
    end_col: int


class CallOther(msgspec.Struct, frozen=True, tag="call-other"):
    """Let the call at this place call something else: `callee` is Python source that needs the modules named in `imports`; `{}` in it stands for the
    last part of the name that is called now. Keywords in `without` are left out, and of the positional arguments all behind the first `keep`."""

    line: int
    col: int
    end_line: int
    end_col: int
    callee: str
    imports: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    keep: int = 255


class AwaitCall(msgspec.Struct, frozen=True, tag="await-call"):
    """Await the call at this place: of `callee`, which needs the modules named in `imports`, instead of what is called now, or with that as its first
    argument (`in_thread`)."""

    line: int
    col: int
    end_line: int
    end_col: int
    callee: str
    imports: tuple[str, ...] = ()
    in_thread: bool = False


Intent = (
    AddHandler
    | AddKeyword
    | AddUrls
    | ArgumentList
    | AwaitCall
    | BindParameters
    | CallOther
    | EagerLoad
    | FetchBefore
    | FormatHtml
    | GuardRedirect
    | InsertLines
    | MountAdapter
    | NameSetting
    | Recast
    | ReplaceWithEnvironment
    | WriteInBulk
)


class Fix(msgspec.Struct, frozen=True):
    """A repair: its title for a person, how safe it is and what an unsafe one may change, and the intents.

    `path` is the file that changes when it is not the finding's own; `uncovers` are the codes of lesser findings that this one hides, and that
    may come to light.
    """

    title: str
    safety: Safety
    intents: tuple[Intent, ...]
    caution: str = ""
    path: str = ""
    uncovers: tuple[str, ...] = ()
