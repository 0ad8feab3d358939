"""The translations: collect the sentences of the code, find what is missing, compile.

.venv/bin/python packaging/catalogue.py update     new sentences appear untranslated in every .po file
.venv/bin/python packaging/catalogue.py missing    lists what is still to be translated
.venv/bin/python packaging/catalogue.py check      exit code 1 when something is missing or does not fit
.venv/bin/python packaging/catalogue.py compile
"""

from __future__ import annotations

import ast
import io
import json
import string
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "resources" / "locale"
DOMAIN = "rowmill"
HEADER = """\
msgid ""
msgstr ""
"Project-Id-Version: Rowmill\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"

"""
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "ngettext": (1, 2)}


def extracted(code: Path = ROOT / "gui_app") -> Catalog:
    """Every marked sentence of the code, with the files it is in (no line numbers: they only make noise)."""
    template = Catalog(domain=DOMAIN, project="Rowmill", fuzzy=False)
    for file, _, ids, comments, context in extract_from_dir(code, [("**.py", "python")], keywords=KEYWORDS):
        template.add(
            ids, locations=[(f"{code.name}/{Path(file).as_posix()}", 0)], auto_comments=comments, context=context
        )
    return template


def read(path: Path) -> Catalog:
    """One .po file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, domain=DOMAIN)


def write(path: Path, catalogue: Catalog, *, prune: bool = False) -> None:
    """Write a .po file, in the order of its sentences so that two people's additions rarely meet."""
    body = io.BytesIO()
    write_po(
        body, catalogue, width=110, sort_output=True, omit_header=True, include_lineno=False, ignore_obsolete=prune
    )
    # Babel's own header holds dates and names that change with every run and say nothing.
    header = HEADER.format(language=catalogue.locale_identifier, plurals=catalogue.plural_forms)
    path.write_text(header + body.getvalue().decode("utf-8"), encoding="utf-8", newline="\n")


def update(path: Path, template: Catalog, *, prune: bool = False) -> None:
    """Merge the code's sentences into a .po file. What the code no longer says is kept as obsolete, unless pruned."""
    catalogue = read(path)
    # A guess from a similar sentence is worse than none: it looks finished.
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    write(path, catalogue, prune=prune)


def problems(catalogue: Catalog, template: Catalog) -> Iterator[str]:
    """What is missing in a catalogue or does not fit, one line each."""
    if catalogue.locale is not None and catalogue.locale.language == "zh" and catalogue.num_plurals != 1:
        yield "Chinese has one plural form"
    for wanted in template:
        if not wanted.id:
            continue
        found = catalogue.get(wanted.id, context=wanted.context)
        if found is None:
            yield f"not in the catalogue (run update): {_first(wanted.id)!r}"
        else:
            yield from _unfit(found, catalogue.num_plurals)


def _unfit(message: Message, plurals: int) -> Iterator[str]:
    name = repr(_first(message.id))
    forms = list(message.string) if isinstance(message.string, (tuple, list)) else [message.string]
    if message.fuzzy:
        yield f"only guessed (fuzzy): {name}"
    if len(forms) != (plurals if isinstance(message.id, (tuple, list)) else 1):
        yield f"wrong number of plural forms: {name}"
    # The plural has every place; "one row" may leave its number out.
    original = message.id[-1] if isinstance(message.id, (tuple, list)) else message.id
    for form in forms:
        if not form:
            yield f"not translated: {name}"
            continue
        try:
            if _places(form) != _places(original):
                yield f"places differ: {name} -> {form!r}"
        except ValueError as error:
            yield f"places cannot be read ({error}): {name} -> {form!r}"
        if form.endswith("\n") != original.endswith("\n") or form != form.strip(" ") != original.strip(" "):
            yield f"blanks or line ends differ: {name}"


def _places(text: str) -> set[tuple[str, str]]:
    return {(name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name is not None}


def _first(ids: str | tuple[str, ...] | list[str]) -> str:
    return ids if isinstance(ids, str) else ids[0]


def misuses(source: str, file: str) -> Iterator[str]:
    """Calls that no catalogue can help: an f-string inside, or a sentence translated while the module is imported."""
    tree = ast.parse(source, file)
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for part in (function.body if isinstance(function.body, list) else [function.body])
        for node in ast.walk(part)
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS):
            continue
        if any(isinstance(argument, ast.JoinedStr) for argument in node.args):
            yield f"{file}:{node.lineno}: an f-string cannot be translated; use {{places}} and format()"
        if any(isinstance(argument, ast.BinOp) for argument in node.args):
            yield f"{file}:{node.lineno}: a joined sentence cannot be translated; write it as one text"
        if node.func.id != "N_" and id(node) not in inside:
            yield f"{file}:{node.lineno}: translated at import, before the language is known; mark it with N_"


def fill(path: Path, translations: Mapping[str, str]) -> list[str]:
    """Put translations into a .po file, by sentence (the singular form). Returns the sentences it does not have."""
    catalogue = read(path)
    unknown = []
    for sentence, translation in translations.items():
        # A sentence with plural forms is found by its singular; Chinese has one form for all numbers.
        message = catalogue.get(sentence)
        if message is None:
            unknown.append(sentence)
        else:
            message.string = (translation,) if isinstance(message.id, (tuple, list)) else translation
    write(path, catalogue)
    return unknown


def catalogues() -> list[Path]:
    """Every .po file there is."""
    return sorted(LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def compile_all() -> list[Path]:
    """Write the .mo file beside every .po file."""
    made = []
    for path in catalogues():
        target = path.with_suffix(".mo")
        with target.open("wb") as file:
            write_mo(file, read(path))
        made.append(target)
    return made


def main(arguments: list[str]) -> int:
    command = arguments[0] if arguments else ""
    if command == "compile":
        compile_all()
    elif command == "update":
        template = extracted()
        for path in catalogues():
            update(path, template, prune="--prune" in arguments)
            left = sum(1 for line in problems(read(path), template) if line.startswith("not translated"))
            print(f"{path.relative_to(ROOT)}: {len(template)} sentences, {left} not translated")
    elif command in ("check", "missing"):
        template = extracted()
        found = [
            f"{path.parent.parent.name}: {line}" for path in catalogues() for line in problems(read(path), template)
        ]
        for file in sorted((ROOT / "gui_app").rglob("*.py")):
            found += misuses(file.read_text("utf-8"), str(file.relative_to(ROOT)))
        print("\n".join(found) or "complete")
        return 1 if found and command == "check" else 0
    elif command == "fill" and len(arguments) == 3:
        path = LOCALES / arguments[1] / "LC_MESSAGES" / f"{DOMAIN}.po"
        for sentence in fill(path, json.loads(Path(arguments[2]).read_text("utf-8"))):
            print(f"not in the catalogue (run update): {sentence!r}")
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
