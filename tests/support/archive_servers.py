"""Real archives on loopback: Debian's Orthanc with its DICOMweb plug-in, and dcmtk's servers.

Each is started by a test at a free port, with a configuration and a storage of its own.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    MRImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
)

from engine.exchange.servers import Server, server_at

ORTHANC = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
WITHOUT_ORTHANC = "no Orthanc with DICOMweb on this machine: apt-get install orthanc orthanc-dicomweb"
WITHOUT_DCMTK = "no dcmtk on this machine: apt-get install dcmtk"
HAS_ORTHANC = ORTHANC is not None and PLUGIN.exists()


def dcmtk(tool: str) -> str:
    """Where one of dcmtk's programs is, empty if nowhere. pynetdicom has put some of the same names beside Python."""
    beside = Path(sys.executable).parent.resolve()
    folders = [folder for folder in os.get_exec_path() if Path(folder).resolve() != beside]
    return shutil.which(tool, path=os.pathsep.join(folders)) or ""


HAS_DCMTK = all(map(dcmtk, ("dcmqrscp", "storescp")))

START_S = 20.0
OUR_TITLE = "CINEQUANT"
USER, SECRET = "reader", "heart beat"


def free_port() -> int:
    """A TCP port of the loopback that nobody listens at now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until something listens at a port; AssertionError where the process ends first or takes too long."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens at {port} after {START_S:g} s")


@dataclass
class Orthanc:
    """A running Orthanc. dicom, http: its ports. receiver: the port where it moves to. folder: all that it stores."""

    folder: Path
    dicom: int
    http: int
    receiver: int
    settings: Mapping[str, Any]
    process: subprocess.Popen[bytes] | None = None

    TITLE = "ORTHANC"

    def start(self) -> None:
        """Start it, or start it again after a kill with everything it has stored."""
        assert ORTHANC is not None
        self.folder.mkdir(exist_ok=True, parents=True)
        settings: dict[str, Any] = {
            "Name": "test",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "Plugins": [str(PLUGIN)],
            "DicomServerEnabled": True,
            "DicomAet": self.TITLE,
            "DicomPort": self.dicom,
            "DicomCheckCalledAet": True,
            "DicomModalities": {"cinequant": [OUR_TITLE, "127.0.0.1", self.receiver]},
            "DicomAlwaysAllowFind": False,
            "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowMove": True,
            "HttpServerEnabled": True,
            "HttpPort": self.http,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: SECRET},
            "SyncStorageArea": True,
            "OverwriteInstances": False,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False, "Ssl": False},
            **self.settings,
        }
        file = self.folder / "orthanc.json"
        file.write_text(json.dumps(settings), encoding="utf-8")
        log = (self.folder / "orthanc.log").open("ab")
        with log:
            self.process = subprocess.Popen([ORTHANC, str(file)], stdout=log, stderr=log, cwd=self.folder)
        wait_for(self.http, self.process)
        wait_for(self.dicom, self.process)

    def holds(self) -> int:
        """How many objects it says that it has; 0 where it does not answer."""
        with contextlib.suppress(OSError):
            return int(self._asked("/statistics")["CountInstances"])
        return 0

    def empty(self) -> None:
        """Delete every study."""
        for study in self._asked("/studies"):
            self._asked(f"/studies/{study}", "DELETE")

    def _asked(self, path: str, method: str = "GET") -> Any:
        """What its own REST interface answers."""
        key = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
        headers = {"Authorization": f"Basic {key}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def kill(self) -> None:
        """Kill the process without a clean-up, like a power cut."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextlib.contextmanager
def running_orthanc(folder: Path, **settings: Any) -> Iterator[Orthanc]:
    """An empty Orthanc that knows CINEQUANT and takes user reader with the password "heart beat"."""
    server = Orthanc(folder, free_port(), free_port(), free_port(), settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One of dcmtk's servers, that listens at a port. folder: where it runs and writes its log."""
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def running_dcmqrscp(folder: Path, receiver: int) -> Iterator[int]:
    """dcmtk's archive; gives its port. receiver: the port where it moves to."""
    port, store = free_port(), folder / "store"
    store.mkdir(parents=True)
    (folder / "dcmqrscp.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\nus = (CINEQUANT, localhost, {receiver})\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nARCHIVE {store} RW (200, 1024mb) ANY\nAETable END\n",
        encoding="utf-8",
    )
    with running([dcmtk("dcmqrscp"), "-c", str(folder / "dcmqrscp.cfg")], port, folder):
        yield port


@contextlib.contextmanager
def odd_server(find: Callable[[Any], Any], get: Callable[[Any], Any]) -> Iterator[Server]:
    """An archive of MR images whose answers to C-FIND and C-GET the test makes."""
    entity = AE("ODD")
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelGet)
    entity.add_supported_context(MRImageStorage, scu_role=True, scp_role=True)
    handlers: Any = [(evt.EVT_C_FIND, find), (evt.EVT_C_GET, get)]
    listening = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        yield server_at(f"ODD@127.0.0.1:{listening.server_address[1]}", name="Odd")
    finally:
        listening.shutdown()
        entity.shutdown()
