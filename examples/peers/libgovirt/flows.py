"""What a console client does with libgovirt, against an engine: signing in, looking around, opening a screen.

Wants Debian's gir1.2-govirt-1.0 and python3-gi, and an engine with a virtual machine `vm1` that is down and has a
boot disk, such as `virt-simulator --tls --vms 2`. What libgovirt cannot make (a token, a CD image) is made by
plain requests.

Not here: pools, which libgovirt 0.3.9 looks for under the names of version 3 of the API, and wrong passwords, of
which librest 0.9.1 frees its copies twice.
"""

import http.client
import json
import pathlib
import ssl
import sys
import urllib.parse
import xml.etree.ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import gi

gi.require_version("GoVirt", "1.0")
gi.require_version("Rest", "1.0")
from gi.repository import GLib, GoVirt, Rest

from checks import PATIENCE, arguments, check, expect, refused, require, wait_until

GIB = 1 << 30

# What libgovirt finds strange in an answer it only logs.
STRANGE = []
LEVELS = GLib.LogLevelFlags.LEVEL_CRITICAL | GLib.LogLevelFlags.LEVEL_MESSAGE
GLib.log_set_handler("libgovirt", LEVELS, lambda domain, level, text, data: STRANGE.append(text), None)


class Plain:
    """Plain requests with a token, for what libgovirt has no words for."""

    def __init__(self, known):
        self.origin = urllib.parse.urlsplit(known.url)
        self.context = ssl.create_default_context(cafile=known.ca_file)
        form = {"grant_type": "password", "scope": "ovirt-app-api"}
        form |= {"username": known.username, "password": known.password}
        self.token = json.loads(self._form("/ovirt-engine/sso/oauth/token", form))["access_token"]

    def revoke(self):
        """Ends the session of the token."""
        self._form("/ovirt-engine/services/sso-logout", {"scope": "ovirt-app-api", "token": self.token})

    def add(self, collection, body):
        """Adds an object, and returns its id."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/xml"}
        answer = self._post(f"{self.origin.path}/{collection}", body, headers)
        return xml.etree.ElementTree.fromstring(answer).get("id")

    def _form(self, path, form):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return self._post(path, urllib.parse.urlencode(form), headers)

    def _post(self, path, body, headers):
        connection = http.client.HTTPSConnection(self.origin.netloc, context=self.context, timeout=PATIENCE)
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        require(response.status < 300, f"POST {path} answers {response.status}: {text}")
        return text


def proxy(known, **properties):
    """A proxy for the engine, which has not sent anything yet. It trusts the CA unless another one is given."""
    made = GoVirt.Proxy.new(urllib.parse.urlsplit(known.url).netloc)
    made.props.admin = True
    for name, value in ({"ssl_ca_file": known.ca_file} | properties).items():
        made.set_property(name.replace("_", "-"), value)
    return made


def fetched(collection, engine):
    """The objects of a collection by their names."""
    require(collection.fetch(engine), "the collection cannot be fetched")
    return collection.get_resources()


def signing_in(known):
    """Signs in with the password, and returns the proxy."""
    name, password = known.username, known.password
    # First: a TLS session of before would be taken up again, without a look at the certificate.
    with check("a server that no known CA vouches for is refused"), refused(GLib.Error, "TLS"):
        proxy(known, username=name, password=password, ssl_ca_file=None).fetch_api()
    with check("the API is fetched with the password"):
        engine = proxy(known, username=name, password=password)
        require(engine.fetch_api() is not None and engine.get_api() is not None, "there is no API")
    return engine


def tokens(known, token):
    """Signs in with a token that another program has."""
    with check("a token stands for the password"):
        engine = proxy(known, sso_token=token)
        vms = fetched(engine.fetch_api().get_vms(), engine)
        require("vm1" in vms, f"vm1 is not among {sorted(vms)}")


def without_waiting(known):
    """The same through the main loop, as a desktop program does it."""
    with check("the API and a list are fetched in the main loop"):
        engine = proxy(known, username=known.username, password=known.password)
        loop, found = GLib.MainLoop(), []

        def api_is_there(engine, result):
            vms = engine.fetch_api_finish(result).get_vms()
            vms.fetch_async(engine, None, vms_are_there)

        def vms_are_there(vms, result):
            vms.fetch_finish(result)
            found.extend(vms.get_resources())
            loop.quit()

        GLib.timeout_add_seconds(PATIENCE, loop.quit)
        engine.fetch_api_async(None, api_is_there)
        loop.run()
        require("vm1" in found, f"vm1 is not among {found}")


def infrastructure(engine):
    """Hosts, clusters, data centers and storage domains, and the ways between them."""
    api = engine.get_api()
    with check("clusters and data centers are linked"):
        cluster = fetched(api.get_clusters(), engine)["Default"]
        data_center = cluster.get_data_center()
        require(data_center.refresh(engine), "the data center cannot be read")
        expect(data_center.props.name, "Default", "the name of the data center")
        require("data1" in fetched(data_center.get_storage_domains(), engine), "data1 is not in the data center")
        require("Default" in fetched(data_center.get_clusters(), engine), "the cluster is not in the data center")
        require("Default" in fetched(api.search_data_centers("name=Default"), engine), "no data center is found")
    with check("hosts have their clusters"):
        host = fetched(api.get_hosts(), engine)["host1"]
        expect(host.props.cluster_id, cluster.props.guid, "the cluster of the host")
        expect(host.get_cluster().props.href, cluster.props.href, "the address of that cluster")
    with check("storage domains have their figures"):
        domain = fetched(api.get_storage_domains(), engine)["data1"]
        expect(domain.props.type.value_nick, "data", "the type")
        expect(domain.props.storage_type.value_nick, "nfs", "the type of storage")
        expect(domain.props.version.value_nick, "v5", "the format")
        expect(domain.props.state.value_nick, "active", "the state")
        expect(domain.props.data_center_ids, [data_center.props.guid], "the data centers")
        require(domain.props.master, "the domain is not the master")
        require(domain.props.available > GIB, "there is no room")
        require("vm1_Disk1" in fetched(domain.get_disks(), engine), "vm1_Disk1 is not on the domain")
        expect(list(fetched(api.search_storage_domains("name=data1"), engine)), ["data1"], "what a search finds")


def status(vm, engine):
    """The state of a virtual machine as the engine has it now."""
    require(vm.refresh(engine), "the virtual machine cannot be read")
    return vm.props.state.value_nick


def running(engine):
    """Starts a virtual machine, opens its screen, and stops it."""
    api = engine.get_api()
    with check("a virtual machine is found, with its properties"):
        vms = fetched(api.get_vms(), engine)
        vm = vms["vm1"]
        expect(list(fetched(api.search_vms("name=vm1"), engine)), ["vm1"], "what a search finds")
        expect(vm.props.state.value_nick, "down", "the state")
        expect(vm.props.href, f"/ovirt-engine/api/vms/{vm.props.guid}", "the address")
        expect(vm.props.host_id, None, "the host")
        expect(vm.get_cluster().props.href, vm.props.cluster_href, "the address of the cluster")
        expect(vm.props.display.props.type.value_nick, "vnc", "the type of the screen")
        expect(vm.props.display.props.monitor_count, 1, "the number of screens")
    with check("what is not running has no ticket"), refused(GLib.Error, "VM is not running"):
        vm.get_ticket(engine)
    with check("a virtual machine starts"):
        require(vm.start(engine), "it does not")
        wait_until(lambda: status(vm, engine), "up", "the state")
    with check("what runs cannot be started"), refused(GLib.Error, "Operation Failed", "VM is running"):
        vm.start(engine)
    with check("a virtual machine that runs has a host"):
        host = vm.get_host()
        require(host.refresh(engine), "the host cannot be read")
        expect(host.props.name, "host1", "the name of the host")
    with check("a screen has an address, a port and a ticket"):
        require(vm.get_ticket(engine), "there is no ticket")
        screen = vm.props.display.props
        require(screen.ticket and screen.expiry > 0, f"the ticket is {screen.ticket!r} for {screen.expiry} s")
        expect(screen.address, "host1.example", "the address")
        require(screen.port >= 5900, f"the port is {screen.port}")
    return vm


def stopping(vm, engine):
    """Stops a virtual machine, and removes it."""
    with check("what runs cannot be removed"), refused(GLib.Error, "VM is running"):
        vm.delete(engine)
    with check("a virtual machine stops"):
        require(vm.stop(engine), "it does not")
        wait_until(lambda: status(vm, engine), "down", "the state")
        expect(vm.props.display.props.address, None, "the address of the screen")
    with check("a virtual machine is removed"):
        require(vm.delete(engine), "it is not")
        wait_until(lambda: "vm1" in fetched(engine.get_api().get_vms(), engine), False, "that it is there")
    with check("what is gone cannot be read"), refused(GLib.Error, "Not Found"):
        vm.refresh(engine)


def compact_disc(vm, engine, plain):
    """Changes the CD of a virtual machine that runs."""
    domains = "<storage_domains><storage_domain><name>data1</name></storage_domain></storage_domains>"
    sizes = "<provisioned_size>1048576</provisioned_size>"
    body = f"<disk><name>tools.iso</name><content_type>iso</content_type><format>raw</format>{sizes}{domains}</disk>"
    with check("a CD image is found on its storage domain"):
        image = plain.add("disks", body)
        domain = fetched(engine.get_api().get_storage_domains(), engine)["data1"]
        found = fetched(domain.get_disks(), engine)["tools.iso"]
        expect((found.props.guid, found.props.content_type.value_nick), (image, "iso"), "id and content")
    with check("the CD is changed"):
        drive = next(iter(fetched(vm.get_cdroms(), engine).values()))
        expect(drive.props.file, None, "the CD before")
        drive.props.file = image
        require(drive.update(True, engine), "it is not")
        drive.props.file = None
        require(drive.refresh(engine), "the drive cannot be read")
        expect(drive.props.file, image, "the CD now")


def main():
    known = arguments(__doc__)
    engine = signing_in(known)
    plain = Plain(known)
    tokens(known, plain.token)
    without_waiting(known)
    infrastructure(engine)
    vm = running(engine)
    compact_disc(vm, engine, plain)
    stopping(vm, engine)
    plain.revoke()
    with check("libgovirt finds nothing strange in the answers"):
        expect(STRANGE, [], "what it logged")


main()
