#!/usr/bin/python3
"""What stands round the mail server of a case: names, a proxy that hides its clients, a greylist.

usage: world.py dns ADDRESS NAME=TYPE:VALUE...      answers for these names, and for nothing else
       world.py proxy LISTEN PORT TARGET PORT FROM [tls CERTIFICATE]
       world.py greylist PORT SECONDS               a policy service: "try again" for each new client's network, sender
                                                    and recipient together, as Postgrey; then OK
"""

import socket
import socketserver
import ssl
import struct
import sys
import threading
import time

TYPES = {"A": 1, "PTR": 12, "MX": 15, "AAAA": 28}


def encoded(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.rstrip(".").split(".") if part) + b"\0"


def data(kind, value):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "MX":
        preference, name = value.split(",")
        return struct.pack("!H", int(preference)) + encoded(name)
    return encoded(value)


def question(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1").lower())
        at += packet[at] + 1
    return ".".join(labels), struct.unpack("!H", packet[at + 1:at + 3])[0], packet[12:at + 5]


def dns(address, *entries):
    records = {}
    for entry in entries:
        name, rest = entry.split("=", 1)
        kind, value = rest.split(":", 1)
        records.setdefault(name.lower(), []).append((TYPES[kind], data(kind, value)))
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    while True:
        packet, client = server.recvfrom(4096)
        try:
            name, kind, asked = question(packet)
        except (IndexError, struct.error):
            continue
        known = records.get(name)
        answers = [value for type_, value in known or [] if type_ == kind]
        code = 0 if known is not None or any(other.endswith("." + name) for other in records) else 3
        reply = packet[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(answers), 0, 0) + asked
        for value in answers:
            reply += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(value)) + value
        server.sendto(reply, client)


def pump(source, sink):
    try:
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def proxy(listen, port, target, target_port, origin, tls=None, certificate=None):
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    def serve(client):
        try:
            if context:
                client = context.wrap_socket(client, server_side=True)
            server = socket.create_connection((target, int(target_port)), 10, (origin, 0))
            server.settimeout(None)
        except OSError:
            client.close()
            return
        threading.Thread(target=pump, args=(client, server), daemon=True).start()
        pump(server, client)

    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    listener = socket.create_server((listen, int(port)), family=family, backlog=64)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


def greylist(port, seconds):
    seen = {}

    class Policy(socketserver.StreamRequestHandler):
        def handle(self):
            request = {}
            for line in self.rfile:
                key, _, value = line.decode("latin-1").strip().partition("=")
                if key:
                    request[key] = value
                    continue
                client = request.get("client_address", "").rpartition(".")[0]
                triplet = client, request.get("sender"), request.get("recipient")
                first = seen.setdefault(triplet, time.monotonic())
                request = {}
                late = time.monotonic() - first >= float(seconds)
                self.wfile.write(b"action=OK\n\n" if late else b"action=450 4.2.0 Greylisted\n\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", int(port)), Policy) as server:
        server.serve_forever()


if len(sys.argv) < 3 or sys.argv[1] not in ("dns", "proxy", "greylist"):
    sys.exit(__doc__)
globals()[sys.argv[1]](*sys.argv[2:])
