"""What the interpreter tells rules: events, with the loops around them and the calls that led to them."""

from __future__ import annotations

from backend_pitfalls.model.finding import Site, Step
from backend_pitfalls.semantics.values import UNKNOWN, Function, Value
from backend_pitfalls.semantics.world import Store


class Loop:
    """A loop that an event stands in: where, what it iterates, and whether it runs only a small constant number of rounds
    (`few`) or in batches (`batched`). `kind` tells who loops: the code ("code"), a serializer, a template, the admin; `plain` that its body only sets
    attributes of the element, if anything, and then makes one call; `of_objects` that it goes through objects of the project's own classes, each of which may do something else. `targets` are the names of the element, `bound` all that a round binds."""

    __slots__ = ("batched", "bound", "few", "kind", "of_objects", "plain", "site", "subject", "targets")

    def __init__(
        self,
        site: Site,
        subject: str,
        targets: frozenset[str],
        few: bool,
        batched: bool,
        kind: str = "code",
        plain: bool = False,
        bound: frozenset[str] = frozenset(),
    ) -> None:
        self.kind = kind
        self.plain = plain
        self.of_objects = False
        self.site = site
        self.subject = subject
        self.targets = targets
        self.bound = targets | bound
        self.few = few
        self.batched = batched

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loop) and self.site == other.site and self.kind == other.kind

    def __hash__(self) -> int:
        return hash(self.site)

    @property
    def counts(self) -> bool:
        """Whether the number of rounds grows with data."""
        return not (self.few or self.batched)


class Event:
    """Base: the place, the function it stands in, the loops around it there, and the calls that led to it.

    `chain` is empty in the function where the event stands; seen from a caller it holds one step a call, outermost
    first, `within` is the innermost loop of a called function in which the event stands, `below` how many calls further in it is, `is_told` tells that this function was evaluated for its arguments, of which it knows nothing on its own, and `awaited` whether it happens in a coroutine
    that was called, or in a function that was only defined on the way, and so at a time of its own. `handled` tells that it happens while a
    request is answered, `remembered` that it happens once and its result is kept ("shared", or "own" by an object).
    """

    __slots__ = (
        "awaited",
        "below",
        "chain",
        "handled",
        "is_async",
        "is_told",
        "loops",
        "remembered",
        "site",
        "symbol",
        "within",
    )

    def __init__(self, site: Site, symbol: str, loops: tuple[Loop, ...], is_async: bool = False) -> None:
        self.site = site
        self.symbol = symbol
        self.loops = loops
        self.is_async = is_async
        self.chain: tuple[Step, ...] = ()
        self.within: Loop | None = None
        self.below = 0
        self.is_told = False
        self.awaited = False
        self.handled = False
        self.remembered = ""

    @property
    def inner(self) -> bool:
        """Whether it stands in a loop of a called function."""
        return self.within is not None

    def seen_from(
        self,
        call: Step,
        symbol: str,
        loops: tuple[Loop, ...],
        is_async: bool,
        called: str = "",
        is_told: bool = False,
    ) -> Event:
        """The event as the caller of the function `called`, which `is_told` its arguments, sees it."""
        seen = self._again()
        seen.symbol = symbol
        if seen.within is None:
            seen.within = next((loop for loop in reversed(self.loops) if loop.counts), None)
            seen.below = len(self.chain)
        seen.is_told |= is_told
        seen.awaited = self.awaited or self.is_async or self.symbol != called
        seen.loops = self._around(loops)
        seen.is_async = is_async
        seen.chain = (call, *self.chain)
        return seen

    def _around(self, loops: tuple[Loop, ...]) -> tuple[Loop, ...]:
        """The loops around the event for a caller who is in these."""
        return loops

    def shown_by(self, step: Step, symbol: str, loops: tuple[Loop, ...], is_async: bool) -> Event:
        """An event of a template or serializer, as the code that uses it sees it: its loops run there."""
        seen = self._again()
        seen.symbol = symbol
        seen.loops = (*loops, *(loop for loop in self.loops if loop not in loops))
        seen.is_async = is_async
        seen.chain = (step, *self.chain)
        return seen

    def _again(self) -> Event:
        """The same event for another frame, which knows itself whether it answers a request."""
        same = self._copy()
        same.chain = self.chain
        same.within, same.below = self.within, self.below
        same.is_told = self.is_told
        same.awaited = self.awaited
        same.remembered = self.remembered
        return same

    def _copy(self) -> Event:
        """An event of this kind with what this kind tells."""
        return Event(self.site, self.symbol, self.loops, self.is_async)


