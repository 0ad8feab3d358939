"""Every error Rowmill raises on purpose, and the sentence its user sees.

RowmillError
├── UserError                 the world's fault: shown, with what to do
│   ├── UsageError            a command line that cannot be followed
│   ├── InputError            a file that cannot be read as a table
│   ├── RecipeError           a recipe that cannot be run
│   ├── JobFileError          a job file that cannot be used
│   │   ├── NotAJobFile       something else, or nothing, under that name
│   │   ├── DamagedJobFile    a job file whose contents do not hold together
│   │   ├── NewerJobFile      made by a later Rowmill
│   │   └── JobInUse          another process owns the job
│   │       └── OwnerUnknown  it is on another computer, and only time tells if it lives (store/lease.py)
│   ├── StorageError          answers or exports cannot be written (full, read-only, gone)
│   │   ├── StoredMeanwhile   another computer wrote to a job that is worked on here (store/network/copy_back.py)
│   │   └── NotCopiedBack     the network folder lacks what was done here (there, too)
│   │       └── NoLongerThere the folder is there, and the job no longer in it
│   ├── ExportError           the export cannot be made as asked
│   ├── KeyStoreError         a key cannot be stored or found
│   ├── CallFailed            a call to a provider failed, with its Cause (providers/base.py)
│   │   └── NotSent           before anything went out (there, too)
│   └── CannotOpen            a provider that cannot be used at all (there, too)
├── Cancelled                 the user cancelled; nothing to explain
└── InternalError             ours: logged with a traceback, shown as "something went wrong"
"""

from __future__ import annotations


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogue without translating it yet."""
    return sentence


class RowmillError(Exception):
    """Base of everything below."""


class UserError(RowmillError):
    """The world's fault. `sentence` says what is wrong and what to do.

    The sentence is an English catalogue entry with `{named}` places, translated only when it is
    shown (`sentences.explain`), so that the layers below never need to know the language.

    Args:
        sentence: The catalogue entry, marked with `N_` where it is written.
        details: Values for its places. Already plain text; cut where they are shown.
    """

    def __init__(self, sentence: str, **details: object) -> None:
        super().__init__(sentence, details)
        self.sentence = sentence
        self.details = details

    def __str__(self) -> str:
        return self.sentence.format(**self.details) if self.details else self.sentence

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.sentence, self.details))


def _rebuild(kind: type[UserError], sentence: str, details: dict[str, object]) -> UserError:
    return kind(sentence, **details)


class UsageError(UserError):
    """A command line that cannot be followed."""


class InputError(UserError):
    """A file that cannot be read as a table. Its details name the file, and the row and column where known."""


class RecipeError(UserError):
    """A recipe that cannot be run as it is."""


class JobFileError(UserError):
    """A job file that cannot be used."""


class NotAJobFile(JobFileError):
    """Something else, or nothing, lies under that name."""


class DamagedJobFile(JobFileError):
    """A job file whose contents do not hold together. It is never written to."""


class NewerJobFile(JobFileError):
    """A job file made by a later version of Rowmill."""


class JobInUse(JobFileError):
    """Another process runs this job. The details say who."""


class StorageError(UserError):
    """What has to be kept cannot be written: disk full, folder read-only, drive gone."""


class ExportError(UserError):
    """An export that cannot be made as asked."""


class KeyStoreError(UserError):
    """A provider key that cannot be stored or found."""


class Cancelled(RowmillError):
    """The user cancelled."""


class InternalError(RowmillError):
    """A mistake of ours."""
