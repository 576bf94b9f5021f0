#!/usr/bin/python3
"""What a real Postfix does with strangers, by its configuration: the oracle of the relay analysis.

usage: measure.py ROOT [WORKERS]

ROOT is the root directory of a Debian system with Postfix, such as `lab path` prints. Each line of the input is a
JSON object: `id`, `files` (below /etc/postfix, by name, bytes as Latin-1) and `sessions`. For each a Postfix of its own is
started in namespaces that lead nowhere, every session is tried from an address outside, and one line of output
says what was replied and what arrived at the catcher of a foreign domain:

    {"id": ..., "log": [...], "sessions": {ID: {"reply": "554 5.7.1 ...", "at": "rcpt", "relayed": false}}}

A session has `id`, `client` (an address), `mail`, `rcpt` ({t} is a token), and may have `name` (the client's
verified name), `claimed` (its unverified one), `helo` (null: none is said), `port`, `tls` (starttls, implicit),
`certificate` (any, verified), `login`, `before` (lines that are sent first), `qmqp`.

The world: the host is mx.example.net, 192.0.2.10 and 2001:db8:0:1::10, with the user alice of example.net. The
mail of every other domain is caught; relay.example.net is a host that would pass on what its user asks for;
evil-mx.test has the host as its second mail exchanger. The block list bl.test lists nobody, every other one everybody.
"""

import ctypes
import ipaddress
import itertools
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HOST4, HOST6 = "192.0.2.10", "2001:db8:0:1::10"
CATCHER, RELAY = "203.0.113.25", "203.0.113.26"
OWN = ("example.net", "mx.example.net")
PASSWORD = "correct horse"
PATIENCE = 60.0  # seconds, for what takes milliseconds on a machine that is not busy
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, **options)


def end_with_parent():
    """The calling process ends when the one that started it does."""
    libc.prctl(1, signal.SIGKILL)


def enter(namespace):
    """The calling thread's new sockets belong to the namespace."""
    with open(f"/run/netns/{namespace}") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


# ---------------------------------------------------------------- the world outside


class Names(threading.Thread):
    """The DNS: whatever is asked has an answer, and a client has the name that its session says."""

    def __init__(self, namespace):
        super().__init__(daemon=True)
        self.names, self.addresses = {}, {}
        enter(namespace)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))

    def run(self):
        while True:
            packet, peer = self.socket.recvfrom(4096)
            try:
                self.socket.sendto(self.answer(packet), peer)
            except (IndexError, OSError, UnicodeDecodeError, ValueError):
                continue

    def answer(self, packet):
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1 : at + 1 + packet[at]].decode())
            at += packet[at] + 1
        kind = struct.unpack("!H", packet[at + 1 : at + 3])[0]
        found = self.look_up(".".join(labels).lower(), kind)
        known = found is not None
        head = packet[:2] + struct.pack("!HHHHH", 0x8580 if known else 0x8583, 1, len(found or []), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 1, len(data)) + data for data in found or [])
        return head + packet[12 : at + 5] + records

    def look_up(self, name, kind):
        if name.endswith(".arpa"):
            client = self.names.get(name)
            return [encoded(client)] if client and kind == 12 else None
        if name.endswith(".bl.test"):
            return None
        own = name in OWN
        if kind == 2:
            return [encoded("ns." + name)]
        if kind == 15:
            if name == "evil-mx.test":
                return [exchanger(10, "catcher.test"), exchanger(20, "mx.example.net")]
            return [exchanger(10, "mx.example.net" if own else "relay.test" if name == "relay.example.net" else "catcher.test")]
        if name in self.addresses:
            wanted = [address for address in self.addresses[name] if (kind, address.version) in ((1, 4), (28, 6))]
            return [address.packed for address in wanted]
        if kind == 1:
            return [socket.inet_aton(HOST4 if own else RELAY if name == "relay.test" else CATCHER)]
        return [socket.inet_pton(socket.AF_INET6, HOST6)] if kind == 28 and own else []

    def give(self, client, name, claimed):
        """Lets the client have a name that leads back to it, or one that it only claims."""
        address = ipaddress.ip_address(client)
        self.names.pop(address.reverse_pointer, None)
        if name and name != "unknown":
            self.names[address.reverse_pointer] = name
            self.addresses[name.lower()] = [address]
        elif claimed and claimed != "unknown":
            self.names[address.reverse_pointer] = claimed
            self.addresses[claimed.lower()] = [ipaddress.ip_address("192.0.2.250")]


