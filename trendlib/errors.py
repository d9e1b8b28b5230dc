"""Every error trendlib raises, and when it raises one.

The policy, once for the whole house:

* An error says what was asked, what was found and what to do next, in that order.
* One bad item, sound or page never ends a run. It is set aside (``rejects``, ``calls``) with its
  reason and counted in the report; only what makes the whole run pointless is raised to the top:
  a wrong key (`AuthError`), spent credits (`QuotaError`, `BudgetError`), a warehouse that cannot be
  opened (`StoreError`), an input file that cannot be understood (`ConfigError`).
* Failed is never empty: a call that went wrong raises; it does not return no rows.
* No message, ``repr`` or traceback of ours shows a key.
* Nothing in this house catches ``Exception``.
"""


class TrendlibError(Exception):
    """Anything trendlib raises on purpose."""


class ConfigError(TrendlibError):
    """A setting, a watchlist entry or an argument cannot be used as it stands."""


class ApiError(TrendlibError):
    """A provider answered, or failed to, in a way that gives no data.

    ``is_transient`` says whether asking the same again may help.
    """

    is_transient: bool = False


class AuthError(ApiError):
    """The key is missing, wrong or not allowed to do this (401, 403). Never retried."""


class QuotaError(ApiError):
    """The provider says the credits are used up (402). Never retried."""


class RateLimitError(ApiError):
    """Too many requests (429 and its disguises), still so after all retries."""

    is_transient = True


class UnavailableError(ApiError):
    """No usable answer: 5xx, time-out, reset, HTML, empty or truncated body, after all retries."""

    is_transient = True


class RefusalError(UnavailableError):
    """A refusal of the provider's own that may pass or may be for good, so it is repeated less often."""


class ParseError(TrendlibError):
    """A body or an item in it does not mean what its place says it should."""


class SchemaError(TrendlibError):
    """A frame lacks a column, or holds another type than the schema declares."""


class StoreError(TrendlibError):
    """The warehouse cannot be read or written."""


class StoreBusyError(StoreError):
    """Another program kept the warehouse locked for longer than we were willing to wait."""


class StoreFormatError(StoreError):
    """The warehouse is damaged or of another version; made anew from the archive it can be used again."""


class OldFormatError(StoreFormatError):
    """The warehouse was made by an older version; the next run makes it anew from the archive by itself."""


class NoDataError(TrendlibError):
    """The question is fine, but nothing observed before the as-of instant can answer it."""

    def _render_traceback_(self) -> list[str]:
        """Say it in a notebook by itself: nothing broke, so no way through the code is shown."""
        return [f"Nothing to show: {self}"]


class BudgetError(TrendlibError):
    """The credits allowed for this run are spent. What was bought is kept."""


class PictureError(TrendlibError):
    """A static picture cannot be printed on this machine; everything else still works."""
