"""Copies of libraries that lie in a project: they are read as the library that they are, and nothing in them is reported."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

MANY = 3
"""So many known copies in one folder that is no package make it a folder of nothing else."""

# A file below a package of this name that only this library has (or the module itself), as its wheel on PyPI holds it.
_OWN_FILES = {
    "Crypto": "Cipher/AES.py",
    "aiohttp": "client_reqrep.py",
    "apscheduler": "schedulers/base.py",
    "attr": "_make.py",
    "babelfish": "language.py",
    "bleach": "html5lib_shim.py",
    "boto3": "resources/factory.py",
    "botocore": "endpoint.py",
    "bottle.py": "",
    "bs4": "dammit.py",
    "bson": "objectid.py",
    "celery": "bootsteps.py",
    "certifi": "core.py",
    "chardet": "universaldetector.py",
    "charset_normalizer": "cd.py",
    "cherrypy": "_cptree.py",
    "click": "termui.py",
    "colorama": "ansitowin32.py",
    "dateutil": "relativedelta.py",
    "django": "conf/global_settings.py",
    "dns": "rdatatype.py",
    "fastapi": "param_functions.py",
    "feedparser": "mixin.py",
    "flask": "debughelpers.py",
    "googleapiclient": "discovery.py",
    "guessit": "reutils.py",
    "gunicorn": "arbiter.py",
    "h11": "_receivebuffer.py",
    "html5lib": "html5parser.py",
    "httpcore": "_synchronization.py",
    "httplib2": "iri2uri.py",
    "httpx": "_status_codes.py",
    "idna": "idnadata.py",
    "importlib_metadata": "_adapters.py",
    "itsdangerous": "url_safe.py",
    "jinja2": "nativetypes.py",
    "jmespath": "functions.py",
    "jsonschema": "_format.py",
    "jwt": "api_jws.py",
    "kombu": "pidbox.py",
    "ldap3": "strategy/base.py",
    "mako": "pyparser.py",
    "markdown": "blockparser.py",
    "markupsafe": "_native.py",
    "marshmallow": "class_registry.py",
    "more_itertools": "recipes.py",
    "oauthlib": "uri_validate.py",
    "packaging": "specifiers.py",
    "paramiko": "kex_group14.py",
    "peewee.py": "",
    "psycopg2": "errorcodes.py",
    "pyasn1": "type/univ.py",
    "pydantic": "error_wrappers.py",
    "pygments": "unistring.py",
    "pymongo": "mongo_client.py",
    "pymysql": "converters.py",
    "pytz": "tzfile.py",
    "rarfile.py": "",
    "rebulk": "rebulk.py",
    "redis": "crc.py",
    "requests": "certs.py",
    "requests_oauthlib": "oauth1_session.py",
    "rest_framework": "negotiation.py",
    "rich": "_emoji_codes.py",
    "rsa": "pkcs1.py",
    "setuptools": "build_meta.py",
    "simplejson": "decoder.py",
    "six.py": "",
    "soupsieve": "css_match.py",
    "sqlalchemy": "orm/relationships.py",
    "starlette": "_exception_handler.py",
    "tornado": "ioloop.py",
    "typing_extensions.py": "",
    "tzlocal": "windows_tz.py",
    "urllib3": "connectionpool.py",
    "webencodings": "labels.py",
    "websocket": "_abnf.py",
    "werkzeug": "local.py",
    "xmltodict.py": "",
    "yaml": "constructor.py",
    "zipp": "glob.py",
}
_INSTALLED = ".dist-info"
_BUILT_HERE = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})


def copies(folder: Path, names: Collection[str], is_root: bool) -> Collection[str]:
    """Which entries of a folder are copies of libraries: what an installer says that it put there, and packages with a file that only
    that library has; with `MANY` of those all entries of a folder that is neither a package nor the root.

    Parameters:
        folder: to be looked at.
        names: of what lies in it.
        is_root: whether it is the project's own.
    """
    installed = {entry for name in names if name.endswith(_INSTALLED) for entry in (name, *_recorded(folder / name))}
    known = [name for name in names if name in _OWN_FILES and (folder / name / _OWN_FILES[name]).is_file()]
    if len(known) >= MANY and not is_root and "__init__.py" not in names:
        return names
    return installed if len(known) == 1 and _is_built_here(folder, names) else installed.union(known)


def _is_built_here(folder: Path, names: Collection[str]) -> bool:
    """Whether a library that lies in a folder, alone or beside the files with which it is built, is in its own repository."""
    return not _BUILT_HERE.isdisjoint(names) or (
        len(names) == 1 and any((folder.parent / name).is_file() for name in _BUILT_HERE)
    )


def _recorded(metadata: Path) -> set[str]:
    """The first parts of the paths that an installer recorded.
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file"""
    try:
        lines = (metadata / "RECORD").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return {line.partition(",")[0].strip('"').partition("/")[0] for line in lines} - {"", "..", "__pycache__"}
