"""Whether a text is a credential: by what it is called, how it looks, and where it stands. Shared by the rules about secrets.

Features add to a score and give the reasons for it; what cannot be a credential at all (a placeholder, a reference, a path, a sentence) is out before any score.
"""

from __future__ import annotations

import functools
import itertools
import math
import re

import msgspec

from backend_pitfalls.model.finding import Confidence
from backend_pitfalls.model.knowledge import Knowledge, TokenFacts
from backend_pitfalls.model.regex import regex

THRESHOLD = 1.0
"""From this score on a text is a credential."""
CERTAIN = 2.7
"""From this score on there is no doubt; texts of tests must reach it, for most passwords there are made up."""


class Judgement(msgspec.Struct, frozen=True):
    """What a text is: `what` for a message, the score, the strongest reasons for it, the provider's format where it has one, and whether
    it is a provider's token for trying things out, or one that clients are given."""

    what: str
    score: float
    reasons: tuple[str, ...]
    token: TokenFacts | None = None
    is_weak: bool = False

    @property
    def confidence(self) -> Confidence:
        """How sure the score makes the tool."""
        return Confidence.HIGH if self.score >= CERTAIN else Confidence.MEDIUM


# What a name of each kind is worth.
_KINDS = {"password": 2.0, "secret key": 2.2, "key": 1.6, "header": 0.4, "cookie": 0.2, "perhaps": -0.2}
SHORTEST = 10
"""A text of fewer characters is no token, no address with a password and no grant: `a://b:cde@f`."""
CERTAIN_KINDS = frozenset({"password", "secret key", "key"})
"""The kinds of names under which a text that looks made is certainly a credential."""
_MEANINGS = {
    "password": "the name means a password",
    "secret key": "the name means the key that signs sessions",
    "key": "the name means a key, token or secret",
    "header": "the header carries a credential",
    "cookie": "cookies carry a session",
}
_PLACES = {
    "given": (2.2, "the argument is one that takes a credential"),
    "comparison": (0.0, "it is compared with what someone gives"),
    "fallback": (0.0, "it is used where the setting is missing"),
    "default": (0.0, "it is used where the caller gives none"),
}
# Last words of a name that do not change what it means: `api_key_value`, `db_password_prod`.
_TAILS = frozenset(
    [
        "value",
        "string",
        "str",
        "text",
        "b64",
        "base64",
        "hex",
        "bytes",
        "raw",
        "default",
        "prod",
        "production",
        "dev",
        "development",
        "staging",
        "live",
        "test",
        "main",
        "plain",
        "plaintext",
        "encoded",
        "env",
        "v2",
    ]
)
_NOT_ITS_VALUE = regex(
    r"^(is|has|no|use|with|allow|allows|forgot|forgotten|reset|change|changed|update|updated|invalid|wrong|missing|min|max|show|hide|require|requires|required|bad|csrf|next|page|pad|eos|bos|unk|sep|cls|mask|design|continuation|public|primary|foreign|partition|sort|cache|unexpected|expired|existing)_|_?placeholder"
)
_PLACEHOLDER = regex(
    r"change.?me|change.?this|^x+$|xxx|example|placeholder|^your|[-_ ]your|<.*>|\$\{|\{\{|\}\}|^\{.*\}$|%\(|^%s|todo|dummy|fixme|replace|redacted|^\*+$|\.\.\.|^none$|^null$|^test|insert|enter.?|^undefined$|^-+$|sample|^foo|^bar$|^\W+$|not.?set|^not[-_ ]?(a|an|so|very|really|the)?[-_ ]?(real|secure|secret)|no.?password|^__\w+__$|^\$\w+\$$|[-_ ]here$",
    re.IGNORECASE,
)
_WORD = regex(r"^_*[A-Za-z]+([ _.:/=-][A-Za-z]+)*[_:-]?$|^[a-z]+[A-Za-z]*$")
# A name that is given where a name is asked for: `oauth2_client_secret`.
_IDENTIFIER = regex(r"^[a-z]+\d?(_[a-z]+\d?)+$|^[A-Z]+\d?(_[A-Z]*[\d.]{0,4})+$")
_SECRET_WORD = regex(r"password|passwd|passphrase|token|secret|key|auth|credential|pwd|bearer", re.IGNORECASE)
_TEMPLATE = regex(r"^<.*>$|\$\{|\{\{|\}\}|%\(|^%s$")
_PATH = regex(
    r"^(/|\./|~/|\.[a-z_.]+$|[A-Za-z]:\\)|^[a-zA-Z][\w+.-]*://|^[\w.-]+\.(py|json|ya?ml|pem|key|txt|html|env)$|^urn:"
    # The path of a route, or a pattern for some: `tokens/`, `users/\\d+/tokens/`.
    r"|^(?:[a-z_]+|\\[dw]\+|<[\w:]+>)(?:/(?:[a-z_]+|\\[dw]\+|<[\w:]+>))*/$"
    # A name of XML with its namespace.
    r"|^\{(?:https?://|urn:)[^{}\s]*\}"
    # A permission: https://docs.djangoproject.com/en/stable/topics/auth/default/#default-permissions
    r"|^[a-z_]+\.(?:add|change|delete|view)_[a-z_]+$"
    # An attribute of an object, in a script that the file holds.
    r"|^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+;"
    # A file below the folder that the program runs in.
    r"|^[\w.-]+(?:/[\w.-]+)+\.[a-z]{2,5}$"
    # A place in the same document: https://www.rfc-editor.org/rfc/rfc6901#section-6
    r"|^#/"
    # An account or a contract of a block chain: https://eips.ethereum.org/EIPS/eip-55, https://chainagnostic.org/CAIPs/caip-19
    r"|^(?:[-a-z0-9]{3,8}:[-\w]{1,32}/[-a-z0-9]{3,8}:)?0x[0-9a-fA-F]{40}$"
)
_REFERENCE = regex(
    r"^[$%&*!@]|^(secrets?|env|vault|var|local|data|ref|file|ssm|module)[.:(]|^(true|false|yes|no|on|off|null|none|~|-)$",
    re.IGNORECASE,
)
# How a field is shown or stored, beside its name: `classes["password"] = "input"`.
_KIND = regex(
    r"^(?:true|false|input|text|textarea|string|str|hidden|field|form-control|varchar|char|bytes|required|optional)$",
    re.IGNORECASE,
)
_REGEX = regex(r"^\^.*\$$|\[[^\]]+\][+*]|\\[wdSW][+*]|\(\?[:P=!<]")
URL_PASSWORD = regex(
    r"(?<![a-z])[a-z][a-z0-9+.-]*://[^/\s:@'\"\[\]]*:(?P<password>[^/\s@'\"\[\]]{3,})@[^\s@/'\"?]+", re.IGNORECASE
)
_PAIRS = regex(r"(?:^|[\s;,?&])(?P<name>[A-Za-z][\w-]*)\s*=\s*(?P<value>[^\s;,&'\"]+)")
GRANT = regex(r"\b(?:IDENTIFIED\s+BY|WITH\s+(?:ENCRYPTED\s+)?PASSWORD)\s+'(?P<password>[^']{3,})'", re.IGNORECASE)
_SCHEME = regex(r"^(?:Bearer|Basic|Token|ApiKey|Key|JWT|Bot|OAuth)\s+(?P<value>\S+)$", re.IGNORECASE)
_OF_A_TEST_ACCOUNT = regex(r"[_$](test|sandbox)[_$]")
_WORDS = regex(r"[A-Za-z0-9_.:+/=@~-]{12,}")
_PARTS = regex(r"[A-Za-z0-9_.:@~+-]{12,}")
# What no key begins with, or has inside: the type of a column, a call.
_NO_KEY = regex(r"^[(^[#]|\w\(['\w]*\)|\w\[\w*\]")
_DIVIDES = regex(r"[/=]")
_DIGIT = regex(r"[0-9]")


