"""What is known only when all files have been read: which image a container runs, which service lives in that image, which of its routes a
probe asks for, and what patches add."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from backend_pitfalls.model.files import OF_DEVELOPERS
from backend_pitfalls.model.finding import Site, Span, Step
from backend_pitfalls.model.knowledge import Knowledge
from backend_pitfalls.model.regex import regex
from backend_pitfalls.project.manifests import (
    CheckFound,
    ComposeFound,
    HealthAsked,
    HostedFound,
    ImageFound,
    LoopFound,
    Manifest,
    OperationsFound,
    PatchesFound,
    ProbeFound,
    ValuesFound,
    Ways,
    WorkersFound,
    WorkloadFound,
)
from backend_pitfalls.project.manifests.compose import Service
from backend_pitfalls.project.manifests.dockerfile import Image, port_of, server_in, worker_in
from backend_pitfalls.project.manifests.kubernetes import Container, Probe, Workload
from backend_pitfalls.semantics.facts import FileFacts
from backend_pitfalls.semantics.records import HealthRoute

Event = (
    WorkloadFound
    | ComposeFound
    | ImageFound
    | ProbeFound
    | CheckFound
    | HealthAsked
    | HostedFound
    | LoopFound
    | WorkersFound
)


class Deployment:
    """How the services of a project are put into production.

    Parameters:
        manifests: of all files.
        facts: of the Python files that belong to services.
        health: the routes about health that were found in them.
    """

    def __init__(
        self,
        manifests: Iterable[Manifest],
        facts: Sequence[FileFacts],
        health: Sequence[HealthRoute],
        knowledge: Knowledge,
    ) -> None:
        self._health = health
        self._facts = facts
        self._knowledge = knowledge
        found = list(manifests)
        self._images = {m.path: m.image for m in found if isinstance(m, ImageFound)}
        self._composed = [m for m in found if isinstance(m, ComposeFound)]
        workloads = _by_values(found, [m for m in found if isinstance(m, WorkloadFound)])
        self._workloads = _operated(found, _patched(workloads))
        self._hosted = [m for m in found if isinstance(m, HostedFound)]
        self._modules = {f.module: f.path for f in facts}
        self._contexts = self._built_in()
        self._named = self._named_images()

    def events(self) -> Iterator[Event]:
        """What rules are told."""
        for path, image in self._images.items():
            yield ImageFound(path, image, self._check(path, image.command))
            if image.healthcheck is not None:
                yield CheckFound(Site(path, image.healthcheck.span), image.healthcheck.value, image)
        for composed in self._composed:
            yield from self._composed_events(composed)
        probes = [probe for found in self._workloads for probe in self._probes(found)]
        for found in self._workloads:
            built = {c.name: (self._named.get(_last_name(c.image)), c.command) for c in found.workload.containers}
            ways = {n: self._ways(path, command) for n, (path, command) in built.items() if path}
            commands = {c.name: self._command(c) for c in found.workload.containers}
            unwatched = frozenset(n for n, (path, _) in built.items() if path and self._is_unwatched(path))
            yield replace(found, ways=ways, commands=commands, unwatched=unwatched)
            yield from self._checks(found)
        yield from probes
        yield from self._hosted
        yield from self._loops()
        yield from self._workers()
        for route in self._health:
            asked = self._asked_by(route, probes)
            sites = {name: Site(found.path, found.probe.span) for name, found in asked.items()}
            limits = {name: found.probe.numbers.get("timeoutSeconds", 1) for name, found in asked.items()}
            yield HealthAsked(route, sites, self._needs(route), limits)

    def _composed_events(self, composed: ComposeFound) -> Iterator[Event]:
        images: dict[str, Image] = {}
        checks: dict[str, str] = {}
        for service in composed.services:
            built = _dockerfile_of(composed.path, service)
            image = self._images.get(built)
            if image is None:
                continue
            images[service.name] = image
            checks[service.name] = self._check(built, service.command)
            if service.test:
                yield CheckFound(Site(composed.path, service.test_span), service.test, image)
        yield replace(composed, images=images, checks=checks)

    def _built_in(self) -> dict[str, str]:
        """The folder that each Dockerfile is given to copy from: as a compose file says, else its own."""
        found = {path: posixpath.dirname(path) for path in self._images}
        for composed in self._composed:
            for service in composed.services:
                path = _dockerfile_of(composed.path, service)
                if path in found:
                    found[path] = _context_of(composed.path, service)
        return found

    def _named_images(self) -> dict[str, str]:
        """The Dockerfiles of images by their names: those that compose files give them, and that of the folder."""
        found: dict[str, str] = {}
        for path, folder in self._contexts.items():
            if folder:
                found[posixpath.basename(folder).lower()] = path
        for composed in self._composed:
            for service in composed.services:
                path = _dockerfile_of(composed.path, service)
                if path in self._images and service.image:
                    found[_last_name(service.image)] = path
        return found

    def _probes(self, found: WorkloadFound) -> Iterator[ProbeFound]:
        for container in found.workload.containers:
            folder = self._contexts.get(self._named.get(_last_name(container.image), "")) if container.image else None
            for probe in container.probes:
                served = None
                if folder is not None and probe.how == "httpGet":
                    served = self._serves(folder, probe.target)
                command = self._command(container)
                refused = self._refused(folder, probe) if folder is not None and probe.how == "httpGet" else None
                yield ProbeFound(found.path, found.workload, container, probe, served, folder or "", command, refused)

    def _refused(self, folder: str, probe: Probe) -> Step | None:
        """Why Django does not answer a probe: it asks the pod by its address, which is no allowed host, or over plain HTTP, which is led elsewhere.

        https://docs.djangoproject.com/en/stable/ref/settings/#secure-ssl-redirect
        """
        for facts in self._facts:
            if not _lies_in(facts.path, folder) or OF_DEVELOPERS.search(facts.path):
                continue
            site = Site(facts.path, Span(1, 0, 1, 0))
            if "hosts" in facts.settles and "host" not in probe.headers:
                return Step(
                    site, "ALLOWED_HOSTS names hosts, and a probe asks the pod by its address: send a Host header"
                )
            is_led = (
                facts.constants.get("SECURE_SSL_REDIRECT") is True and "SECURE_REDIRECT_EXEMPT" not in facts.variables
            )
            if is_led and probe.scheme != "HTTPS" and "x-forwarded-proto" not in probe.headers:
                return Step(
                    site,
                    "SECURE_SSL_REDIRECT leads it to HTTPS, which counts as success without a look: exempt the route (SECURE_REDIRECT_EXEMPT)",
                )
        return None

    def _command(self, container: Container) -> str:
        """What a container starts: its own command, else that of its image."""
        built = self._image_of(container)
        return container.command or (built.command if built is not None else "")

    def _image_of(self, container: Container) -> Image | None:
        """The image of a container that is built in the project."""
        return self._images.get(self._named.get(_last_name(container.image), ""))

    def _is_unwatched(self, dockerfile: str) -> bool:
        """Whether the service in an image certainly shows no metrics: nothing in its folder, which serves requests, is known to count."""
        folder = self._contexts[dockerfile]
        inside = [f for f in self._facts if _lies_in(f.path, folder)]
        modules = frozenset().union(*(f.packages for f in inside))
        segments = {part for f in inside for route in f.routes for part in _segments(route)}
        is_known = bool(modules & _FRAMEWORKS) and bool(server_in(self._images[dockerfile].command))
        return is_known and not modules & self._knowledge.metrics and not segments & self._knowledge.metrics_segments

    def _loops(self) -> Iterator[LoopFound]:
        """The programs without end that containers start."""
        started: dict[str, Site] = {}
        for command, site, _ in self._started():
            started.setdefault(command, site)
        by_path = {f.path: f for f in self._facts}
        for command, site in sorted(started.items()):
            facts = by_path.get(self._program(command))
            if facts is not None and facts.endless and not facts.packages & self._knowledge.signals:
                yield LoopFound(_line_site(facts, facts.endless), command, site)

    def _workers(self) -> Iterator[WorkersFound]:
        """The applications of Celery whose workers are started and never asked. Signals of the worker may tell of it in a way of the project's own."""
        started = [(site, is_asked) for command, site, is_asked in self._started() if worker_in(command)]
        if not started or any(is_asked for _, is_asked in started):
            return
        for facts in self._facts:
            if facts.tasks and not any(t.startswith("celery.signals.worker_") for t in facts.imports.values()):
                yield WorkersFound(_line_site(facts, facts.tasks), started[0][0])

    def _started(self) -> Iterator[tuple[str, Site, bool]]:
        """The commands that images, services and containers start, where, and whether a check asks what was started there."""
        for path, image in self._images.items():
            if image.start is not None:
                yield image.command, Site(path, image.start.span), image.healthcheck is not None
        for composed in self._composed:
            for service in composed.services:
                yield service.command, Site(composed.path, service.span), "healthcheck" in service.keys
        for found in self._workloads:
            for container in found.workload.containers:
                yield self._command(container), Site(found.path, container.span), bool(container.probes)

    def _program(self, command: str) -> str:
        """The file that `python worker.py` or `python -m worker.main` runs; empty when it is not one of the project's, for certain."""
        named = _RUNS.search(command)
        if named is None:
            return ""
        wanted = f"{named[2].replace('.', '/')}.py" if named[1] else named[2].removeprefix("./")
        found = [path for path in self._modules.values() if path == wanted or path.endswith(f"/{wanted.lstrip('/')}")]
        return found[0] if len(found) == 1 else ""

    def _checks(self, found: WorkloadFound) -> Iterator[CheckFound]:
        """The programs that probes run in a container, and its image: one of the project, or that of another by its name."""
        for container in found.workload.containers:
            for probe in container.probes:
                if probe.how == "exec" and container.image:
                    image = self._image_of(container) or Image("", None, None, (), base=container.image)
                    yield CheckFound(Site(found.path, probe.span), probe.target, image)

    def _ways(self, dockerfile: str, command: str) -> Ways:
        """Where the service in an image can be asked: the module that its command serves, else the one service in the folder of the image."""
        folder = self._served_from(command or self._images[dockerfile].command)
        if folder is None:
            folder = self._contexts[dockerfile]
            others = [other for path, other in self._contexts.items() if path != dockerfile]
            if any(other == folder or _lies_in(other, folder) for other in others):
                return Ways()
        routes = [h for h in self._health if h.is_whole and h.closed is None and _lies_in(h.site.path, folder)]
        plain = [h.path for h in routes if h.named == "" and not h.asks]
        live = [h.path for h in routes if h.named == "liveness" and not h.asks]
        ready = [h.path for h in routes if h.named == "readiness"]
        anything = [h.path for h in routes if h.named == ""]
        return Ways((live or plain or [""])[0], (ready or anything or [""])[0])

    def _served_from(self, command: str) -> str | None:
        """The folder of the module that a command serves (`uvicorn shop.main:app`); None when it names none of the project's."""
        for word in re.split(r"[\s,\"'\[\]]+", command):
            name = word.split(":")[0]
            found = [path for module, path in self._modules.items() if name and f".{module}".endswith(f".{name}")]
            if len(found) == 1 and server_in(command):
                return posixpath.dirname(found[0])
        return None

    def _check(self, dockerfile: str, command: str) -> str:
        """A command that asks the service in an image, when it is known where that answers and that Python is there."""
        way, port = self._ways(dockerfile, command).live, port_of(command, self._images[dockerfile].ports)
        if not way or not port or not server_in(command) or server_in(command) in _NO_PYTHON:
            return ""
        url = f"http://127.0.0.1:{port}/{way.lstrip('/')}"
        return f"import urllib.request as u; u.urlopen('{url}', timeout=2)"

    def _serves(self, folder: str, path: str) -> bool | None:
        """Whether the service in a folder has a route that ends as a path does; None where that cannot be said."""
        wanted = _last_segment(path)
        inside = [f for f in self._facts if _lies_in(f.path, folder)]
        routes = [route for f in inside for route in f.routes]
        modules = {target.split(".")[0] for f in inside for target in (*f.imports.values(), *f.stars, *f.routes)}
        if not wanted or not routes or modules & self._knowledge.probe_modules or not modules & _FRAMEWORKS:
            return None
        return any(wanted in _segments(route) for route in routes)

    def _asked_by(self, route: HealthRoute, probes: list[ProbeFound]) -> dict[str, ProbeFound]:
        """The probes that ask for a route, when no other route could be meant, by their names."""
        last = _last_segment(route.path)
        alike = [h for h in self._health if _last_segment(h.path) == last]
        asked: dict[str, ProbeFound] = {}
        for found in probes:
            inside = found.folder and route.site.path.startswith(f"{found.folder}/")
            if found.probe.how != "httpGet" or _last_segment(found.probe.target) != last:
                continue
            if inside or (not found.folder and len(alike) == 1):
                asked.setdefault(found.probe.name, found)
        return asked

    def _needs(self, route: HealthRoute) -> Site | None:
        """A service of a compose file beside the route's service that this one cannot work without: a database, a broker."""
        for composed in self._composed:
            folder = posixpath.dirname(composed.path)
            if _lies_in(route.site.path, folder):
                for service in composed.services:
                    if _last_name(service.image) in self._knowledge.slow_starters:
                        return Site(composed.path, service.span)
        return None


