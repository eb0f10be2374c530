class CannotStart(Exception):
    """A server cannot start; the message is a plain sentence with the cure."""