def is_template(text: str) -> bool:
    """Whether a text is filled in later, so that the secret is elsewhere."""
    return bool(_TEMPLATE.search(text))


def is_reference(text: str) -> bool:
    """Whether a value of a configuration file says where the secret is, or is none by its kind."""
    return bool(_REFERENCE.search(text))


def is_placeholder(text: str) -> bool:
    """Whether a text shows where a secret goes."""
    return bool(_PLACEHOLDER.search(text))


@functools.lru_cache(maxsize=50_000)
def kind_of(name: str, knowledge: Knowledge) -> str:
    """What kind of credential a name means, as `CredentialNameFacts.kind` tells; empty for none."""
    words = [w for w in snake_case(name).strip("_").split("_") if w]
    while len(words) > 1 and (words[-1] in _TAILS or words[-1].isdigit()):
        words.pop()
    if not words or _NOT_ITS_VALUE.search("_".join(words)):
        return ""
    words[-1] = words[-1].rstrip("0123456789") or words[-1]
    for count in (3, 2, 1):
        kind = knowledge.credential_names.get("".join(words[-count:]), "") if count <= len(words) else ""
        if kind:
            return "" if kind == "perhaps" and not _OF_OTHER_THINGS.isdisjoint(words) else kind
    glued = words[-1]
    return next((k for end, k in _GLUED if glued.endswith(end)), "")


