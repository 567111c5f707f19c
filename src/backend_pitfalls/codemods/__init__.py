"""The LibCST codemod commands: `python -m libcst.tool codemod -x backend_pitfalls.codemods.AddTimeout PATHS`."""

from backend_pitfalls.codemods.add_health_route import AddHealthRoute
from backend_pitfalls.codemods.add_timeout import AddTimeout
from backend_pitfalls.codemods.argument_list import ArgumentList
from backend_pitfalls.codemods.ask_for_columns import AskForColumns
from backend_pitfalls.codemods.ask_the_database import AskTheDatabase
from backend_pitfalls.codemods.await_calls import AwaitCalls
from backend_pitfalls.codemods.bind_parameters import BindParameters
from backend_pitfalls.codemods.check_status import CheckStatus
from backend_pitfalls.codemods.credential_to_environment import CredentialToEnvironment
from backend_pitfalls.codemods.fetch_before import FetchBefore
from backend_pitfalls.codemods.format_html import FormatHtml
from backend_pitfalls.codemods.guard_redirects import GuardRedirects
from backend_pitfalls.codemods.load_relations import LoadRelations
from backend_pitfalls.codemods.load_safely import LoadSafely
from backend_pitfalls.codemods.not_for_security import NotForSecurity
from backend_pitfalls.codemods.read_literals import ReadLiterals
from backend_pitfalls.codemods.restrict_cookies import RestrictCookies
from backend_pitfalls.codemods.use_secrets import UseSecrets
from backend_pitfalls.codemods.verify_certificates import VerifyCertificates
from backend_pitfalls.codemods.write_in_bulk import WriteInBulk

__all__ = [
    "AddHealthRoute",
    "AddTimeout",
    "ArgumentList",
    "AskForColumns",
    "AskTheDatabase",
    "AwaitCalls",
    "BindParameters",
    "CheckStatus",
    "CredentialToEnvironment",
    "FetchBefore",
    "FormatHtml",
    "GuardRedirects",
    "LoadRelations",
    "LoadSafely",
    "NotForSecurity",
    "ReadLiterals",
    "RestrictCookies",
    "UseSecrets",
    "VerifyCertificates",
    "WriteInBulk",
]
