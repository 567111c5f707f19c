"""The LibCST codemod commands: `python -m libcst.tool codemod -x backend_pitfalls.codemods.AddTimeout PATHS`."""

from backend_pitfalls.codemods.add_health_route import AddHealthRoute
from backend_pitfalls.codemods.add_timeout import AddTimeout
from backend_pitfalls.codemods.ask_the_database import AskTheDatabase
from backend_pitfalls.codemods.bind_parameters import BindParameters
from backend_pitfalls.codemods.credential_to_environment import CredentialToEnvironment
from backend_pitfalls.codemods.load_relations import LoadRelations

__all__ = [
    "AddHealthRoute",
    "AddTimeout",
    "AskTheDatabase",
    "BindParameters",
    "CredentialToEnvironment",
    "LoadRelations",
]
