"""What a user can get wrong. Each error is one line: what must hold, what was found, where, what to do."""

_LONGEST = 4000  # characters of a message


class BaliError(Exception):
    """The user's input or environment is not as it must be; the command prints the message and exits 2."""

    def __str__(self) -> str:
        """One printable line: what a file holds can neither break it nor command the terminal."""
        message = super().__str__()
        if not message.isprintable():
            message = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in message)
        return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}..."


class ConfigError(BaliError):
    """A configuration key is unknown, has a wrong type or a value outside what is allowed."""


class InputError(BaliError):
    """A file that the user gave is missing, damaged or not in the format it should be."""


class ArtefactError(BaliError):
    """A file that a stage wrote is missing, damaged or does not hold the schema that its reader expects."""


class OutputError(BaliError):
    """A file cannot be written: the disk is full, the folder is not writable."""
