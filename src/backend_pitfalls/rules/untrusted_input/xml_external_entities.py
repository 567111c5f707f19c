"""Request data is parsed as XML with external entities.

## What it does
Follows request data into XML parsers that resolve entities: lxml's default parser, and parsers of `xml.sax` with `feature_external_ges` switched on.

## Why it hurts in production
An entity of the document names a file or an address of the server, and its content comes back in the answer.

## Example
```python
from flask import Flask, request
import lxml.etree

app = Flask(__name__)

@app.route("/x")
def view():
    tree = lxml.etree.fromstring(request.data)
    return {"tag": len(tree)}
```

## Use instead
```python
from flask import Flask, request
import lxml.etree

app = Flask(__name__)

@app.route("/x")
def view():
    parser = lxml.etree.XMLParser(resolve_entities=False)
    tree = lxml.etree.fromstring(request.data, parser)
    return {"tag": len(tree)}
```

## Fix safety
There is no automatic repair: what is allowed is for the author to say.

## Options
None. Own sources, sinks, sanitizers and guards are rows of `[tool.backend-pitfalls.knowledge]`, in the form of the shipped tables.

## Known limits
Data that passes through a library function that the tables do not know counts as clean. Functions are followed four calls deep.

## References
- [CWE-611](https://cwe.mitre.org/data/definitions/611.html)
- [lxml: parser options](https://lxml.de/parsing.html#parser-options)
"""

from __future__ import annotations

from backend_pitfalls.model.files import NOT_THE_PROGRAM
from backend_pitfalls.model.finding import Confidence, Severity
from backend_pitfalls.model.rule import RuleMeta
from backend_pitfalls.rules import Report, listens
from backend_pitfalls.rules.flow import report_flow
from backend_pitfalls.semantics.events import Call
from backend_pitfalls.semantics.values import Const, Instance, Value

META = RuleMeta(
    code="BPF312",
    name="xml-external-entities",
    summary="Request data is parsed as XML with external entities",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    since="0.1.0",
    silent_in=NOT_THE_PROGRAM,
    cwe=(611,),
    security_severity=7.5,
)

_MEND = "use a parser with resolve_entities=False, or defusedxml"
_FEATURE = "<xml.sax.handler.feature_external_ges>"


@listens(Call, at_sinks=True)
def untrusted(event: Call, report: Report) -> None:
    """Request data that a parser reads which resolves entities."""
    parser = event.argument(1, "parser")
    if event.callee.startswith("lxml.") and not _is_harmless(parser):
        report_flow(event, report, "xml", "XML external entities", _MEND, into="it is parsed")
    if event.callee.startswith("xml.sax.xmlreader."):
        parser = event.receiver
    if _resolves(parser):
        for harm in ("xml-parser", "xml-reader", "xml-feature"):
            report_flow(event, report, harm, "XML external entities", _MEND, into="it is parsed")


def _is_harmless(parser: Value | None) -> bool:
    if parser is None or (isinstance(parser, Const) and parser.value is None):
        return False
    entities = parser.attributes.get("resolve_entities") if isinstance(parser, Instance) else Const(False)
    return isinstance(entities, Const) and entities.value is False


def _resolves(parser: Value | None) -> bool:
    """Whether external entities were switched on; Python switches them off since 3.7.1."""
    feature = parser.attributes.get(_FEATURE) if isinstance(parser, Instance) else None
    return isinstance(feature, Const) and bool(feature.value)