class Call(Event):
    """A call of a library function or method, by its qualified name, with abstract arguments.

    `forwarded` tells that the call was written with the `**options` that its function takes, and so may be given more by who calls that; `spreads` that it was
    written with others. `open` tells that who calls the function in which it is seen may give it more, `reachable` that who calls the one where the chain begins may. `kept` tells that the result becomes an attribute or a global variable, and so outlives the function; `becomes` is the name of what is assigned in the statement of the call. `spread` tells that `*args` or `**kwargs` with unknown content were passed, `rest` what is known of that content; `receiver` is the object of a method, `written` the
    call as the reader wrote it.
    """

    __slots__ = (
        "args",
        "becomes",
        "callee",
        "forwarded",
        "guarded",
        "kept",
        "keywords",
        "open",
        "reachable",
        "receiver",
        "rest",
        "spread",
        "spreads",
        "written",
    )

    def __init__(
        self,
        site: Site,
        symbol: str,
        loops: tuple[Loop, ...],
        is_async: bool,
        callee: str,
        args: tuple[Value, ...],
        keywords: dict[str, Value],
        spread: bool,
        receiver: Value | None,
        guarded: bool,
        written: str = "",
        rest: Value = UNKNOWN,
        kept: bool = False,
        forwarded: bool = False,
        spreads: bool = False,
    ) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.callee = callee
        self.spreads = spreads
        self.becomes = ""
        self.open = True
        self.reachable = True
        self.forwarded = forwarded
        self.args = args
        self.keywords = keywords
        self.spread = spread
        self.receiver = receiver
        self.guarded = guarded
        self.written = written
        self.rest = rest
        self.kept = kept

    def _copy(self) -> Call:
        same = Call(
            self.site,
            self.symbol,
            self.loops,
            self.is_async,
            self.callee,
            self.args,
            self.keywords,
            self.spread,
            self.receiver,
            self.guarded,
            self.written,
            self.rest,
            self.kept,
            self.forwarded,
            self.spreads,
        )
        same.becomes = self.becomes
        same.open = self.open
        same.reachable = self.reachable
        return same

    def argument(self, position: int | None, name: str) -> Value | None:
        """The argument at a position or under a name, None when it was not passed."""
        if name and name in self.keywords:
            return self.keywords[name]
        if position is not None and position < len(self.args):
            return self.args[position]
        return None


class Query(Event):
    """A database query is run: `operation` as the reader wrote it, on a model; `effect` is "read" or "write".

    `batched` tells that one query serves many rows (`id__in=…`), `whole` that it reads every row of the model. For the rows of a relation, `path` tells how it is reached from
    the query set made at `origin`, `plain` that a prefetch would serve (nothing is filtered or ordered), and `narrowed` that the rows which have the relation lack some fields. `held`
    is the relation whose prefetched rows it asks for again, in another way, and `alone` tells that a row which is written needs its own statement: its model does more in `save()`, or
    has several tables; `atomic` that a transaction is around it. `keyed` tells that one row is fetched by a key
    of the loop around, and of the type of the model's keys.
    """

    __slots__ = (
        "alone",
        "atomic",
        "batched",
        "dialect",
        "effect",
        "held",
        "keyed",
        "model",
        "narrowed",
        "operation",
        "origin",
        "path",
        "plain",
        "whole",
    )

    def __init__(
        self,
        site: Site,
        symbol: str,
        loops: tuple[Loop, ...],
        is_async: bool,
        operation: str,
        model: str,
        dialect: str,
        effect: str,
        batched: bool,
        path: str = "",
        origin: Site | None = None,
        plain: bool = False,
        narrowed: bool = False,
        whole: bool = False,
        held: str = "",
        alone: bool = False,
        atomic: bool = False,
        keyed: bool = False,
    ) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.held = held
        self.atomic = atomic
        self.keyed = keyed
        self.alone = alone
        self.path = path
        self.origin = origin
        self.plain = plain
        self.narrowed = narrowed
        self.whole = whole
        self.operation = operation
        self.model = model
        self.dialect = dialect
        self.effect = effect
        self.batched = batched

    def _copy(self) -> Query:
        return Query(
            self.site,
            self.symbol,
            self.loops,
            self.is_async,
            self.operation,
            self.model,
            self.dialect,
            self.effect,
            self.batched,
            self.path,
            self.origin,
            self.plain,
            self.narrowed,
            self.whole,
            self.held,
            self.alone,
            self.atomic,
            self.keyed,
        )