_RUNS = regex(r"\bpython[\d.]*\s+(?:-[uBOE]\s+)*(-m\s+)?([\w./]+)")
_NO_PYTHON = frozenset({"nginx", "httpd", "apache2ctl"})
_FRAMEWORKS = frozenset(
    {"flask", "fastapi", "django", "starlette", "aiohttp", "quart", "sanic", "litestar", "bottle", "falcon"}
)


def _lies_in(path: str, folder: str) -> bool:
    """Whether a file or folder lies somewhere in a folder; the empty text is the project itself."""
    return not folder or path.startswith(f"{folder}/")


def _line_site(facts: FileFacts, line: int) -> Site:
    return Site(facts.path, Span(line, 0, line, 1))


def _by_values(manifests: Iterable[Manifest], found: list[WorkloadFound]) -> list[WorkloadFound]:
    """The workloads of charts, without the probes that the charts' own values leave out."""
    values = {posixpath.dirname(m.path): m.values for m in manifests if isinstance(m, ValuesFound)}
    joined = []
    for event in found:
        chart = event.path.rpartition("/templates/")[0]
        known = values.get(chart, {}) if "templates/" in event.path else {}
        containers = tuple(_valued(c, known) for c in event.workload.containers) if known else event.workload.containers
        joined.append(replace(event, workload=replace(event.workload, containers=containers)))
    return joined


