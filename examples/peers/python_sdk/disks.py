"""Disks, and the image transfers that fill and read them."""

import hashlib
import http.client
import ssl
import urllib.parse

from ovirtsdk4 import types

from checks import PATIENCE, check, expect, require, wait_until

MIB = 1 << 20
IMAGE_SIZE = 8 * MIB
CHUNK = 3 * MIB


def new_disk(name):
    """A raw disk to add."""
    storage = [types.StorageDomain(name="data1")]
    return types.Disk(
        name=name, format=types.DiskFormat.RAW, sparse=True, provisioned_size=IMAGE_SIZE, storage_domains=storage
    )


def disks(connection):
    """A floating disk: added, changed and removed."""
    service = connection.system_service().disks_service()
    with check("a disk is added, grows and is removed"):
        disk = service.add(new_disk("floating"))
        one = service.disk_service(disk.id)
        wait_until(lambda: one.get().status, types.DiskStatus.OK, "the status")
        one.update(types.Disk(provisioned_size=2 * IMAGE_SIZE))
        wait_until(lambda: (one.get().status, one.get().provisioned_size), (types.DiskStatus.OK, 2 * IMAGE_SIZE), "it")
        one.remove()
        wait_until(lambda: service.list(search="name=floating"), [], "what is found")


def images(known, connection):
    """Uploads an image, downloads it, and compares both."""
    blocks = [hashlib.sha512(str(number).encode()).digest() * 8 for number in range(IMAGE_SIZE // 512)]
    image = b"".join(blocks)
    service = connection.system_service().disks_service()
    directions = types.ImageTransferDirection
    with check("an image is uploaded"):
        disk = service.disk_service(service.add(new_disk("uploaded")).id)
        wait_until(lambda: disk.get().status, types.DiskStatus.OK, "the status")

        def upload(url):
            parts = [(start, image[start : start + CHUNK]) for start in range(0, IMAGE_SIZE, CHUNK)]
            moved(url, known.ca_file, [("PUT", ranged("Content-Range", start, part), part) for start, part in parts])

        transferred(connection, disk.get().id, directions.UPLOAD, upload)
        wait_until(lambda: disk.get().status, types.DiskStatus.OK, "the status")
    with check("it is downloaded, and is the same"):

        def download(url):
            return moved(url, known.ca_file, [("GET", {}, None), ("GET", {"Range": f"bytes={MIB}-{2 * MIB - 1}"}, None)])

        whole, part = transferred(connection, disk.get().id, directions.DOWNLOAD, download)
        require(whole == image, "the whole differs")
        require(part == image[MIB : 2 * MIB], "the part differs")
    with check("an upload that is cancelled takes its disk along"):
        transfers = connection.system_service().image_transfers_service()
        doomed = types.ImageTransfer(disk=types.Disk(id=disk.get().id), direction=directions.UPLOAD)
        transfer = transfers.image_transfer_service(transfers.add(doomed).id)
        wait_until(lambda: transfer.get().phase, types.ImageTransferPhase.TRANSFERRING, "the phase")
        transfer.cancel()
        wait_until(lambda: transfer.get().phase, types.ImageTransferPhase.FINISHED_FAILURE, "the phase")
        require(service.list(search="name=uploaded") == [], "the disk is still there")


def transferred(connection, disk, direction, move):
    """Moves data within an image transfer, from its first phase to its last."""
    transfers = connection.system_service().image_transfers_service()
    wanted = types.ImageTransfer(
        disk=types.Disk(id=disk),
        direction=direction,
        format=types.DiskFormat.RAW,
        timeout_policy=types.ImageTransferTimeoutPolicy.CANCEL,
    )
    transfer = transfers.image_transfer_service(transfers.add(wanted).id)
    phases = types.ImageTransferPhase
    wait_until(lambda: transfer.get().phase, phases.TRANSFERRING, "the phase")
    require(connection.follow_link(transfer.get().host).name, "the host has no name")
    result = move(transfer.get().transfer_url)
    transfer.finalize()
    wait_until(lambda: transfer.get().phase, phases.FINISHED_SUCCESS, "the phase")
    return result


def moved(url, ca_file, requests):
    """Sends requests to the image endpoint over one connection, and returns the bodies of the answers."""
    place = urllib.parse.urlsplit(url)
    context = ssl.create_default_context(cafile=ca_file)
    connection = http.client.HTTPSConnection(place.netloc, context=context, timeout=PATIENCE)
    bodies = []
    for verb, headers, body in requests:
        connection.request(verb, place.path, body, headers)
        response = connection.getresponse()
        bodies.append(response.read())
        require(response.status in (200, 206), f"{verb} answers {response.status}: {bodies[-1]}")
    connection.close()
    return bodies


def ranged(header, start, part):
    """The header that says where a part belongs."""
    return {header: f"bytes {start}-{start + len(part) - 1}/*", "Content-Type": "application/octet-stream"}