class RoundTrip(Query):
    """One thing is asked of a server that is no ORM's, or written to it: a key of a cache, a document, a statement of SQL. `advice` is how many are asked at once."""

    __slots__ = ("advice",)

    def __init__(
        self,
        site: Site,
        symbol: str,
        loops: tuple[Loop, ...],
        is_async: bool,
        operation: str,
        store: str,
        effect: str,
        advice: str,
    ) -> None:
        super().__init__(site, symbol, loops, is_async, operation, "", store, effect, batched=False)
        self.advice = advice

    def _copy(self) -> RoundTrip:
        same = RoundTrip(
            self.site, self.symbol, self.loops, self.is_async, self.operation, self.dialect, self.effect, self.advice
        )
        same.atomic = self.atomic
        return same


class Batch(Event):
    """A loop writes several rows in each round, at `writes`, and no transaction holds them together; `requested` tells that the project has one around each request."""

    __slots__ = ("requested", "subject", "writes")

    def __init__(
        self,
        site: Site,
        symbol: str,
        loops: tuple[Loop, ...],
        is_async: bool,
        subject: str,
        writes: tuple[Step, ...],
        requested: bool,
    ) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.subject = subject
        self.writes = writes
        self.requested = requested

    def _copy(self) -> Batch:
        return Batch(self.site, self.symbol, self.loops, self.is_async, self.subject, self.writes, self.requested)


class Misread(Event):
    """Rows are fetched for what the database could answer: `what` is "count", "exists", "first", "filter", or "any" when they are
    counted only, and "column" when all that is used of them is `column`, by a comprehension that makes a `kind` ("list", "set", "generator"). `inner` is the query set's expression,
    and `negated` tells that the answer is used the other way round."""

    __slots__ = ("column", "dialect", "inner_site", "kind", "model", "negated", "what")

    def __init__(
        self,
        site: Site,
        symbol: str,
        loops: tuple[Loop, ...],
        is_async: bool,
        what: str,
        model: str,
        dialect: str,
        inner_site: Site,
        negated: bool = False,
        column: str = "",
        kind: str = "",
    ) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.column = column
        self.kind = kind
        self.what = what
        self.model = model
        self.dialect = dialect
        self.inner_site = inner_site
        self.negated = negated

    def _copy(self) -> Misread:
        return Misread(
            self.site,
            self.symbol,
            self.loops,
            self.is_async,
            self.what,
            self.model,
            self.dialect,
            self.inner_site,
            self.negated,
            self.column,
            self.kind,
        )


class Application(Event):
    """The application object of a web service is made by `callee`, of the frameworks `group`; `unprobed` is a file that deploys the project where
    none of its routes answers for its health. `stores` are what it can ask its database and cache with, `urls` is where the configuration of Django's URLs beside it begins."""

    __slots__ = ("callee", "group", "stores", "unprobed", "urls")

    def __init__(
        self,
        site: Site,
        symbol: str,
        loops: tuple[Loop, ...],
        is_async: bool,
        callee: str,
        group: str,
        unprobed: str,
        stores: tuple[Store, ...] = (),
        urls: Site | None = None,
    ) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.stores = stores
        self.urls = urls
        self.callee = callee
        self.group = group
        self.unprobed = unprobed

    def _copy(self) -> Application:
        return Application(
            self.site,
            self.symbol,
            self.loops,
            self.is_async,
            self.callee,
            self.group,
            self.unprobed,
            self.stores,
            self.urls,
        )


class Route(Event):
    """A URL path that is asked for the health of the service is given to a handler of the project; `is_whole` tells that nothing stands
    before it."""

    __slots__ = ("handler", "is_whole", "path")

    def __init__(
        self,
        site: Site,
        symbol: str,
        loops: tuple[Loop, ...],
        is_async: bool,
        path: str,
        handler: Function,
        is_whole: bool,
    ) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.path = path
        self.is_whole = is_whole
        self.handler = handler

    def _copy(self) -> Route:
        return Route(self.site, self.symbol, self.loops, self.is_async, self.path, self.handler, self.is_whole)


class Dropped(Event):
    """Something that a call gave is dropped unseen: `what` is "coroutine" (never awaited), "task" (nothing holds it), "client" (nothing closes it), "failure" (of a call: its exception is passed over) "answer" or "body" (nobody asks for its
    status); `name` is what was called."""

    __slots__ = ("name", "what")

    def __init__(self, site: Site, symbol: str, loops: tuple[Loop, ...], is_async: bool, what: str, name: str) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.what = what
        self.name = name

    def _copy(self) -> Dropped:
        return Dropped(self.site, self.symbol, self.loops, self.is_async, self.what, self.name)


