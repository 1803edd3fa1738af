"""The one exception that a person of the lab's command line sees."""


class LabError(Exception):
    """Something the user must know. The message is one sentence and says the way out."""
