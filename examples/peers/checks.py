"""What the programs for other people's clients share: where the engine is, and one line for each check."""

import argparse
import contextlib
import os
import sys
import time
import traceback

# Longest time that any change of state may take, and the pause between two looks, in seconds.
PATIENCE = 10
INTERVAL = 0.01


class Failed(Exception):
    """A check does not hold."""


def arguments(description):
    """Reads where the engine is: url, username, ca_file, and password from the first line of the standard input."""
    parser = argparse.ArgumentParser(
        description=description,
        epilog="The password of the user is the first line of the standard input.",
    )
    parser.add_argument("--url", required=True, help="https://HOST:PORT/ovirt-engine/api")
    parser.add_argument("--username", required=True, help="such as admin@internal")
    parser.add_argument("--ca-file", required=True, help="certificate of the CA to trust, in PEM")
    known = parser.parse_args()
    known.password = sys.stdin.readline().rstrip("\n")
    if not known.password:
        parser.error("no password: write it as the first line of the standard input")
    return known


@contextlib.contextmanager
def check(name):
    """Says that what is done inside holds, or ends the program at what does not."""
    try:
        yield
    except Failed as failure:
        _give_up(f"{name}: {failure}")
    except Exception as error:  # Of whatever kind: a client has its own.
        _give_up(f"{name}: {type(error).__name__}: {error} ({_place(error)})")
    print(f"ok: {name}", flush=True)


def expect(found, wanted, what):
    """Fails unless something is as it should be."""
    if found != wanted:
        raise Failed(f"{what} is {found!r}, not {wanted!r}")


def require(holds, what):
    """Fails unless something holds."""
    if not holds:
        raise Failed(what)


@contextlib.contextmanager
def refused(kind, *texts):
    """Fails unless what is done inside raises that kind of error, with those texts in it."""
    try:
        yield
    except kind as error:
        for text in texts:
            require(text in str(error), f"the error does not say {text!r}, but: {error}")
        return
    raise Failed(f"no {kind.__name__} where one belongs")


def wait_until(look, wanted, what):
    """Looks until it sees what it waits for."""
    deadline = time.monotonic() + PATIENCE
    while (found := look()) != wanted:
        if time.monotonic() > deadline:
            raise Failed(f"{what} is still {found!r} after {PATIENCE} s, not {wanted!r}")
        time.sleep(INTERVAL)


def _place(error):
    """Where in the program an error arose."""
    folder = os.path.dirname(os.path.abspath(sys.argv[0]))
    frames = traceback.extract_tb(error.__traceback__)
    place = ([frame for frame in frames if os.path.dirname(frame.filename) == folder] or frames)[-1]
    return f"{os.path.basename(place.filename)}:{place.lineno}"


def _give_up(message):
    print(f"FAILED: {message}", file=sys.stderr, flush=True)
    sys.exit(1)