def _valued(container: Container, values: Mapping[str, bool]) -> Container:
    absent = []
    for probe, condition in container.conditions.items():
        name = condition.removeprefix("not ")
        if name in values and values[name] is (name != condition):
            absent.append(probe)
    return replace(container, keys=container.keys - {*absent}, left_out=tuple(absent)) if absent else container


def _operated(manifests: Iterable[Manifest], found: list[WorkloadFound]) -> list[WorkloadFound]:
    """The workloads with what operations of JSON add: those within kustomizations, and those in files that these name."""
    everything = list(manifests)
    files = {m.path: m.added for m in everything if isinstance(m, OperationsFound)}
    patches = [p for m in everything if isinstance(m, PatchesFound) for p in m.patches]
    joined = []
    for event in found:
        workload = event.workload
        added = [
            key
            for patch in patches
            if patch.kind in ("", workload.kind) and patch.name in ("", workload.name)
            for key in (*patch.added, *files.get(patch.file, ()))
        ]
        containers = tuple(
            replace(c, keys=c.keys | {key for at, key in added if at == index})
            for index, c in enumerate(workload.containers)
        )
        joined.append(replace(event, workload=replace(workload, containers=containers)) if added else event)
    return joined


def _patched(found: list[WorkloadFound]) -> list[WorkloadFound]:
    """The workloads with what patches of them (kustomize: the same kind and name, containers without an image) add; the patches are
    no workloads."""
    patches: dict[tuple[str, str, str], list[Container]] = {}
    for event in found:
        for container in event.workload.containers:
            if container.is_patch:
                key = (event.workload.kind, event.workload.name, container.name)
                patches.setdefault(key, []).append(container)
    joined = []
    for event in found:
        workload = event.workload
        containers = tuple(_with(c, workload, patches) for c in workload.containers if not c.is_patch)
        if containers:
            joined.append(replace(event, workload=replace(workload, containers=containers)))
    return joined


