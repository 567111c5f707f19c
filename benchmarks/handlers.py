"""A made-up application of many small handlers, half of them safe: every kind of harm by every way of flow.

    python -m benchmarks.handlers [--keep DIR]

Writes the application, runs the tool on it, and prints, for each rule, the share of unsafe handlers that it finds, the share of safe ones that it
flags, and the difference.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent

HELPERS = """
import base64
import collections
import contextlib
import dataclasses
import enum
import functools


def through(value):
    return value


def fixed(value):
    return "fixed"


def chain(value):
    return through(through(value))


class Holder:
    def __init__(self, value):
        self.value = value
        self.constant = "fixed"

    def get(self):
        return self.value

    def get_constant(self):
        return self.constant


class Doer:
    def do(self, value):
        return value


class Ignorer:
    def do(self, value):
        return "fixed"


def make(name):
    return {"doer": Doer, "ignorer": Ignorer}[name]()


def items(value):
    yield value


def constants(value):
    yield "fixed"


@dataclasses.dataclass
class Record:
    name: str
    other: str = "fixed"


Pair = collections.namedtuple("Pair", "name other")


class Base:
    prefix = "fixed"

    def __init__(self, value):
        self.value = value

    def make(self):
        raise NotImplementedError

    def run(self):
        return self.make()

    @property
    def shown(self):
        return self.value

    @staticmethod
    def same(value):
        return value

    @classmethod
    def of(cls, value):
        return cls(value)

    def __str__(self):
        return self.value

    def __getitem__(self, name):
        return self.value if name == "value" else "fixed"


class Giving(Base):
    def make(self):
        return self.value


class Hiding(Base):
    def make(self):
        return self.prefix


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@logged
def decorated(value):
    return value


@logged
def decorated_fixed(value):
    return "fixed"


def keywords(**options):
    return options["name"]


def other_keywords(**options):
    return options["other"]


def positional(*values):
    return values[0]


def last_positional(*values):
    return values[-1]


def several(value):
    return value, "fixed"


def default(value="fixed"):
    return value


def apply(function, value):
    return function(value)


@contextlib.contextmanager
def giving(value):
    yield value


@contextlib.contextmanager
def hiding(value):
    yield "fixed"


def checked(value):
    if not value.isalnum():
        raise ValueError("not allowed")
    return value


def unchecked(value):
    if not value:
        raise ValueError("not given")
    return value


def is_number(value):
    return value.isdigit()


def has_text(value):
    return bool(value)


class Kind(enum.Enum):
    FIRST = "first"
    SECOND = "second"


kept = {}


def keep(name, value):
    kept[name] = value


def recall(name):
    return kept[name]
