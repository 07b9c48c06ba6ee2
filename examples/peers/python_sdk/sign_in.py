"""Connections, and what becomes of those that should not be."""

import ovirtsdk4 as sdk

from checks import PATIENCE, check, expect, refused, require


def connect(known, **changes):
    """A connection, which has not sent anything yet."""
    settings = {"url": known.url, "username": known.username, "password": known.password, "ca_file": known.ca_file}
    return sdk.Connection(**(settings | {"timeout": PATIENCE} | changes))


def signing_in(known):
    """Signs in, and fails to."""
    with check("a connection is tested"):
        connection = connect(known)
        require(connection.test(raise_exception=True), "the test fails")
    with check("the API says what it is"):
        api = connection.system_service().get()
        expect(api.product_info.version.major, 4, "the version")
        require(api.summary.vms.total >= 2, f"there are {api.summary.vms.total} virtual machines")
    with check("a wrong password is refused"), refused(sdk.AuthError, "access_denied", "password is incorrect"):
        connect(known, password=f"not {known.password}").authenticate()
    with check("an unknown token is exchanged for a good one"):
        other = connect(known, token="unknown")
        require(other.test(raise_exception=True), "the test fails")
        other.close()
    with check("a server that no known CA vouches for is refused"), refused(sdk.Error, "certificate"):
        connect(known, ca_file=None).test(raise_exception=True)
    return connection