def _with(
    container: Container, workload: Workload, patches: Mapping[tuple[str, str, str], list[Container]]
) -> Container:
    keys = container.keys
    for patch in patches.get((workload.kind, workload.name, container.name), ()):
        keys |= patch.keys
    return replace(container, keys=keys) if keys != container.keys else container


def _context_of(compose_path: str, service: Service) -> str:
    """The folder that a service is built from; the empty string for the root."""
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(compose_path), service.build))
    return "" if folder == "." else folder


def _dockerfile_of(compose_path: str, service: Service) -> str:
    """The path of the Dockerfile of a service as a compose file names it; the empty string for none."""
    if not service.build:
        return ""
    folder = posixpath.join(posixpath.dirname(compose_path), service.build)
    return posixpath.normpath(posixpath.join(folder, service.dockerfile or "Dockerfile"))


def _last_name(image: str) -> str:
    """`registry/team/shop:1.2@sha256:…` is `shop`."""
    return image.split("@")[0].rsplit("/", 1)[-1].split(":")[0].lower()


def _segments(route: str) -> list[str]:
    return [part for part in route.strip("^$").rstrip("/?").split("/") if part]


def _last_segment(path: str) -> str:
    segments = _segments(path.split("?")[0])
    return segments[-1] if segments else ""