"""

SOURCES = {
    "query": 'param = request.args.get("p", "")',
    "form": 'param = request.form.get("p")\nif not param:\n    param = ""',
    "header": 'param = request.headers.get("X-P")',
    "cookie": 'param = urllib.parse.unquote_plus(request.cookies.get("p", "none"))',
    "list": 'values = request.args.getlist("p")\nparam = ""\nif values:\n    param = values[0]',
    "json": 'param = request.json["p"]',
    "query-string": 'text = request.query_string.decode("utf-8")\nparam = text[text.find("p=") + 2 :]\nif "&" in param:\n    param = param[: param.find("&")]',
    "loop": 'param = ""\nfor name in request.form.keys():\n    if "x" in request.form.getlist(name):\n        param = name\n        break',
    "index": 'param = request.args["p"]',
    "values": 'param = request.values.get("p", "")',
    "dictionary": 'param = request.form.to_dict()["p"]',
    "body": "param = request.get_data(as_text=True)",
    "data": "param = request.data.decode()",
    "JSON-get": 'param = (request.get_json(silent=True) or {}).get("p", "")',
    "file": 'param = request.files["p"].filename',
    "upload": 'param = request.files["p"].read().decode()',
    "path": 'param = request.path.rsplit("/", 1)[-1]',
    "parameter": 'param = request.view_args["p"]',
    "headers": 'param = ""\nfor name, value in request.headers.items():\n    if name == "X-P":\n        param = value',
    "list-header": 'param = request.headers.getlist("X-P")[0]',
    "parsed": 'param = urllib.parse.parse_qs(request.query_string.decode())["p"][0]',
    "user-agent": "param = request.user_agent.string",
    "login": "param = request.authorization.username",
    "url": 'param = request.full_path.split("?p=")[-1]',
}

# (unsafe, safe) twins that make `bar` of `param`.
FLOWS = {
    "plain": ("bar = param", 'bar = "fixed"'),
    "overwritten": ('bar = "fixed"\nbar = param', 'bar = param\nbar = "fixed"'),
    "concatenated": ('bar = "a" + param + "b"', 'bar = "a" + "b" + str(len(param))'),
    "formatted": ('bar = f"a{param}b"', 'bar = f"a{len(param)}b"'),
    "percent": ('bar = "a%sb" % param', 'bar = "a%db" % len(param)'),
    "format": ('bar = "a{}b".format(param)', 'bar = "a{}b".format("fixed")'),
    "replaced": ('bar = param.replace("x", "y").strip()', 'bar = "param".replace("x", "y").strip()'),
    "condition": (
        'num = 86\nbar = "fixed" if (7 * 42) - num > 300 else param',
        'num = 86\nbar = "fixed" if (7 * 42) - num > 200 else param',
    ),
    "branch": (
        'num = 106\nif (7 * 18) + num < 200:\n    bar = "fixed"\nelse:\n    bar = param',
        'num = 106\nif (7 * 18) + num > 200:\n    bar = "fixed"\nelse:\n    bar = param',
    ),
    "dictionary": (
        'kept = {}\nkept["a"] = "fixed"\nkept["b"] = param\nbar = kept["b"]',
        'kept = {}\nkept["a"] = "fixed"\nkept["b"] = param\nbar = kept["a"]',
    ),
    "list": (
        'kept = ["fixed"]\nkept.append(param)\nkept.append("other")\nkept.pop(0)\nbar = kept[0]',
        'kept = ["fixed"]\nkept.append(param)\nkept.append("other")\nkept.pop(0)\nbar = kept[1]',
    ),
    "tuple": ('first, second = param, "fixed"\nbar = first', 'first, second = param, "fixed"\nbar = second'),
    "function": ("bar = helpers.through(param)", "bar = helpers.fixed(param)"),
    "functions": ("bar = helpers.chain(param)", "bar = helpers.chain('fixed')"),
    "object": ("bar = helpers.Holder(param).get()", "bar = helpers.Holder(param).get_constant()"),
    "factory": ('bar = helpers.make("doer").do(param)', 'bar = helpers.make("ignorer").do(param)'),
    "match": (
        'guess = "ABC"[1]\nmatch guess:\n    case "A":\n        bar = "fixed"\n    case "B":\n        bar = param\n    case _:\n        bar = "fixed"',
        'guess = "ABC"[0]\nmatch guess:\n    case "A":\n        bar = "fixed"\n    case "B":\n        bar = param\n    case _:\n        bar = param',
    ),
    "base64": (
        "bar = base64.b64decode(base64.b64encode(param.encode())).decode()",
        'bar = base64.b64decode(base64.b64encode(b"fixed")).decode()',
    ),
    "configuration": (
        'config = configparser.ConfigParser()\nconfig.add_section("s")\nconfig.set("s", "a", "fixed")\nconfig.set("s", "b", param)\nbar = config.get("s", "b")',
        'config = configparser.ConfigParser()\nconfig.add_section("s")\nconfig.set("s", "a", "fixed")\nconfig.set("s", "b", param)\nbar = config.get("s", "a")',
    ),
    "loop": ('bar = ""\nfor part in [param]:\n    bar += part', 'bar = ""\nfor part in ["fixed"]:\n    bar += part'),
    "join": ('bar = "-".join(["a", param])', 'bar = "-".join(["a", "b"])'),
    "generator": ("bar = next(helpers.items(param))", "bar = next(helpers.constants(param))"),
    "comprehension": ("bar = [c for c in [param]][0]", 'bar = [c for c in ["fixed"]][0]'),
    "closure": ("def inner():\n    return param\n\nbar = inner()", 'def inner():\n    return "fixed"\n\nbar = inner()'),
    "lambda": ("bar = (lambda x: x)(param)", 'bar = (lambda x: "fixed")(param)'),
    "attempt": (
        'try:\n    bar = param\nexcept ValueError:\n    bar = "fixed"',
        'try:\n    bar = str(int(param))\nexcept ValueError:\n    bar = "fixed"',
    ),
    "dispatch": (
        'bar = {"a": helpers.through, "b": helpers.fixed}["a"](param)',
        'bar = {"a": helpers.through, "b": helpers.fixed}["b"](param)',
    ),
    "record": ("bar = helpers.Record(param).name", "bar = helpers.Record(param).other"),
    "named tuple": ('bar = helpers.Pair(param, "fixed").name', 'bar = helpers.Pair(param, "fixed").other'),
    "inherited": ("bar = helpers.Giving(param).run()", "bar = helpers.Hiding(param).run()"),
    "property": ("bar = helpers.Base(param).shown", "bar = helpers.Base(param).prefix"),
    "static method": ("bar = helpers.Base.same(param)", 'bar = helpers.Base.same("fixed")'),
    "class method": ("bar = helpers.Base.of(param).value", 'bar = helpers.Base.of("fixed").value'),
    "str": ("bar = str(helpers.Base(param))", 'bar = str(helpers.Base("fixed"))'),
    "f-string of an object": ('bar = f"{helpers.Base(param)}"', "bar = f\"{helpers.Base('fixed')}\""),
    "own item": ('bar = helpers.Base(param)["value"]', 'bar = helpers.Base(param)["other"]'),
    "decorated": ("bar = helpers.decorated(param)", "bar = helpers.decorated_fixed(param)"),
    "keywords": ("bar = helpers.keywords(name=param)", 'bar = helpers.other_keywords(name=param, other="fixed")'),
    "spread": (
        'bar = helpers.keywords(**{"name": param, "other": "fixed"})',
        'bar = helpers.other_keywords(**{"name": param, "other": "fixed"})',
    ),
    "positional": ('bar = helpers.positional(param, "fixed")', 'bar = helpers.last_positional(param, "fixed")'),
    "starred": ('bar = helpers.positional(*[param, "fixed"])', 'bar = helpers.last_positional(*[param, "fixed"])'),
    "several results": ("bar, _ = helpers.several(param)", "_, bar = helpers.several(param)"),
    "default": ("bar = helpers.default(param)", "bar = helpers.default()"),
    "callback": ("bar = helpers.apply(helpers.through, param)", "bar = helpers.apply(helpers.fixed, param)"),
    "partial": (
        "bar = functools.partial(helpers.apply, helpers.through)(param)",
        "bar = functools.partial(helpers.apply, helpers.fixed)(param)",
    ),
    "map": ("bar = list(map(helpers.through, [param]))[0]", "bar = list(map(helpers.fixed, [param]))[0]"),
    "sorted": ("bar = sorted([param])[0]", 'bar = sorted(["fixed"])[0]'),
    "zip": (
        'bar = ""\nfor first, second in zip([param], ["fixed"]):\n    bar = first',
        'bar = ""\nfor first, second in zip([param], ["fixed"]):\n    bar = second',
    ),
    "enumerate": (
        'bar = ""\nfor number, part in enumerate([param]):\n    bar = part',
        'bar = ""\nfor number, part in enumerate([param]):\n    bar = str(number)',
    ),
    "items": (
        'bar = ""\nfor name, value in {"a": param}.items():\n    bar = value',
        'bar = ""\nfor name, value in {"a": param}.items():\n    bar = name',
    ),
    "while": (
        'rest = [param]\nbar = ""\nwhile rest:\n    bar = rest.pop()',
        'rest = ["fixed"]\nbar = ""\nwhile rest:\n    bar = rest.pop()',
    ),
    "walrus": (
        'bar = ""\nif (found := param):\n    bar = found',
        'bar = ""\nif (found := "fixed") and param:\n    bar = found',
    ),
    "with": (
        "with helpers.giving(param) as given:\n    bar = given",
        "with helpers.hiding(param) as given:\n    bar = given",
    ),
    "nested": (
        'kept = {"a": {"b": [param, "fixed"]}}\nbar = kept["a"]["b"][0]',
        'kept = {"a": {"b": [param, "fixed"]}}\nbar = kept["a"]["b"][1]',
    ),
    "updated": (
        'kept = {"a": "fixed"}\nkept.update(a=param)\nbar = kept["a"]',
        'kept = {"a": "fixed"}\nkept.update(b=param)\nbar = kept["a"]',
    ),
    "merged": ('bar = {**{"a": "fixed"}, "a": param}["a"]', 'bar = {**{"a": param}, "a": "fixed"}["a"]'),
    "deleted": (
        'kept = ["fixed", param]\ndel kept[0]\nbar = kept[0]',
        'kept = [param, "fixed"]\ndel kept[0]\nbar = kept[0]',
    ),
    "inserted": (
        'kept = ["fixed"]\nkept.insert(0, param)\nbar = kept[0]',
        'kept = ["fixed"]\nkept.insert(0, param)\nbar = kept[1]',
    ),
    "got": ('bar = {"a": param}.get("a", "fixed")', 'bar = {"a": param}.get("b", "fixed")'),
    "set": ("bar = {param}.pop()", 'bar = {"fixed"}.pop()'),
    "deque": (
        'kept = collections.deque(["fixed"])\nkept.append(param)\nbar = kept.pop()',
        'kept = collections.deque([param])\nkept.append("fixed")\nbar = kept.pop()',
    ),
    "attribute by name": (
        'held = helpers.Holder("fixed")\nsetattr(held, "value", param)\nbar = getattr(held, "value")',
        'held = helpers.Holder(param)\nsetattr(held, "value", "fixed")\nbar = getattr(held, "value")',
    ),
    "global": (
        'helpers.keep("a", param)\nbar = helpers.recall("a")',
        'helpers.keep("a", "fixed")\nbar = "fixed"',
    ),
    "JSON": (
        'bar = json.loads(json.dumps({"a": param}))["a"]',
        'bar = json.loads(json.dumps({"a": "fixed"}))["a"]',
    ),
    "quoted": ("bar = urllib.parse.unquote(urllib.parse.quote(param))", 'bar = urllib.parse.unquote("fixed")'),
    "bytes": ('bar = bytes(param, "utf-8").decode("utf-8")', 'bar = bytes("fixed", "utf-8").decode("utf-8")'),
    "sliced": ("bar = param[1:-1][::-1]", 'bar = "param"[1:-1][::-1]'),
    "split": ('bar = param.split(",")[0]', 'bar = "a,b".split(",")[0]'),
    "partition": ('bar, _, _ = param.partition(",")', 'bar, _, _ = "a,b".partition(",")'),
    "substituted": ('bar = re.sub("x", "y", param)', 'bar = re.sub("x", "y", "fixed")'),
    "found": (
        'found = re.match("(.*)", param)\nbar = found.group(1) if found else ""',
        'found = re.match("([a-z0-9]*)$", param)\nbar = found.group(1) if found else ""',
    ),
    "stream": ("bar = io.StringIO(param).read()", 'bar = io.StringIO("fixed").read()'),
    "template": (
        'bar = string.Template("a $x").substitute(x=param)',
        'bar = string.Template("a $x").substitute(x="fixed")',
    ),
    "repeated": ("bar = param * 2", 'bar = "a" * 2'),
    "either": ('bar = param or "fixed"', 'bar = "fixed" or param'),
    "exception": (
        "try:\n    raise ValueError(param)\nexcept ValueError as error:\n    bar = str(error)",
        'try:\n    raise ValueError("fixed")\nexcept ValueError as error:\n    bar = str(error)',
    ),
    "checked by a function": ("bar = helpers.unchecked(param)", "bar = helpers.checked(param)"),
    "guarded by a function": (
        "if not helpers.has_text(param):\n    return {'error': 1}\nbar = param",
        "if not helpers.is_number(param):\n    return {'error': 1}\nbar = param",
    ),
    "digits": (
        "if param.isspace():\n    return {'error': 1}\nbar = param",
        "if not param.isdigit():\n    return {'error': 1}\nbar = param",
    ),
    "pattern": (
        "if not re.match('[a-z]+', param):\n    return {'error': 1}\nbar = param",
        "if not re.fullmatch('[a-z]+', param):\n    return {'error': 1}\nbar = param",
    ),
    "enumeration": (
        "if param not in helpers.Kind.__members__:\n    pass\nbar = param",
        "bar = helpers.Kind(param).value",
    ),
    "identifier": ("bar = str(param)", "bar = str(uuid.UUID(param))"),
    "number": ("bar = param.lower()", "bar = str(float(param))"),
    "looked up": (
        'bar = {"a": "first"}.get(param, param)',
        'bar = {"a": "first", "b": "second"}.get(param, "third")',
    ),
    "assertion": (
        "bar = param\nif len(bar) > 100:\n    bar = bar[:100]",
        'bar = param\nif bar != "fixed":\n    bar = "other"',
    ),
    "allowed": (
        'if param not in SOME:\n    bar = param\nelse:\n    bar = "fixed"',
        'if param not in ("x", "y"):\n    return {"error": 1}\nbar = param',
    ),
}

# rule: (sink, cleaned sink)
SINKS = {
    "BPF301": (
        'cursor = sqlite3.connect("x.db").cursor()\ncursor.execute("SELECT a FROM t WHERE b = \'" + bar + "\'")',
        'cursor = sqlite3.connect("x.db").cursor()\ncursor.execute("SELECT a FROM t WHERE b = ?", (bar,))',
    ),
    "BPF302": ('os.system("ls " + bar)', 'subprocess.run(["ls", "--", bar])'),
    "BPF303": ("eval(bar)", 'handlers = {"a": len}\nhandlers.get(bar, len)'),
    "BPF304": (
        'with open("/data/" + bar) as file:\n    file.read()',
        'with open("/data/" + os.path.basename(bar)) as file:\n    file.read()',
    ),
    "BPF305": ("requests.get(bar, timeout=5)", 'requests.get("https://api.example.com/items/" + bar, timeout=5)'),
    "BPF306": ("return redirect(bar)", 'return redirect("/items/" + bar)'),
    "BPF307": ("pickle.loads(bar.encode())", "json.loads(bar)"),
    "BPF308": ("return {'t': jinja2.Template(bar).render()}", 'return {"t": jinja2.Template("{{ x }}").render(x=bar)}'),
    "BPF309": ('return "<p>" + bar + "</p>"', 'return "<p>" + html.escape(bar) + "</p>"'),
    "BPF310": (
        'ldap3.Connection("h").search("dc=x", "(uid=" + bar + ")")',
        'ldap3.Connection("h").search("dc=x", "(uid=" + escape_filter_chars(bar) + ")")',
    ),
    "BPF311": (
        'lxml.etree.parse("u.xml").xpath("//u[@n=\'" + bar + "\']")',
        'lxml.etree.parse("u.xml").xpath("//u[@n=$n]", n=bar)',
    ),
    "BPF312": (
        "lxml.etree.fromstring(bar)",
        "lxml.etree.fromstring(bar, lxml.etree.XMLParser(resolve_entities=False))",
    ),
    "BPF314": (
        'logging.getLogger("shop").info("login of " + bar)',
        'logging.getLogger("shop").info("login of %r", bar)',
    ),
    "BPF315": ('re.search(bar, "text")', 're.search(re.escape(bar), "text")'),
    "BPF316": (
        'smtplib.SMTP("mail", timeout=9).sendmail("a@b", ["c@d"], "Subject: " + bar + "\\n\\nhello")',
        'smtplib.SMTP("mail", timeout=9).sendmail("a@b", ["c@d"], "Subject: x\\n\\nhello")',
    ),
    "BPF317": ('session["k"] = bar', 'session["k"] = len(bar)'),
}
# More of the same harms: each is used with a few flows.
OTHER_SINKS = [
    (
        "BPF301",
        'sqlite3.connect("x.db").executescript(f"DELETE FROM t WHERE b = \'{bar}\'")',
        'sqlite3.connect("x.db").execute("DELETE FROM t WHERE b = :b", {"b": bar})',
    ),
    (
        "BPF301",
        "db.session.execute(sqlalchemy.text(\"SELECT a FROM t WHERE b = '%s'\" % bar))",
        'db.session.execute(sqlalchemy.text("SELECT a FROM t WHERE b = :b"), {"b": bar})',
    ),
    (
        "BPF301",
        'connection = psycopg2.connect("", connect_timeout=5)\nwith connection.cursor() as cursor:\n    cursor.execute("SELECT a FROM t ORDER BY " + bar)',
        'connection = psycopg2.connect("", connect_timeout=5)\nwith connection.cursor() as cursor:\n    cursor.execute("SELECT a FROM t WHERE b = %s", [bar])',
    ),
    (
        "BPF301",
        "query = \"SELECT a FROM t WHERE b = '{}'\"\nquery = query.format(bar)\nengine.connect().exec_driver_sql(query)",
        'query = "SELECT a FROM t WHERE b = ?"\nengine.connect().exec_driver_sql(query, (bar,))',
    ),
    ("BPF302", 'subprocess.run("ls " + bar, shell=True)', 'subprocess.run("ls " + shlex.quote(bar), shell=True)'),
    ("BPF302", 'subprocess.Popen(["sh", "-c", "ls " + bar])', 'subprocess.Popen(["ls", bar])'),
    ("BPF302", 'os.popen(f"ls {bar}").read()', 'os.popen(f"ls {shlex.quote(bar)}").read()'),
    ("BPF302", 'subprocess.check_output("ls %s" % bar, shell=True)', 'subprocess.check_output(["ls", bar])'),
    ("BPF302", 'subprocess.getoutput("ls " + bar)', 'subprocess.getoutput("ls")'),
    ("BPF302", "os.execlp(bar, bar)", 'os.execlp("ls", "ls", bar)'),
    ("BPF303", "exec(bar)", "ast.literal_eval(bar)"),
    ("BPF303", 'exec(compile(bar, "x", "exec"))', 'exec(compile("1", "x", "exec"))'),
    ("BPF303", "importlib.import_module(bar)", 'importlib.import_module({"a": "json"}.get(bar, "re"))'),
    ("BPF304", "pathlib.Path(bar).read_text()", "pathlib.Path(os.path.basename(bar)).read_text()"),
    ("BPF304", '(pathlib.Path("/data") / bar).write_text("x")', '(pathlib.Path("/data") / "x").write_text(bar)'),
    ("BPF304", 'return send_file(os.path.join("/data", bar))', 'return send_from_directory("/data", bar)'),
    ("BPF304", 'os.remove(f"/data/{bar}")', 'os.remove(f"/data/{secure_filename(bar)}")'),
    ("BPF304", 'shutil.copy("/data/" + bar, "/tmp/x")', 'shutil.copy("/data/a", "/tmp/x")'),
    (
        "BPF304",
        'path = os.path.normpath(os.path.join("/data", bar))\nreturn codecs.open(path, "r", "utf-8").read()',
        'path = os.path.normpath(os.path.join("/data", bar))\nif not path.startswith("/data/"):\n    return {"error": 1}\nreturn codecs.open(path, "r", "utf-8").read()',
    ),
    ("BPF304", "os.listdir(bar)", 'os.listdir("/data")'),
    (
        "BPF305",
        "urllib.request.urlopen(bar, timeout=5)",
        'urllib.request.urlopen("https://example.com/?q=" + bar, timeout=5)',
    ),
    (
        "BPF305",
        'httpx.get(f"https://{bar}/x", timeout=5)',
        'httpx.get("https://example.com/x", params={"q": bar}, timeout=5)',
    ),
    (
        "BPF305",
        'requests.Session().post("http://" + bar, timeout=5)',
        'requests.Session().post("http://h/", data=bar, timeout=5)',
    ),
    (
        "BPF305",
        'requests.request("GET", bar, timeout=5)',
        'if urllib.parse.urlparse(bar).hostname not in ("a.example.com",):\n    return {"error": 1}\nrequests.request("GET", bar, timeout=5)',
    ),
    (
        "BPF306",
        'answer = make_response("", 302)\nanswer.headers["Location"] = bar\nreturn answer',
        'answer = make_response("", 302)\nanswer.headers["Location"] = url_for("handler")\nreturn answer',
    ),
    (
        "BPF306",
        "return redirect(bar, code=303)",
        'if urllib.parse.urlparse(bar).netloc != "":\n    return {"error": 1}\nreturn redirect(bar, code=303)',
    ),
    ("BPF307", "yaml.load(bar, Loader=yaml.UnsafeLoader)", "yaml.safe_load(bar)"),
    ("BPF307", "yaml.load(bar, Loader=yaml.Loader)", "yaml.load(bar, Loader=yaml.SafeLoader)"),
    ("BPF307", "pickle.load(io.BytesIO(bar.encode()))", "json.load(io.StringIO(bar))"),
    ("BPF307", "marshal.loads(bar.encode())", "json.loads(bar)"),
    ("BPF307", "jsonpickle.decode(bar)", "json.loads(bar)"),
    ("BPF308", "return render_template_string(bar)", 'return render_template_string("{{ x }}", x=bar)'),
    (
        "BPF308",
        "return jinja2.Environment().from_string('a' + bar).render()",
        'return jinja2.Environment(autoescape=True).from_string("{{ x }}").render(x=bar)',
    ),
    ("BPF309", 'return make_response("<b>%s</b>" % bar)', 'return make_response("<b>%s</b>" % markupsafe.escape(bar))'),
    (
        "BPF309",
        'answer = f"<p>{bar}</p>"\nreturn answer, 200',
        'answer = f"<p>{html.escape(bar)}</p>"\nreturn answer, 200',
    ),
    ("BPF309", 'return Response("<p>" + bar, mimetype="text/html")', 'return Response(bar, mimetype="text/plain")'),
    (
        "BPF309",
        'return "<p>{}</p>".format(markupsafe.Markup(bar))',
        'return markupsafe.Markup("<p>{}</p>").format(bar)',
    ),
    (
        "BPF310",
        'ldap.initialize("ldap://h").search_s("dc=x", 2, f"(uid={bar})")',
        'ldap.initialize("ldap://h").search_s("dc=x", 2, ldap.filter.filter_format("(uid=%s)", [bar]))',
    ),
    (
        "BPF311",
        'xml.etree.ElementTree.parse("u.xml").getroot().findall(f"u[@n=\'{bar}\']")',
        'xml.etree.ElementTree.parse("u.xml").getroot().findall("u")',
    ),
    ("BPF311", 'lxml.etree.XPath("//u[@n=\'" + bar + "\']")(tree)', 'lxml.etree.XPath("//u[@n=$n]")(tree, n=bar)'),
    (
        "BPF312",
        "parser = xml.sax.make_parser()\nparser.setFeature(xml.sax.handler.feature_external_ges, True)\nparser.parse(io.StringIO(bar))",
        "parser = xml.sax.make_parser()\nparser.setFeature(xml.sax.handler.feature_external_ges, False)\nparser.parse(io.StringIO(bar))",
    ),
    ("BPF312", "lxml.etree.parse(io.StringIO(bar))", "defusedxml.ElementTree.fromstring(bar)"),
    ("BPF315", "re.compile(bar).findall('text')", 're.compile("[a-z]+").findall(bar)'),
    ("BPF315", 're.sub(f"a{bar}", "b", "text")', 're.sub("a", "b", bar)'),
    ("BPF317", 'session[bar] = "x"', 'session["k"] = "x"'),
    ("BPF317", "session.update(k=bar)", "session.update(k=int(bar))"),
    ("BPF321", "return hashlib.md5(bar.encode()).hexdigest()", "return hashlib.sha256(bar.encode()).hexdigest()"),
    (
        "BPF321",
        "digest = hashlib.sha1()\ndigest.update(bar.encode())\nreturn digest.hexdigest()",
        "digest = hashlib.sha512()\ndigest.update(bar.encode())\nreturn digest.hexdigest()",
    ),
    (
        "BPF321",
        'digest = hashlib.new({"old": "md5", "new": "sha256"}["old"])\ndigest.update(bar.encode())\nreturn digest.hexdigest()',
        'digest = hashlib.new({"old": "md5", "new": "sha256"}["new"])\ndigest.update(bar.encode())\nreturn digest.hexdigest()',
    ),
    (
        "BPF321",
        "return hashlib.new('sha1', bar.encode()).hexdigest()",
        "return hashlib.new('sha384', bar.encode()).hexdigest()",
    ),
    ("BPF324", "return bar.format(user=session)", 'return "{}".format("x")'),
]

# What comes in as JSON can be an object, and does harm as one; the flows that make text of it are left out.
OBJECTS = [
    "param = request.get_json()",
    'param = request.json["p"]',
    "param = json.loads(request.data)",
    'param = (request.get_json(silent=True) or {}).get("p")',
]
_MAKES_TEXT = re.compile(
    r"\+|%|format|[fr]\"|\.(replace|strip|encode|decode|split|lower|upper|join|title|partition|capitalize|center|zfill|swapcase|get)\b|str\(|re\.|quote|StringIO|Template|bytes|base64|codecs|shlex|html|json"
)
# Flows in which a condition looks at the data, which is then no longer unvalidated, whatever the look is worth.
LOOKS = frozenset({"walrus", "checked by a function", "guarded by a function", "digits", "assertion"})
OBJECT_SINKS = {
    "BPF313": (
        'pymongo.MongoClient("mongodb://db", timeoutMS=900).shop.users.find_one({"name": bar})',
        'pymongo.MongoClient("mongodb://db", timeoutMS=900).shop.users.find_one({"name": str(bar)})',
    ),
    "BPF318": ("db.session.add(Account(**bar))", "db.session.add(Account(name=str(bar)))"),
    "BPF325": (
        "db.session.add(Account(name=bar))",
        'if not isinstance(bar, str) or len(bar) > 80:\n    return {"error": 1}\ndb.session.add(Account(name=bar))',
    ),
}
# (guessable, not guessable): where a value comes from
GUESSABLE = [
    ("str(random.random())", "str(random.SystemRandom().random())"),
    ('"".join(random.choices("abc", k=9))', "secrets.token_hex(9)"),
    ("str(random.Random(7).randint(1, 9))", "str(secrets.randbelow(9))"),
    ("str(random.gauss(0, 1))[2:]", "str(uuid.uuid4())"),
]
SECRET_SINKS = [
    'session["k"] = bar',
    'answer = make_response("x")\nanswer.set_cookie("k", bar, secure=True, httponly=True)\nreturn answer',
    "token = bar\nreturn {'done': token is None}",
    'return {"api_key": bar}',
]

IMPORTS = """
import ast
import base64
import codecs
import collections
import configparser
import functools
import hashlib
import html
import importlib
import io
import json
import logging
import marshal
import os
import pathlib
import pickle
import random
import re
import secrets
import shlex
import shutil
import smtplib
import sqlite3
import string
import subprocess
import urllib.parse
import urllib.request
import uuid
import xml.etree.ElementTree
import xml.sax

