"""What a user can get wrong. Each error is one line: what must hold, what was found, where, what to do."""


class BaliError(Exception):
    """The user's input or environment is not as it must be; the command prints the message and exits 2."""


class ConfigError(BaliError):
    """A configuration key is unknown, has a wrong type or a value outside what is allowed."""


class InputError(BaliError):
    """A file that the user gave is missing, damaged or not in the format it should be."""


class ArtefactError(BaliError):
    """A file that a stage wrote is missing, damaged or does not hold the schema that its reader expects."""


class OutputError(BaliError):
    """A file cannot be written: the disk is full, the folder is not writable."""
