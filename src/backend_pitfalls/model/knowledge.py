"""The records of what the engine knows of libraries; `backend_pitfalls.knowledge` loads them from TOML."""

from __future__ import annotations

import re
import zlib
from fnmatch import fnmatchcase
from functools import cached_property

import msgspec


class ClientFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Outbound calls that take a timeout.

    `calls` are qualified names; the timeout is the argument named `keyword` or at `position` (from 0, the receiver not
    counted; a client without `keyword` takes none, and `instead` says what to do). `default` is what the library does without it:
    "unlimited" or "limited", to `seconds` where that is long. `unlimited` are the numbers
    that switch the limit off, `none` tells what None does ("unlimited" or "limited"). `inherits` are the attributes of the receiver that give a default for the call
    (`<name>` is one that a setter kept under that name), `alternatives` other keywords that also set a limit, `local_prefixes` first arguments that stay on this machine, `addresses` the
    beginnings of those with which the facts hold. `entry` is the key of the limit where `keyword` takes a dictionary. `handled` tells that only calls while a request is answered count,
    `addressed` that only those of an address do, `note` that a finding is one of low severity. An address that is a pair begins with "(".
    `given` tells that only calls with arguments count.
    `family` groups clients for the rules: "http", "database", "queue" (caches and brokers) or "service" (all others). `in_address` are texts in the
    first argument (an address) that set the limit. `project_limit` is what a program may limit as a whole
    ("socket", "ldap", "task"), this client with it.
    `value` is the Python source of a sensible timeout, with `{seconds}` for the number. `docs` is where the fact is from.
    """

    calls: tuple[str, ...]
    docs: str
    keyword: str = "timeout"
    position: int | None = None
    default: str = "unlimited"
    unlimited: tuple[float, ...] = ()
    none: str = "unlimited"
    inherits: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    entry: str = ""
    handled: bool = False
    addressed: bool = False
    given: bool = False
    note: bool = False
    value: str = "{seconds}"
    imports: tuple[str, ...] = ()
    local_prefixes: tuple[str, ...] = ()
    family: str = "http"
    in_address: tuple[str, ...] = ()
    seconds: float = 0
    instead: str = ""
    project_limit: str = ""

    @property
    def unit(self) -> float:
        """How many of the client's units of time are a second."""
        return 1000 if self.value.startswith("{seconds}000") else 1


class SourceFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Attributes, calls or methods whose value an outsider controls (`kind` "input") or can guess ("random"); `cleaned` are
    harms that it cannot do, `unless` keywords of the call with which it is harmless; what `picks` gives one of its argument's elements, which nobody
    has to guess where they are texts of several characters. Sources of a `group` count where the configuration names it."""

    names: tuple[str, ...]
    description: str
    docs: str
    kind: str = "input"
    cleaned: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    picks: bool = False
    group: str = ""


class SinkFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that do harm (`harm`, such as "sql") when an outsider controls the argument at `position` (-1: the object of the
    method) or `keyword`. `unless` are keywords with values that make it harmless, as Python literals or qualified names,
    `only_if` those without which it is, `only_as` those with which alone it is not where a call says another. `takes_files` tells that a file that is open does no harm where a path does."""

    calls: tuple[str, ...]
    harm: str
    docs: str
    position: int = 0
    keyword: str = ""
    needs_sql: bool = False
    unless: dict[str, tuple[str, ...]] = {}
    only_if: dict[str, tuple[str, ...]] = {}
    only_as: dict[str, tuple[str, ...]] = {}
    takes_files: bool = False


class SanitizerFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls whose result is harmless for `harms` ("*": for all), and attributes whose value is."""

    harms: tuple[str, ...]
    docs: str
    calls: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


class ThroughFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls whose result is made of their arguments, so that it is as trustworthy as they are. `type` is the class of the
    result, `resolves` tells that a path loses its `..` and links; `ignored` are the positions of arguments that only say what is to be done, `undoes` the
    harms that are possible again."""

    calls: tuple[str, ...]
    docs: str
    ignored: tuple[int, ...] = ()
    type: str = ""
    resolves: bool = False
    undoes: tuple[str, ...] = ()


class GuardFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that tell whether their first argument is harmless for `harms` ("*": all); true on the path that goes on with it, or, with
    `raises`, where they return at all. With `whole` what the argument was taken from is as harmless: an address of which the path was looked up."""

    calls: tuple[str, ...]
    harms: tuple[str, ...]
    docs: str
    raises: bool = False
    whole: bool = False


class TypeFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls or attributes (`names`) that give an object of class `type`; with `object` the names are such objects themselves, as
    `flask.request` is. `placed` tells that the place where an object is made is worth knowing,
    `unless` are constants with which a call gives something else."""

    names: tuple[str, ...]
    type: str
    docs: str
    object: bool = False
    placed: bool = False
    unless: tuple[str, ...] = ()


class SetterFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Methods that keep their argument at `position` in the object: as its attribute `attribute`, or under the name of the first argument, a constant of a library (`<name>`)."""

    calls: tuple[str, ...]
    docs: str
    attribute: str = ""
    position: int = 0


class DispatchFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Methods of a library's class that do their work by calling another `method` of the object, which a subclass may have of its own; `first` is the argument that they put before their
    own (`{name}` stands for the name of the method called, in capital letters)."""

    calls: tuple[str, ...]
    method: str
    docs: str
    first: str = ""


class ClassFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Library classes with their bases, and the types of attributes that frameworks set (`self.request`)."""

    names: tuple[str, ...]
    docs: str
    bases: tuple[str, ...] = ()
    attributes: dict[str, str] = {}


class RouteFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Decorators that make a function a request handler; `style` tells how its parameters are filled. Those of a `group` count where the
    configuration names it."""

    decorators: tuple[str, ...]
    style: str
    docs: str
    group: str = ""


class RoutingFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that give a URL path, their first argument, its handler: at which position, under which keyword."""

    calls: tuple[str, ...]
    handler: int
    keyword: str
    docs: str


class DependencyFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that ask another service whether it is there; `what` names it for a person."""

    calls: tuple[str, ...]
    what: str
    docs: str


class LoginFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Decorators (by the last part of their name) behind which only some requests reach a handler; `why` tells which do not."""

    decorators: tuple[str, ...]
    why: str
    docs: str


class QueryFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Methods of an ORM's query objects: those that build a query, run it for reading, run it for writing."""

    dialect: str
    docs: str
    builds: tuple[str, ...] = ()
    row: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    scalar: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    session_reads: tuple[str, ...] = ()
    session_writes: tuple[str, ...] = ()
    session_starts: tuple[str, ...] = ()


class ModelFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base classes that make a class an ORM model, and library classes that are models themselves."""

    dialect: str
    docs: str
    bases: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()


class RelationFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A relation that models of a library have: its name, to which model ("<user>": that of the project's users), whether to many rows, and the name by which
    the other side knows it (of a relation that is declared by the other side: `reverse`)."""

    models: tuple[str, ...]
    name: str
    target: str
    docs: str
    many: bool = False
    back: str = ""
    reverse: bool = False


class TreeFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base classes of models whose rows are the nodes of a tree: methods of a row that give a query set of others (`rows`), and that ask for one (`row`)."""

    bases: tuple[str, ...]
    docs: str
    rows: tuple[str, ...] = ()
    row: tuple[str, ...] = ()


class BlockingFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that hold the thread while they wait; `instead` says in words what an event loop can go on with. Those that are `brief` count in loops."""

    calls: tuple[str, ...]
    instead: str
    docs: str
    brief: bool = False


class PoolFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that make a pool whose size is the argument `keyword`; `unbounded` are the numbers that take the bound away, `none` tells whether None does,
    `default` whether leaving it out does. `value` is a size to write."""

    calls: tuple[str, ...]
    keyword: str
    value: str
    docs: str
    unbounded: tuple[float, ...] = ()
    none: bool = False
    default: bool = False


class PooledFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that make a client, engine or channel which holds connections and is meant to be made once and shared."""

    calls: tuple[str, ...]
    docs: str


class RetryFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that make a function, or a client, try again: each of `stops` is a keyword that ends it (none: it ends by itself), each of `waits` one that makes it wait between
    the attempts (none: it waits by itself), `instead` and `pause` are what to pass."""

    calls: tuple[str, ...]
    docs: str
    stops: tuple[str, ...] = ()
    instead: str = ""
    waits: tuple[str, ...] = ()
    pause: str = ""


class RoundTripFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that ask a server (`store` names its kind) for one thing, or write one: `effect` is "read" or "write", or "sql" where the statement in the first argument tells. `instead` says how many
    are asked for, or written, at once, `document` that the call is one of these only with a dictionary as its first argument."""

    calls: tuple[str, ...]
    store: str
    effect: str
    instead: str
    docs: str
    document: bool = False


class FanOutFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that start all the coroutines that they are given at once."""

    calls: tuple[str, ...]
    docs: str


class ClosableFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that make something which only a call (or `with`) gives back: going out of scope does not close it."""

    calls: tuple[str, ...]
    docs: str


class SettingFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of a module of settings that rules look at."""

    names: tuple[str, ...]
    docs: str


class ApplicationFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that make the application object of a web service, by which `group` of frameworks."""

    calls: tuple[str, ...]
    group: str
    docs: str


class ProbeFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How services name the routes that an orchestrator asks: `segments` of their paths, without `-` and `_`, and `modules` of libraries
    that bring such routes. `asks` tells for what the route is asked: "liveness", "readiness", "" for either, "perhaps" for names that other routes have
    as well."""

    docs: str
    segments: tuple[str, ...] = ()
    asks: str = ""
    modules: tuple[str, ...] = ()


class MetricsFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Libraries (`modules`) that count what a service does for those who watch it, and the `segments` of paths under which it shows that."""

    modules: tuple[str, ...]
    docs: str
    segments: tuple[str, ...] = ()


class SignalFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Libraries (`modules`) with which a program hears that it is to stop."""

    modules: tuple[str, ...]
    docs: str


class SlowStarterFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Official images (by their last name) of servers that take connections only some time after they were started, and that
    have no health check of their own."""

    images: tuple[str, ...]
    docs: str


class BaseImageFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs that images do not have; `images` are patterns as of a shell, the last one that fits counts."""

    images: tuple[str, ...]
    lacks: tuple[str, ...]
    docs: str


class NoReturnFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that never return."""

    calls: tuple[str, ...]
    docs: str


# The harms of which rules look at the call itself, whatever data it is given.
_CALLS = frozenset({"cookie", "html", "weak-hash", "weak-hash-name"})

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _has_crc32(token: str) -> bool:
    """Whether the last six characters of a token are the CRC32, in base 62, of those between its prefix and them."""
    body, check = token.partition("_")[2][:-6], token[-6:]
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits.rjust(6, "0") == check


class TokenFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider's token format: its name and a regular expression that matches the whole token. `checksum` tells how the last characters are made
    of those behind the prefix: "crc32-base62" (six characters), or "" when nothing is known of it. `public` tells that clients are given it."""

    provider: str
    pattern: str
    docs: str
    checksum: str = ""
    public: bool = False

    def fits(self, text: str) -> bool:
        """Whether a text is a token of this format, by its checksum too."""
        return bool(re.fullmatch(self.pattern, text)) and (not self.checksum or _has_crc32(text))


class RotationFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a secret is made worthless, for the formats whose names start with one of `providers`."""

    providers: tuple[str, ...]
    how: str
    docs: str


class CredentialNameFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Last words of names, joined and in lower case, that mean a credential of a `kind`: "password", "secret key" (a placeholder there is a key that
    everyone knows), "key" (keys, tokens and secrets that a machine makes), "header" and "cookie" (which hold one among other words), "perhaps" for names
    that mean other things as well."""

    kind: str
    words: tuple[str, ...]
    docs: str


class SampleFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Texts that a vendor or a standard publishes as examples, or for everybody's emulator: they open nothing."""

    texts: tuple[str, ...]
    docs: str


class CredentialCallFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls whose argument at `position`, or named `keyword`, is a credential. `*.name` is a method or function of that name of whatever module, `a.name`
    also one of whatever is called `a`."""

    calls: tuple[str, ...]
    position: int
    keyword: str
    docs: str


class CredentialWrapperFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that give their first argument (or the one named `keyword`) on as it is."""

    calls: tuple[str, ...]
    docs: str
    keyword: str = ""


class LibraryTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One TOML file: a library and its rows."""

    library: str = "project"
    aliases: dict[str, str] = {}
    client: tuple[ClientFacts, ...] = ()
    source: tuple[SourceFacts, ...] = ()
    sink: tuple[SinkFacts, ...] = ()
    sanitizer: tuple[SanitizerFacts, ...] = ()
    through: tuple[ThroughFacts, ...] = ()
    guard: tuple[GuardFacts, ...] = ()
    type: tuple[TypeFacts, ...] = ()
    setter: tuple[SetterFacts, ...] = ()
    dispatch: tuple[DispatchFacts, ...] = ()
    class_: tuple[ClassFacts, ...] = msgspec.field(default=(), name="class")
    route: tuple[RouteFacts, ...] = ()
    query: tuple[QueryFacts, ...] = ()
    model: tuple[ModelFacts, ...] = ()
    relation: tuple[RelationFacts, ...] = ()
    tree: tuple[TreeFacts, ...] = ()
    noreturn: tuple[NoReturnFacts, ...] = ()
    blocking: tuple[BlockingFacts, ...] = ()
    pooled: tuple[PooledFacts, ...] = ()
    pool: tuple[PoolFacts, ...] = ()
    retry: tuple[RetryFacts, ...] = ()
    round_trip: tuple[RoundTripFacts, ...] = ()
    fanout: tuple[FanOutFacts, ...] = ()
    closable: tuple[ClosableFacts, ...] = ()
    setting: tuple[SettingFacts, ...] = ()
    application: tuple[ApplicationFacts, ...] = ()
    probe: tuple[ProbeFacts, ...] = ()
    routing: tuple[RoutingFacts, ...] = ()
    dependency: tuple[DependencyFacts, ...] = ()
    login: tuple[LoginFacts, ...] = ()
    metrics: tuple[MetricsFacts, ...] = ()
    signal: tuple[SignalFacts, ...] = ()
    slow_starter: tuple[SlowStarterFacts, ...] = ()
    base_image: tuple[BaseImageFacts, ...] = ()
    token: tuple[TokenFacts, ...] = ()
    rotation: tuple[RotationFacts, ...] = ()
    credential_name: tuple[CredentialNameFacts, ...] = ()
    sample: tuple[SampleFacts, ...] = ()
    credential_call: tuple[CredentialCallFacts, ...] = ()
    credential_wrapper: tuple[CredentialWrapperFacts, ...] = ()


class Queries(msgspec.Struct, frozen=True):
    """The query methods of one ORM, as sets."""

    builds: frozenset[str]
    row: frozenset[str]
    rows: frozenset[str]
    values: frozenset[str]
    scalar: frozenset[str]
    writes: frozenset[str]
    session_reads: frozenset[str]
    session_writes: frozenset[str]
    session_starts: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Every method of query objects."""
        return self.builds | self.row | self.rows | self.values | self.scalar | self.writes