# What makes a key one that is no secret: `PUBLIC_KEY`, `primary_key`, `cache_key`; that of a captcha is shown in its page.
_OF_OTHER_THINGS = frozenset(
    (
        "public",
        "primary",
        "foreign",
        "partition",
        "sort",
        "cache",
        "object",
        "file",
        "row",
        "lookup",
        "captcha",
        "recaptcha",
        "hcaptcha",
        "turnstile",
        "site",
    )
)
_GLUED = (
    ("password", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("pwd", "password"),
    ("secretkey", "secret key"),
    ("apikey", "key"),
    ("accesskey", "key"),
    ("token", "key"),
    ("clientsecret", "key"),
)


@functools.lru_cache(maxsize=10_000)
def snake_case(name: str) -> str:
    """`apiKey` and `API-Key` as `api_key`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(".", "_").replace(" ", "_").lower()


def by_form(text: str, knowledge: Knowledge) -> Judgement | None:
    """What a text is by its form alone: a token, an address with a password, a grant; None for neither.

    Parameters:
        text: one that no template fills in.
        knowledge: for the token formats.
    """
    if len(text) < SHORTEST:
        return None
    token = knowledge.token_of(text) or token_in(text, knowledge)
    if token is not None:
        return Judgement(
            f"a {token.provider}",
            4.0,
            ("it has the format of one",),
            token,
            token.public or bool(_OF_A_TEST_ACCOUNT.search(text)),
        )
    urls = URL_PASSWORD.finditer(text) if "://" in text else ()
    if any(not stands_for_password(url["password"]) for url in urls):
        return Judgement("a password in a URL", 3.0, ("the address has a user and a password",))
    grant = GRANT.search(text) if "'" in text else None
    if grant is not None and not stands_for_password(grant["password"]):
        return Judgement("a password in an SQL grant", 3.0, ("the statement gives an account its password",))
    return None


def token_in(text: str, knowledge: Knowledge) -> TokenFacts | None:
    """The format of the first token among the words of a text, or among their parts; None for none.

    Parameters:
        text: of any length.
        knowledge: for the token formats.
    """
    words = [word for word in _WORDS.findall(text) if _DIGIT.search(word)]
    parts = [part for word in words if _DIVIDES.search(word) for part in _PARTS.findall(word) if _DIGIT.search(part)]
    for word in (*words, *parts):
        if len(word) < len(text):
            for part in dict.fromkeys((word, word.removeprefix("bot"), word.rpartition("=")[2])):
                token = knowledge.token_of(part)
                if token is not None:
                    return token
    return None


def within(text: str, knowledge: Knowledge) -> Judgement | None:
    """A credential among the pairs of a text: `dbname=shop password=…` of a connection, `?api_key=…` of an address."""
    pairs = list(_PAIRS.finditer(text)) if "=" in text and len(text) < 2_000 else []
    if len(pairs) < 2 and "?" not in text:
        return None
    for pair in pairs:
        if is_template(pair["value"]) or is_placeholder(pair["value"]) or pair["value"][0] in "{%$\0":
            continue
        judged = judge(pair["name"], pair["value"], "pair", knowledge)
        if judged is not None and judged.score >= THRESHOLD and (looks_made(pair["value"]) or "?" not in text):
            return msgspec.structs.replace(judged, what=f"'{pair['name']}'")
    return None


def judge(name: str, text: str, how: str, knowledge: Knowledge) -> Judgement | None:
    """Whether a text under a name is a credential; None when it certainly is none.

    Parameters:
        name: as written, in any spelling.
        text: one that is neither a template nor a placeholder.
        how: the name is got, as `Binding.how` tells, or "setting", "pair".
        knowledge: for the names.
    """
    kind = kind_of(name, knowledge)
    if (not kind and how != "given") or _of_palau(name, text):
        return None
    if kind in ("header", "cookie"):
        text = _carried(kind, text)
    elif kind == "key" and (scheme := _SCHEME.match(text)):
        text = scheme["value"]
    if (
        not text
        or text in knowledge.samples
        or any(c.isspace() for c in text)
        or is_hashed(text)
        or any(p.search(text) for p in (_PATH, _KIND, _REGEX))
    ):
        return None
    if is_elsewhere(name) or (kind == "perhaps" and _HASH.search(snake_case(name)) and _HEXADECIMAL.fullmatch(text)):
        return None
    reasons = {_MEANINGS.get(kind, "the name may mean a credential"): _KINDS.get(kind, 0.0)}
    weight, why = _PLACES.get(how, (0.0, ""))
    if how == "given":
        reasons = {why: weight}
        kind = "password" if kind in ("", "perhaps") else kind
    elif why:
        reasons[why] = 0.05
    reasons.update(
        _shape(kind, name, text, is_used=how == "fallback" or (how == "setting" and "_" in snake_case(name)))
    )
    score = sum(reasons.values())
    strongest = sorted((r for r, w in reasons.items() if w > 0), key=lambda r: -reasons[r])
    return Judgement(f"'{name}'", score, tuple(strongest[:2]))


# The country of the code PW, in lists of countries: https://www.iso.org/obp/ui/#iso:code:3166:PW
_LOCALE = regex(r"[a-z]{2,3}-PW")
_PALAU = regex(r"Pala|[^\x00-\x7f]")
# What is left of a password once it was hashed. https://passlib.readthedocs.io/en/stable/modular_crypt_format.html
_HASHED = regex(
    r"^(pbkdf2|bcrypt|argon2|scrypt|\$(2[abxy]?|[156y]|argon2\w*|pbkdf2[\w-]*|scrypt|apr1)\$|sha\d+[:$]|md5[:$])",
    re.IGNORECASE,
)
# The hash of a file or a statement.
_HASH = regex(r"(^|_)(hash|checksum|digest|sha\d*|md5)(_(value|hex))?$")
# Directives of a web server, and names of where a secret is kept.
_NOT_HELD = regex(r"(^|_)(proxy|uwsgi|fastcgi|scgi|grpc)_pass$|existing_secret$|secret_(name|ref)$")


def _of_palau(name: str, text: str) -> bool:
    return _LOCALE.fullmatch(name) is not None or (name in ("PW", "pw") and _PALAU.match(text) is not None)


def is_hashed(text: str) -> bool:
    """Whether a text is the hash of a password, as the tools that make them write it."""
    return _HASHED.search(text) is not None


def is_elsewhere(name: str) -> bool:
    """Whether a name tells where a secret is kept, and not what it is."""
    return _NOT_HELD.search(snake_case(name)) is not None


def _carried(kind: str, text: str) -> str:
    """The credential that a header or a cookie line carries; empty for none that looks made."""
    if kind == "header":
        scheme = _SCHEME.match(text)
        value = scheme["value"] if scheme else text
    else:
        value = max((p["value"] for p in _PAIRS.finditer(text)), key=len, default="")
    return value if re.fullmatch(r"[A-Za-z0-9_%+/=.-]{12,}", value) and looks_made(value) else ""


def _shape(kind: str, name: str, text: str, *, is_used: bool) -> dict[str, float]:
    """What the look of a text adds to or takes from the score, by reason; `is_used` tells that the program runs with the text even if it is a word."""
    found: dict[str, float] = {}
    is_word = _WORD.match(text) is not None
    own = snake_case(name).strip("_")
    if len(text) < 3 or text.lower() == own or (len(own) >= _TELLING and own in snake_case(text)):
        found["it is too short, or its own name"] = -9.0
    if kind == "secret key":
        if _SECRET_WORD.fullmatch(text) and not is_used:
            found["it is a word about secrets"] = -9.0
    elif kind == "password":
        if is_word and _SECRET_WORD.search(text) and not (is_used and text.lower() in _WELL_KNOWN):
            found["it is made of words about secrets"] = -9.0
        elif is_word and text.isupper():
            found["it is a mark that tells kinds apart"] = -2.0
    else:
        if is_word or _IDENTIFIER.match(text) or _is_joined(text) or not any(c.isalnum() for c in text):
            found["it is made of words"] = -3.0
        is_number = text.isdigit() and len(text) >= 12
        if len(text) < 8 or _NO_KEY.search(text) or not (is_number or any(c.isalpha() for c in text)):
            found["keys are longer"] = -3.0
        if kind == "perhaps" and not (looks_made(text) and len(text) >= 20):
            found["nothing about it looks made"] = -2.0
    if looks_made(text):
        found["it is long, and made of letters and digits in no order"] = 1.2
    elif not is_word and any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
        found["it mixes letters with digits"] = 0.4
    return found


_TELLING = 12
"""How long a name is that stands in a text only where that tells of it."""


def looks_made(text: str) -> bool:
    """Whether nobody would write such a text as words: long, mixed, and its pairs of letters are not those of a language."""
    if len(text) < 12 or not text.isascii():
        return False
    if _HEXADECIMAL.fullmatch(text) and len(set(text)) > 5:
        return in_order(text) * 2 <= len(text)
    kinds = (text != text.upper()) + (text != text.lower()) + (_DIGIT.search(text) is not None)
    if kinds < 2 or (kinds < 3 and len(text) < 16) or _DIGIT.search(text) is None:
        return False
    is_varied = entropy(text) >= (3.0 if len(text) < 20 else 2.3)
    return is_varied and commonness(text) < 0.45 and not _is_joined(text) and in_order(text) * 2 <= len(text)


def in_order(text: str) -> int:
    """How many characters stand in runs of five or more that count up or down, or are all the same: `tok_1234567890`, `00000000`."""
    total, run, step = 0, 1, _NO_STEP
    for before, after in itertools.pairwise(text):
        now = 1 if before + after == "90" else ord(after) - ord(before)
        run = run + 1 if now == step and now in (-1, 0, 1) else 2
        step = now
        total += 5 if run == 5 else run > 5
    return total


_NO_STEP = 2


def _is_joined(text: str) -> bool:
    """Whether a text is made of words with something between them: `shop_cl_e2e_seed_checkout`."""
    parts = [part for part in _BETWEEN.split(text) if part]
    words = [part for part in parts if _PLAIN_WORD.fullmatch(part)]
    return len(words) >= 3 and sum(map(len, words)) >= 0.7 * sum(map(len, parts))


_HEXADECIMAL = regex(r"(?:0x)?(?:[0-9a-f]{16,}|[0-9A-F]{16,})")
# Or one with a digit for a letter, as a brand has it: `flick3r`.
_PLAIN_WORD = regex(r"[A-Z]?[a-z]{2,}|(?=[a-z0-9]{6})[a-z]{2,}[0-9][a-z]+")
_BETWEEN = regex(r"[_. -]")


def entropy(text: str) -> float:
    """Bits a character, by the characters' shares in the text (Shannon, A Mathematical Theory of Communication, 1948)."""
    shares = [text.count(c) / len(text) for c in dict.fromkeys(text)]
    return -sum(share * math.log2(share) for share in shares)


# The fifty most frequent pairs of letters of English text, https://norvig.com/mayzner.html
_COMMON_PAIRS = frozenset(
    [
        "th",
        "he",
        "in",
        "er",
        "an",
        "re",
        "on",
        "at",
        "en",
        "nd",
        "ti",
        "es",
        "or",
        "te",
        "of",
        "ed",
        "is",
        "it",
        "al",
        "ar",
        "st",
        "to",
        "nt",
        "ng",
        "se",
        "ha",
        "as",
        "ou",
        "io",
        "le",
        "ve",
        "co",
        "me",
        "de",
        "hi",
        "ri",
        "ro",
        "ic",
        "ne",
        "ea",
        "ra",
        "ce",
        "li",
        "ch",
        "ll",
        "be",
        "ma",
        "si",
        "om",
        "ur",
    ]
)


def commonness(text: str) -> float:
    """The share of the pairs of neighbouring letters that are frequent in words."""
    pairs = [text[i : i + 2].lower() for i in range(len(text) - 1) if text[i : i + 2].isalpha()]
    return sum(p in _COMMON_PAIRS for p in pairs) / len(pairs) if len(pairs) >= 4 else 0.0


_WELL_KNOWN = frozenset({"password", "passw", "pass", "pwd", "guest", "user", "secret", "passwd", "token"})


def stands_for_password(password: str) -> bool:
    """Whether what stands in a password's place is none: a reference, a placeholder, the word itself."""
    return is_placeholder(password) or password.lower() in _WELL_KNOWN or password[0] in "{$<%[\0" or "\0" in password


def shown(text: str) -> str:
    """As much of a secret as its owner needs to know it by."""
    return f"'{text[: 4 if len(text) >= 16 else 2 if len(text) >= 6 else 0]}…', {len(text)} characters"


def because(judgement: Judgement) -> str:
    """The reasons as the end of a sentence."""
    return " and ".join(judgement.reasons)


def rotation(judgement: Judgement, knowledge: Knowledge) -> str:
    """How to make the secret worthless, as the end of a sentence."""
    how = knowledge.rotation_of(judgement.token) if judgement.token is not None else ""
    return f"rotate it ({how})" if how else "rotate it"
