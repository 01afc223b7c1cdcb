"""The one exception that reaches a person: a sentence that says what to do."""


class UserError(Exception):
    """A mistake or an outage the user can act on.

    The command line prints it as one line and exits with code 1, without a traceback.
    """