class Retry(Event):
    """An outbound `call` is made again when it failed: `how` is "endless" or "counted" for loops, "decorated" for a function that another one calls again; `pauses` tells that
    there is a wait between the attempts."""

    __slots__ = ("call", "how", "pauses")

    def __init__(
        self, site: Site, symbol: str, loops: tuple[Loop, ...], is_async: bool, call: Call, how: str, pauses: bool
    ) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.call = call
        self.how = how
        self.pauses = pauses

    def _copy(self) -> Retry:
        return Retry(self.site, self.symbol, self.loops, self.is_async, self.call, self.how, self.pauses)


class FanOut(Event):
    """Coroutines are started all at once, one for each element of `subject`, whose number the code does not fix."""

    __slots__ = ("callee", "subject")

    def __init__(
        self, site: Site, symbol: str, loops: tuple[Loop, ...], is_async: bool, callee: str, subject: str
    ) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.callee = callee
        self.subject = subject

    def _copy(self) -> FanOut:
        return FanOut(self.site, self.symbol, self.loops, self.is_async, self.callee, self.subject)


class Configured(Event):
    """A module of settings binds a name that a framework reads."""

    __slots__ = ("name", "value")

    def __init__(self, site: Site, symbol: str, name: str, value: Value) -> None:
        super().__init__(site, symbol, ())
        self.name = name
        self.value = value

    def _copy(self) -> Configured:
        return Configured(self.site, self.symbol, self.name, self.value)


class RelationLoad(Event):
    """A relation of a row is read that was not loaded with it, so that a query is run.

    `path` leads from a row of the query set made at `origin` (of `root`'s rows) to what is loaded; `model` has the relation
    `relation`; `narrowed` tells that the rows lack some fields. `varies` are the loops whose rounds each have another row; `many` tells a relation to many rows.
    Seen from a caller, `loops` are the caller's and the callee's together.
    """

    __slots__ = ("dialect", "many", "model", "narrowed", "origin", "path", "relation", "varies")

    def __init__(
        self,
        site: Site,
        symbol: str,
        loops: tuple[Loop, ...],
        is_async: bool,
        model: str,
        relation: str,
        path: str,
        many: bool,
        dialect: str,
        origin: Site | None,
        varies: tuple[Loop, ...],
        narrowed: bool = False,
    ) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.model = model
        self.relation = relation
        self.path = path
        self.many = many
        self.dialect = dialect
        self.origin = origin
        self.varies = varies
        self.narrowed = narrowed

    def _copy(self) -> RelationLoad:
        return type(self)(
            self.site,
            self.symbol,
            self.loops,
            self.is_async,
            self.model,
            self.relation,
            self.path,
            self.many,
            self.dialect,
            self.origin,
            self.varies,
            self.narrowed,
        )

    @property
    def growing(self) -> list[Loop]:
        """The loops with whose rounds the number of queries grows, outermost first."""
        return [loop for loop in self.loops if loop.counts and loop in self.varies]

    def _around(self, loops: tuple[Loop, ...]) -> tuple[Loop, ...]:
        """Those of the called functions too: with which of them the queries grow the row tells."""
        return (*loops, *self.loops)


class FieldLoad(RelationLoad):
    """A field of a row is read that `only()` or `defer()` left out of its query set, so that a query is run; `relation` is the field's name."""

    __slots__ = ()


class Misloaded(Event):
    """A query set is told to load a relation in a way that does not: `what` is "iterated" (prefetched, and then read in chunks without a size) or "joined" (to
    many rows, by `select_related`)."""

    __slots__ = ("model", "name", "what")

    def __init__(
        self, site: Site, symbol: str, loops: tuple[Loop, ...], is_async: bool, what: str, model: str, name: str
    ) -> None:
        super().__init__(site, symbol, loops, is_async)
        self.what = what
        self.model = model
        self.name = name

    def _copy(self) -> Misloaded:
        return Misloaded(self.site, self.symbol, self.loops, self.is_async, self.what, self.model, self.name)


class Named(Event):
    """A guessable value gets the name `target`; `as_made` tells that it is what the call gave that they come from."""

    __slots__ = ("as_made", "target", "value")

    def __init__(self, site: Site, symbol: str, target: str, value: Value, as_made: bool = False) -> None:
        super().__init__(site, symbol, ())
        self.target = target
        self.value = value
        self.as_made = as_made

    def _copy(self) -> Named:
        return Named(self.site, self.symbol, self.target, self.value, self.as_made)