def encoded(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def exchanger(preference, name):
    return struct.pack("!H", preference) + encoded(name)


class Catcher(threading.Thread):
    """Takes all mail and remembers for whom each message was."""

    def __init__(self, namespace):
        super().__init__(daemon=True)
        self.caught = []
        self.busy = 0
        enter(namespace)
        self.sockets = [socket.create_server((address, 25), backlog=200) for address in (CATCHER, RELAY)]

    def run(self):
        for server in self.sockets:
            threading.Thread(target=self.serve, args=(server,), daemon=True).start()

    def serve(self, server):
        while True:
            client, _ = server.accept()
            threading.Thread(target=self.converse, args=(client, server.getsockname()[0]), daemon=True).start()

    def converse(self, client, address):
        self.busy += 1
        recipients = []
        try:
            with client, client.makefile("rwb") as stream:

                def say(text):
                    stream.write(text.encode() + b"\r\n")
                    stream.flush()

                say("220 catcher.test ESMTP")
                while line := stream.readline():
                    verb = line[:10].upper()
                    if verb.startswith(b"RCPT TO:"):
                        recipients.append(line[8:].strip().split(b">")[0].strip(b"<> ").decode("latin-1"))
                        say("250 2.1.5 Ok")
                    elif verb.startswith(b"DATA"):
                        say("354 go on")
                        message = b""
                        while (line := stream.readline()) and line != b".\r\n":
                            message += line
                        self.caught.append((address, recipients, message.decode("latin-1")))
                        recipients = []
                        say("250 2.0.0 Ok: caught")
                    else:
                        say("221 2.0.0 Bye" if verb.startswith(b"QUIT") else "250 Ok")
                        if verb.startswith(b"QUIT"):
                            return
        except OSError:
            pass
        finally:
            self.busy -= 1

    def has(self, token, sender):
        """Whether a message with the token came for anybody but its sender, to whom it may be returned."""
        for address, recipients, message in self.caught:
            if token not in message:
                continue
            for recipient in recipients:
                local, _, domain = recipient.rpartition("@")
                # A message to the relaying host alone is its own, and so is one for the host's own domain, whose
                # mailboxes may be elsewhere; one that whoever gets it would pass on is not.
                is_own = address == RELAY or domain.lower() in OWN
                passes = not is_own or any(sign in local for sign in "%@!")
                if recipient.lower() != sender.lower() and passes:
                    return True
        return False


# ---------------------------------------------------------------- one Postfix

START = """
set -e
root=$1 case=$2
mount --bind "$case/etc" "$root/etc/postfix"
mount --bind "$case/spool" "$root/var/spool/postfix"
mount --bind "$case/lib" "$root/var/lib/postfix"
mount --bind "$case/log" "$root/var/log"
mount --bind "$case/mail" "$root/var/mail"
mount --bind /dev "$root/dev"
for file in resolv.conf hosts passwd group; do mount --bind "$case/$file" "$root/etc/$file"; done
cd /
shift 2
exec chroot "$root" "$@"
"""

# name, mode, owner, group
SPOOL = [
    ("active", 0o700, "postfix", "root"), ("bounce", 0o700, "postfix", "root"), ("corrupt", 0o700, "postfix", "root"),
    ("defer", 0o700, "postfix", "root"), ("deferred", 0o700, "postfix", "root"), ("flush", 0o700, "postfix", "root"),
    ("hold", 0o700, "postfix", "root"), ("incoming", 0o700, "postfix", "root"), ("maildrop", 0o730, "postfix", "postdrop"),
    ("pid", 0o755, "root", "root"), ("private", 0o700, "postfix", "root"), ("public", 0o710, "postfix", "postdrop"),
    ("saved", 0o700, "postfix", "root"), ("trace", 0o700, "postfix", "root"), ("etc", 0o755, "root", "root"),
]


class World:
    def __init__(self, root, number):
        self.root = root
        self.name = f"agent-measure-{os.getpid()}-{number}"
        self.directory = tempfile.mkdtemp(prefix="agent-measure-")
        os.chmod(self.directory, 0o755)
        self.ids = {line.split(":")[0]: int(line.split(":")[2]) for line in open(f"{root}/etc/passwd")}
        self.groups = {line.split(":")[0]: int(line.split(":")[2]) for line in open(f"{root}/etc/group")}
        self.known = set()
        self.count = itertools.count()

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        self.inside, self.outside = self.name + "-in", self.name + "-out"
        for namespace in (self.inside, self.outside):
            run("ip", "netns", "add", namespace)
            run("ip", "-n", namespace, "link", "set", "lo", "up")
        run("ip", "link", "add", "mx0", "netns", self.inside, "type", "veth", "peer", "name", "mx1", "netns", self.outside)
        self.ip(self.inside, f"addr add {HOST4}/24 dev mx0", f"addr add {HOST6}/64 dev mx0 nodad", "link set mx0 up",
                "route add 0.0.0.0/0 dev mx0", "route add ::/0 dev mx0")
        self.ip(self.outside, f"addr add {CATCHER}/32 dev mx1", f"addr add {RELAY}/32 dev mx1", "link set mx1 up",
                f"route add {HOST4}/32 dev mx1", f"route add {HOST6}/128 dev mx1")
        self.names = Names(self.inside)
        self.catcher = Catcher(self.outside)
        self.names.start()
        self.catcher.start()
        enter(self.outside)
        self.keys()

    def __exit__(self, *_):
        for namespace in (self.inside, self.outside):
            subprocess.run(["ip", "netns", "delete", namespace], capture_output=True, check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def ip(self, namespace, *commands):
        run("ip", "-n", namespace, "-batch", "-", input="\n".join(commands).encode())

    def keys(self):
        pki = self.directory + "/pki"
        os.mkdir(pki)

        def openssl(*arguments):
            run("openssl", *arguments, cwd=pki)

        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        for name in ("ca", "self", "srv"):
            openssl(*new, "-keyout", name + ".key", "-out", name + ".pem", "-subj", f"/CN={name}")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", "client.key", "-out", "client.csr", "-subj", "/CN=client")
        openssl("x509", "-req", "-in", "client.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-out", "client.pem")
        sasl = self.directory + "/sasl"
        os.mkdir(sasl)
        with open(sasl + "/smtpd.conf", "w") as file:
            file.write("pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n"
                       "sasldb_path: /etc/postfix/sasl/sasldb2\n")
        run("chroot", self.root, "saslpasswd2", "-c", "-p", "-u", "example.net", "-f", f"/tmp/{self.name}", "alice",
            input=PASSWORD.encode())
        shutil.move(f"{self.root}/tmp/{self.name}", sasl + "/sasldb2")
        os.chmod(sasl + "/sasldb2", 0o644)

    def measure(self, case):
        place = f"{self.directory}/{next(self.count)}"
        self.lay_out(place, case["files"])
        # Postfix waits for files that were changed just now to cool down.
        for name in case["files"]:
            os.utime(f"{place}/etc/{name}", (time.time() - 60,) * 2)
        for name in case["files"]:
            if name.startswith("maps/") and name.endswith((".hash", ".btree", ".lmdb", ".cdb")):
                self.compile(place, name)
        master = self.start(place)
        try:
            sessions = Sessions(self, place, master)
            results = {session["id"]: sessions.try_one(session) for session in case["sessions"]}
            sessions.hang_up()
            self.drain(place)
            for session in case["sessions"]:
                token, sender = results[session["id"]].pop("token"), results[session["id"]].pop("sender")
                results[session["id"]]["relayed"] = self.catcher.has(token, sender)
            log = complaints(place) + errors(place).splitlines()[-3:]
            return {"id": case["id"], "log": log, "sessions": results}
        finally:
            end(master)
            self.catcher.caught.clear()
            shutil.rmtree(place, ignore_errors=True)

    def lay_out(self, place, files):
        for name in ("etc", "lib", "log", "mail", "spool"):
            os.makedirs(f"{place}/{name}")
        os.chown(f"{place}/lib", self.ids["postfix"], -1)
        os.chmod(f"{place}/mail", 0o1777)
        for name, mode, owner, group in SPOOL:
            os.mkdir(f"{place}/spool/{name}")
            os.chown(f"{place}/spool/{name}", self.ids[owner], self.groups[group])
            os.chmod(f"{place}/spool/{name}", mode)
        for name, text in files.items():
            os.makedirs(os.path.dirname(f"{place}/etc/{name}"), exist_ok=True)
            with open(f"{place}/etc/{name}", "wb") as file:
                file.write(text.encode("latin-1"))
        for name in ("dynamicmaps.cf", "dynamicmaps.cf.d"):
            run("cp", "-a", f"{self.root}/etc/postfix/{name}", f"{place}/etc/{name}")
        for name in ("pki", "sasl"):
            shutil.copytree(f"{self.directory}/{name}", f"{place}/etc/{name}", dirs_exist_ok=True)
        texts = {"resolv.conf": "nameserver 127.0.0.1\n", "hosts": "127.0.0.1 localhost\n::1 localhost\n",
                 "group": open(f"{self.root}/etc/group").read(),
                 "passwd": open(f"{self.root}/etc/passwd").read() + "alice:x:60001:60001::/:/bin/false\n"}
        for name, text in texts.items():
            with open(f"{place}/{name}", "w") as file:
                file.write(text)

    def compile(self, place, name):
        for _ in range(3):
            if self.in_root(place, "/usr/sbin/postmap", f"{name.rpartition('.')[2]}:/etc/postfix/{name}").wait(PATIENCE) == 0:
                return
        # With a broken main.cf no program of Postfix works: what comes of it is the measurement.

    def start(self, place):
        """A master that ends at once may have found a port that is not free yet, or a configuration that is broken."""
        for _ in range(3):
            master = self.in_root(place, "/usr/lib/postfix/sbin/master", "-i", "-c", "/etc/postfix")
            deadline = time.monotonic() + PATIENCE
            while master.poll() is None and time.monotonic() < deadline:
                if os.path.exists(f"{place}/spool/public/cleanup"):
                    return master
                time.sleep(0.01)
        return master

    def in_root(self, place, *command):
        """The process and all that it starts end with the one that is returned."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.inside, "unshare", "--pid", "--mount", "--fork", "--kill-child",
             "sh", "-c", START, "sh", self.root, place, *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(f"{place}/errors", "ab"),
            preexec_fn=end_with_parent)

    def drain(self, place):
        """Waits until each message was tried once, or until nobody is there who would."""
        deadline, calm = time.monotonic() + PATIENCE, 0
        while calm < 3 and time.monotonic() < deadline:
            if any("/qmgr pid" in line for line in complaints(place)) and not self.catcher.busy:
                return
            waiting = any(files for queue in ("incoming", "active", "maildrop")
                          for _, _, files in os.walk(f"{place}/spool/{queue}"))
            calm = 0 if waiting or self.catcher.busy else calm + 1
            time.sleep(0.02)

    def bind(self, client):
        address = ipaddress.ip_address(client)
        if client not in self.known:
            self.known.add(client)
            flags = " nodad" if address.version == 6 else ""
            self.ip(self.outside, f"addr add {client}/{address.max_prefixlen} dev mx1{flags}")
            # The host's own network would be asked for on the wire.
            self.ip(self.inside, f"route replace {client}/{address.max_prefixlen} dev mx0")
        return address


def errors(place):
    with open(f"{place}/errors", errors="replace") as file:
        return file.read()[-300:]


def complaints(place):
    try:
        with open(f"{place}/log/postfix.log", errors="replace") as file:
            return [line.partition("]: ")[2].strip() for line in file if "fatal:" in line or "warning:" in line][:40]
    except OSError:
        return []


def end(process):
    """Ends the first process of the namespace, which is gone only when all others in it are."""
    try:
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
            children = [int(word) for word in file.read().split()]
    except OSError:
        children = []
    for child in children:
        os.kill(child, signal.SIGKILL)
    if not children:
        process.kill()
    process.wait()


class Silence(Exception):
    """The service does not greet."""


class Sessions:
    def __init__(self, world, place, master):
        self.world, self.place, self.master = world, place, master
        self.dead = set()
        self.talk, self.kind = None, None
        self.tokens = itertools.count(1)

    def try_one(self, session):
        token = f"tok{next(self.tokens)}x{os.getpid()}"
        fill = lambda text: text.replace("{t}", token)
        sender = fill(session.get("mail", "<probe@attacker.test>")).strip("<>")
        result = {"token": token, "sender": sender, "at": "connect", "reply": ""}
        port = session.get("port", 25)
        if port in self.dead:
            return result
        # Attempts that differ in the envelope alone share a connection.
        kind = {name: value for name, value in session.items() if name not in ("id", "mail", "rcpt")}
        try:
            if self.talk and self.kind == kind and not session.get("qmqp"):
                self.talk.say("RSET")
                steps = self.talk.envelope(session, fill, token)
            else:
                self.hang_up()
                address = self.world.bind(session["client"])
                self.world.names.give(session["client"], session.get("name"), session.get("claimed"))
                self.talk, self.kind = Conversation(self, address, port, session.get("tls") == "implicit", session), kind
                if session.get("qmqp"):
                    reply = self.talk.qmqp(sender, fill(session["rcpt"]).strip("<>"), token)
                    return {**result, "at": "end", "reply": reply}
                steps = itertools.chain(self.talk.opening(session), self.talk.envelope(session, fill, token))
            for step, line in steps:
                result["at"], result["reply"] = step, self.talk.say(line)
                if result["reply"][:1] not in "23":
                    if step not in ("rcpt", "end") or result["reply"].startswith("421"):
                        self.hang_up()
                    break
        except Silence:
            self.dead.add(port)
            self.hang_up()
        except (OSError, EOFError, ssl.SSLError) as problem:
            result["reply"] = result["reply"] or f"{type(problem).__name__}: {problem}"
            self.hang_up()
        return result

    def hang_up(self):
        if self.talk:
            self.talk.socket.close()
        self.talk = None


class Conversation:
    def __init__(self, sessions, address, port, implicit, session):
        self.sessions = sessions
        self.session = session
        self.connect(address, port)
        if implicit:
            self.secure()
        proxied = [line for line in session.get("before", []) if line.startswith("PROXY")]
        for line in proxied:
            self.socket.sendall(line.encode() + b"\r\n")
        if not session.get("qmqp"):
            self.wait_for(self.greeting)
        if proxied and not self.say("NOOP").startswith("2"):
            self.reply()  # to a server without the protocol the line was a bad command

    def connect(self, address, port):
        """A refusal is final once master is at work."""
        deadline = time.monotonic() + PATIENCE
        while True:
            is_ready = os.path.exists(f"{self.sessions.place}/spool/public/cleanup")
            is_ready = is_ready or self.sessions.master.poll() is not None
            self.socket = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)
            self.socket.settimeout(PATIENCE)
            # An address of the link alone is one of an interface.
            scope = (0, socket.if_nametoindex("mx1")) if address.is_link_local and address.version == 6 else ()
            self.socket.bind((str(address), 0, *scope))
            try:
                return self.socket.connect((HOST4 if address.version == 4 else HOST6, port))
            except ConnectionRefusedError:
                self.socket.close()
                if is_ready or time.monotonic() > deadline:
                    raise
            time.sleep(0.02)

    def wait_for(self, act):
        """Waits for a service that may never speak: one that master has given up starting."""
        deadline = time.monotonic() + PATIENCE
        began = time.monotonic()
        while True:
            self.socket.settimeout(0.5)
            try:
                act()
                self.socket.settimeout(PATIENCE)
                return
            except TimeoutError:
                is_given_up = any("throttling" in line for line in complaints(self.sessions.place))
                if time.monotonic() > (began + 1.5 if is_given_up else deadline):
                    raise Silence from None

    def greeting(self):
        self.stream = self.socket.makefile("rb")
        self.reply()

    def secure(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        pki = self.sessions.world.directory + "/pki/"
        name = {"any": "self", "verified": "client"}.get(self.session.get("certificate"))
        if name:
            context.load_cert_chain(pki + name + ".pem", pki + name + ".key")
        self.socket = context.wrap_socket(self.socket, do_handshake_on_connect=False)
        self.wait_for(self.socket.do_handshake)
        self.stream = self.socket.makefile("rb")

    def reply(self):
        lines = []
        while True:
            line = self.stream.readline()
            if not line:
                raise EOFError("closed")
            lines.append(line.decode("latin-1").strip())
            if line[3:4] != b"-":
                return lines[-1]

    def say(self, line):
        if line is None:
            self.secure()
            return "220 secured"
        self.socket.sendall(line.encode("latin-1") + b"\r\n")
        return self.reply()

    def opening(self, session):
        helo = session.get("helo", "client.attacker.test")
        greet = [] if helo is None else [("helo", f"EHLO {helo}")]
        yield from greet
        if session.get("tls") == "starttls":
            yield ("tls", "STARTTLS")
            yield ("tls", None)
            yield from greet
        for line in session.get("before", []):
            if not line.startswith("PROXY"):
                yield ("before", line)
                # After that, the session begins anew.
                yield from greet if line.startswith("XCLIENT") else []
        if session.get("login"):
            yield ("auth", "AUTH PLAIN AGFsaWNlQGV4YW1wbGUubmV0AGNvcnJlY3QgaG9yc2U=")

    def envelope(self, session, fill, token):
        yield ("mail", "MAIL FROM:" + fill(session.get("mail", "<probe@attacker.test>")))
        yield ("rcpt", "RCPT TO:" + fill(session["rcpt"]))
        yield ("data", "DATA")
        yield ("end", f"From: a@example.com\r\nSubject: {token}\r\n\r\n{token}\r\n.")

    def qmqp(self, sender, recipient, token):
        text = lambda data: str(len(data)).encode() + b":" + data + b","
        message = f"Subject: {token}\n\n{token}\n".encode()
        self.socket.sendall(text(text(message) + text(sender.encode()) + text(recipient.encode())))
        data = b""
        while piece := self.socket.recv(4096):
            data += piece
            if data.endswith(b","):
                break
        answer = data.partition(b":")[2].decode("latin-1")
        return {"K": "250 ", "Z": "450 ", "D": "550 "}.get(answer[:1], "") + answer[1:]


# ---------------------------------------------------------------- many


def work(root, number, lines, output):
    with World(root, number) as world:
        for index, line in lines:
            case = json.loads(line)
            try:
                answer = world.measure(case)
            except Exception as problem:  # one case must not take the others with it
                answer = {"id": case["id"], "error": f"{type(problem).__name__}: {problem}"}
            output.write(json.dumps([index, answer]) + "\n")
    output.flush()


def main():
    root = os.path.realpath(sys.argv[1])
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    lines = list(enumerate(line for line in sys.stdin if line.strip()))
    outputs, children = [], []
    for number in range(workers):
        output = tempfile.TemporaryFile("w+")
        child = os.fork()
        if child == 0:
            status = 1
            try:
                end_with_parent()
                work(root, number, lines[number::workers], output)
                status = 0
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(status)
        outputs.append(output)
        children.append(child)
    failed = [os.waitpid(child, 0)[1] for child in children]
    answers = {}
    for output in outputs:
        output.seek(0)
        answers.update(json.loads(line) for line in output)
    for index in sorted(answers):
        print(json.dumps(answers[index]))
    sys.exit(1 if any(failed) else 0)


if len(sys.argv) < 2:
    sys.exit(__doc__)
main()