class Knowledge:
    """All tables joined and indexed by qualified name. Built once a process; read only.

    Parameters:
        tables: in the order in which they are joined.
        groups: of the sources that count only when they are asked for.
    """

    def __init__(self, tables: tuple[LibraryTable, ...], groups: tuple[str, ...] = ()) -> None:
        self.tables = tables
        self.groups = frozenset({"", *groups})
        self.aliases: dict[str, str] = {}
        self._lineages: dict[str, tuple[str, ...]] = {}
        self.clients: dict[str, ClientFacts] = {}
        self.sources: dict[str, SourceFacts] = {}
        self.sinks: dict[str, list[SinkFacts]] = {}
        self.sanitizers: dict[str, frozenset[str]] = {}
        self.harmless: dict[str, frozenset[str]] = {}
        self.through: dict[str, ThroughFacts] = {}
        self.guards: dict[str, frozenset[str]] = {}
        self.raising: dict[str, GuardFacts] = {}
        """The guards that raise where their argument is not harmless."""
        self.types: dict[str, str] = {}
        self.objects: set[str] = set()
        self.placed: set[str] = set()
        self.type_exceptions: dict[str, frozenset[str]] = {}
        self.setters: dict[str, SetterFacts] = {}
        self.dispatches: dict[str, DispatchFacts] = {}
        self.bases: dict[str, tuple[str, ...]] = {}
        self.attributes: dict[str, dict[str, str]] = {}
        self.routes: dict[str, str] = {}
        self.queries: dict[str, Queries] = {}
        self.model_bases: dict[str, str] = {}
        self.models: dict[str, str] = {}
        self.relations: list[RelationFacts] = []
        self.trees: dict[str, TreeFacts] = {}
        self.tree_methods: set[str] = set()
        self.manager_bases: dict[str, str] = {}
        self.noreturn: set[str] = set()
        self.blocking: dict[str, BlockingFacts] = {}
        self.pooled: set[str] = set()
        self.pools: dict[str, list[PoolFacts]] = {}
        self.retries: dict[str, RetryFacts] = {}
        self.round_trips: dict[str, RoundTripFacts] = {}
        self.fanouts: set[str] = set()
        self.closable: set[str] = set()
        self.settings: set[str] = set()
        self.applications: dict[str, str] = {}
        self.probe_segments: dict[str, str] = {}
        self.routings: dict[str, RoutingFacts] = {}
        self.dependencies: dict[str, str] = {}
        self.logins: dict[str, str] = {}
        self.probe_modules: set[str] = set()
        self.slow_starters: set[str] = set()
        self.metrics: set[str] = set()
        self.metrics_segments: set[str] = set()
        self.signals: set[str] = set()
        self.base_images: list[BaseImageFacts] = []
        self.tokens: list[TokenFacts] = []
        self.rotations: dict[str, str] = {}
        self.credential_names: dict[str, str] = {}
        self.samples: set[str] = set()
        self.credential_calls: dict[str, CredentialCallFacts] = {}
        self.credential_wrappers: dict[str, str] = {}
        for table in tables:
            self._add(table)
        slow = frozenset(name for name, client in self.clients.items() if client.seconds)
        self.replayed = (
            frozenset(self.blocking) | self.pooled | slow | (frozenset(self.dependencies) - frozenset(self.sinks))
        )
        heard = (
            frozenset(self.clients)
            | frozenset(self.blocking)
            | frozenset(self.retries)
            | frozenset(self.dependencies)
            | self.pooled
            | frozenset(self.pools)
            | self.closable
            | frozenset(self.round_trips)
        )
        self.notable = heard | frozenset(self.sinks)
        self.only_sinks = frozenset(
            name for name, sinks in self.sinks.items() if name not in heard and not any(s.harm in _CALLS for s in sinks)
        )
        """The calls that matter to rules only where labelled data reaches them."""
        self.outbound = frozenset(name for name, client in self.clients.items() if not (client.handled or client.note))
        """The calls that ask something elsewhere."""

    def _add(self, table: LibraryTable) -> None:
        self.aliases.update(table.aliases)
        for client in table.client:
            self.clients.update(dict.fromkeys(client.calls, client))
        for source in (s for s in table.source if s.group in self.groups):
            self.sources.update(dict.fromkeys(source.names, source))
        for sink in table.sink:
            for call in sink.calls:
                self.sinks.setdefault(call, []).append(sink)
        for sanitizer in table.sanitizer:
            self.sanitizers.update(dict.fromkeys(sanitizer.calls, frozenset(sanitizer.harms)))
            self.harmless.update(dict.fromkeys(sanitizer.attributes, frozenset(sanitizer.harms)))
        for through in table.through:
            self.through.update(dict.fromkeys(through.calls, through))
        for guard in table.guard:
            if guard.raises:
                self.raising.update(dict.fromkeys(guard.calls, guard))
            else:
                self.guards.update(dict.fromkeys(guard.calls, frozenset(guard.harms)))
        for type_ in table.type:
            self.types.update(dict.fromkeys(type_.names, type_.type))
            if type_.object:
                self.objects.update(type_.names)
            if type_.unless:
                self.type_exceptions.update(dict.fromkeys(type_.names, frozenset(type_.unless)))
            if type_.placed:
                self.placed.update(type_.names)
        for setter in table.setter:
            self.setters.update(dict.fromkeys(setter.calls, setter))
        for dispatch in table.dispatch:
            self.dispatches.update(dict.fromkeys(dispatch.calls, dispatch))
        for class_ in table.class_:
            for name in class_.names:
                self.bases[name] = class_.bases
                self.attributes[name] = class_.attributes
        for route in (r for r in table.route if r.group in self.groups):
            self.routes.update(dict.fromkeys(route.decorators, route.style))
        for query in table.query:
            self.queries[query.dialect] = Queries(
                **{f: frozenset(getattr(query, f)) for f in Queries.__struct_fields__}
            )
        for model in table.model:
            self.model_bases.update(dict.fromkeys(model.bases, model.dialect))
            self.models.update(dict.fromkeys(model.models, model.dialect))
            self.manager_bases.update(dict.fromkeys(model.managers, model.dialect))
        self.relations.extend(table.relation)
        for tree in table.tree:
            self.trees.update(dict.fromkeys(tree.bases, tree))
            self.tree_methods.update(tree.rows, tree.row)
        for row in table.noreturn:
            self.noreturn.update(row.calls)
        for pool in table.pool:
            for call in pool.calls:
                self.pools.setdefault(call, []).append(pool)
        for pooled in table.pooled:
            self.pooled.update(pooled.calls)
        for retry in table.retry:
            self.retries.update(dict.fromkeys(retry.calls, retry))
        for application in table.application:
            self.applications.update(dict.fromkeys(application.calls, application.group))
        for probe in table.probe:
            self.probe_segments.update(dict.fromkeys(probe.segments, probe.asks))
            self.probe_modules.update(probe.modules)
        for routing in table.routing:
            self.routings.update(dict.fromkeys(routing.calls, routing))
        for dependency in table.dependency:
            self.dependencies.update(dict.fromkeys(dependency.calls, dependency.what))
        for login in table.login:
            self.logins.update(dict.fromkeys(login.decorators, login.why))
        for metrics in table.metrics:
            self.metrics.update(metrics.modules)
            self.metrics_segments.update(metrics.segments)
        for signal in table.signal:
            self.signals.update(signal.modules)
        for starter in table.slow_starter:
            self.slow_starters.update(starter.images)
        self.base_images.extend(table.base_image)
        for held in table.blocking:
            self.blocking.update(dict.fromkeys(held.calls, held))
        self.tokens.extend(table.token)
        for rotation in table.rotation:
            self.rotations.update(dict.fromkeys(rotation.providers, rotation.how))
        for trip in table.round_trip:
            self.round_trips.update(dict.fromkeys(trip.calls, trip))
        for fanout in table.fanout:
            self.fanouts.update(fanout.calls)
        for closable in table.closable:
            self.closable.update(closable.calls)
        for setting in table.setting:
            self.settings.update(setting.names)
        for sample in table.sample:
            self.samples.update(sample.texts)
        for names in table.credential_name:
            self.credential_names.update(dict.fromkeys(names.words, names.kind))
        for given in table.credential_call:
            self.credential_calls.update(dict.fromkeys(given.calls, given))
        for wrapper in table.credential_wrapper:
            self.credential_wrappers.update(dict.fromkeys(wrapper.calls, wrapper.keyword))

    def is_probe(self, route: str) -> bool:
        """Whether a route (or an installed or included module) is one that an orchestrator asks for the health of the service."""
        return route.split(".")[0] in self.probe_modules or self.probe_of(route) is not None

    def probe_of(self, route: str) -> str | None:
        """For what a route is asked by its name, as `ProbeFacts.asks` tells; None when it is not about health."""
        words = route.strip("^$").replace("-", "").replace("_", "").lower().split("/")
        found = [word.strip("?$^").partition(".")[0] for word in words]
        asked = [self.probe_segments[word] for word in found if word in self.probe_segments]
        return max(asked, key=bool) if asked else None

    def missing_tools(self, image: str) -> tuple[str, ...]:
        """Programs that an image certainly does not have."""
        fitting = [facts.lacks for facts in self.base_images if any(fnmatchcase(image, p) for p in facts.images)]
        return fitting[-1] if fitting else ()

    def token_of(self, text: str) -> TokenFacts | None:
        """The token format that a text has; None for none."""
        if len(text) < 12 or not self._any_token.fullmatch(text):
            return None
        return next((t for t in self.tokens if t.fits(text)), None)

    def rotation_of(self, token: TokenFacts) -> str:
        """How a token of this format is made worthless; empty where nothing is known."""
        return next((how for provider, how in self.rotations.items() if token.provider.startswith(provider)), "")

    @cached_property
    def modules(self) -> frozenset[str]:
        """The modules of libraries, and those of Python's own, as far as the tables know something in them."""
        found: set[str] = set()
        for name in (
            *self.clients,
            *self.sources,
            *self.sinks,
            *self.types,
            *self.bases,
            *self.blocking,
            *self.dispatches,
            *self.aliases,
            *self.aliases.values(),
        ):
            while (name := name.rpartition(".")[0]) and name not in found:
                found.add(name)
        return frozenset(found)

    @cached_property
    def harms(self) -> frozenset[str]:
        """Everything that untrusted data can do, by the names that sinks give it."""
        return frozenset(sink.harm for sinks in self.sinks.values() for sink in sinks)

    @cached_property
    def sql_methods(self) -> frozenset[str]:
        """The sinks that are methods of any object, and count where they are given SQL."""
        return frozenset(
            name for name, sinks in self.sinks.items() if name[:2] == "?." and any(s.needs_sql for s in sinks)
        )

    @cached_property
    def credential_callees(self) -> frozenset[str]:
        """The last names of the calls that take a credential."""
        return frozenset(call.rsplit(".", 1)[-1] for call in self.credential_calls)

    @cached_property
    def _any_token(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{t.pattern})" for t in self.tokens) or r"(?!)")

    def canonical(self, name: str) -> str:
        """The name under which the tables know a library object."""
        return self.aliases.get(name, name)

    def lineage(self, cls: str) -> tuple[str, ...]:
        """A library class and its known bases, nearest first."""
        known = self._lineages.get(cls)
        if known is not None:
            return known
        found: list[str] = []
        pending = [cls]
        while pending:
            name = pending.pop(0)
            if name not in found:
                found.append(name)
                pending.extend(self.bases.get(name, ()))
        return self._lineages.setdefault(cls, tuple(found))