import defusedxml.ElementTree
import httpx
import jinja2
import jsonpickle
import ldap
import ldap.filter
import ldap3
import lxml.etree
import markupsafe
import psycopg2
import pymongo
import requests
import sqlalchemy
import yaml
from flask import (
    Flask,
    Response,
    make_response,
    redirect,
    render_template_string,
    request,
    send_file,
    send_from_directory,
    session,
    url_for,
)
from flask_sqlalchemy import SQLAlchemy
from ldap3.utils.conv import escape_filter_chars
from werkzeug.utils import secure_filename

import helpers

app = Flask(__name__)
db = SQLAlchemy(app)
engine = sqlalchemy.create_engine("sqlite://")
tree = lxml.etree.parse("u.xml")
SOME = {"x"}


class Account(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String)
    is_admin = db.Column(db.Boolean)
"""


def handlers() -> list[tuple[str, str, bool, str]]:
    """(name, rule, unsafe, source code) of every handler."""
    found = []
    sources = list(SOURCES)
    for rule, (sink, cleaned) in SINKS.items():
        for number, (flow, (unsafe, safe)) in enumerate(FLOWS.items()):
            for repeat in (0, 1):
                source = sources[(number + repeat * 3) % len(sources)]
                variants = [(f"{flow}-{source}", True, unsafe, sink), (f"{flow}-{source}-safe", False, safe, sink)]
                if repeat:
                    variants = [variants[0], (f"{flow}-{source}-cleaned", False, unsafe, cleaned)]
                for name, is_unsafe, made, used in variants:
                    body = f"{SOURCES[source]}\n{made}\n{used}\nreturn {{'done': 1}}"
                    found.append((f"{rule}-{name}", rule, is_unsafe, body))
    flows = list(FLOWS.items())
    for number, (rule, sink, cleaned) in enumerate(OTHER_SINKS):
        for repeat in range(3):
            flow, (unsafe, safe) = flows[(number * 7 + repeat * 31) % len(flows)]
            source = sources[(number + repeat * 5) % len(sources)]
            name = f"{rule}-{number}-{flow}-{source}"
            found.extend(_triplets(name, rule, SOURCES[source], (unsafe, safe), (sink, cleaned)))
    objects = [(flow, twins) for flow, twins in flows if not _MAKES_TEXT.search(twins[0])]
    for rule, (sink, cleaned) in OBJECT_SINKS.items():
        for number, (flow, (unsafe, safe)) in enumerate(objects):
            if rule == "BPF325" and flow in LOOKS:
                continue
            source = OBJECTS[number % len(OBJECTS)]
            found.extend(_triplets(f"{rule}-{flow}", rule, source, (unsafe, safe), (sink, cleaned)))
    for number, (flow, (unsafe, _)) in enumerate(flows):
        sink = SECRET_SINKS[number % len(SECRET_SINKS)]
        for made, is_unsafe in zip(GUESSABLE[number // 3 % len(GUESSABLE)], (True, False)):
            body = f"param = {made}\n{unsafe}\n{sink}\nreturn {{'done': 1}}"
            found.append((f"BPF320-{flow}-{is_unsafe}", "BPF320", is_unsafe, body))
    return found


def _triplets(
    name: str, rule: str, source: str, flow: tuple[str, str], sinks: tuple[str, str]
) -> Iterator[tuple[str, str, bool, str]]:
    """A handler that does harm, one whose flow is safe, and one whose sink is."""
    (unsafe, safe), (sink, cleaned) = flow, sinks
    for kind, is_unsafe, made, used in (
        ("", True, unsafe, sink),
        ("-safe", False, safe, sink),
        ("-cleaned", False, unsafe, cleaned),
    ):
        yield f"{name}{kind}", rule, is_unsafe, f"{source}\n{made}\n{used}\nreturn {{'done': 1}}"


def write(folder: Path) -> dict[str, tuple[str, bool]]:
    """Write the application, a module a handler; (rule, unsafe) by file name."""
    (folder / "pyproject.toml").write_text("[tool.backend-pitfalls]\n")
    (folder / "helpers.py").write_text(dedent(HELPERS))
    expected = {}
    for number, (name, rule, is_unsafe, body) in enumerate(handlers()):
        file = f"handler_{number:04}.py"
        code = f'{IMPORTS}\n\n# {name}\n@app.route("/{number}")\ndef handler():\n{indent(body, "    ")}\n'
        (folder / file).write_text(code)
        expected[file] = (rule, is_unsafe)
    return expected


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="write the application there and keep it")
    parser.add_argument("-v", action="store_true", help="name the handlers that are judged wrongly")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        expected = write(folder)
        command = [
            sys.executable,
            "-m",
            "backend_pitfalls",
            "check",
            ".",
            "--no-cache",
            "--output-format",
            "json",
            "--exit-zero",
            # One of them is in preview, and asked for by its code.
            "--select",
            "BPF3,BPF314",
            "--min-confidence",
            "low",
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        found = {(f["path"], f["code"]) for f in json.loads(done.stdout)["findings"]}
        report(expected, found, {f: (folder / f).read_text() for f in expected} if options.v else {})


def report(expected: dict[str, tuple[str, bool]], found: set[tuple[str, str]], sources: dict[str, str]) -> None:
    """Print the table."""
    hits: Counter[tuple[str, bool]] = Counter()
    totals = Counter(expected.values())
    for file, (rule, is_unsafe) in expected.items():
        hit = (file, rule) in found
        hits[rule, is_unsafe] += hit
        if hit != is_unsafe and file in sources:
            print(file, next(line for line in sources[file].splitlines() if line.startswith("# BPF")))
    print("| rule | handlers | found of unsafe | flagged of safe | difference |\n|---|---|---|---|---|")
    for rule in sorted({rule for rule, _ in totals}):
        true, false = hits[rule, True] / totals[rule, True], hits[rule, False] / totals[rule, False]
        print(
            f"| {rule} | {totals[rule, True] + totals[rule, False]} | {true:.2f} | {false:.2f} | {true - false:.2f} |"
        )
    print(f"{len(expected)} handlers")


if __name__ == "__main__":
    main()
