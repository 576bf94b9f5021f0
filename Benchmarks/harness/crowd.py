"""A crowd of mail hosts that have themselves probed by one vantage, all on the loopback of a namespace of their own.

usage: crowd.py AGENT HOSTS DIRECTORY    (in a network namespace: unshare --net)

Host N has the address 127.1.x.y, where a server refuses to relay as Postfix does, and asks the vantage from there.
Prints one JSON object: how long it took, how many dialogues the servers had, the vantage's peak memory, how many
reports came, and the same dialogues by a client that judges nothing.
"""

import asyncio
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

VANTAGE = ("127.0.0.1", 8443)
TOKEN = "0123456789abcdef0123456789abcdef"
SMTP = 25


def address(number):
    return f"127.1.{number // 250}.{number % 250 + 1}"


class Server(asyncio.Protocol):
    """One connection of a Postfix that is closed to strangers."""

    dialogues = 0
    commands = 0

    def connection_made(self, transport):
        self.transport, self.rest = transport, b""
        Server.dialogues += 1
        transport.write(b"220 mx.hosted.example ESMTP Postfix\r\n")

    def data_received(self, data):
        *lines, self.rest = (self.rest + data).split(b"\r\n")
        for line in lines:
            Server.commands += 1
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.transport.write(b"250-mx.hosted.example\r\n250-SIZE 10240000\r\n250-8BITMIME\r\n250 DSN\r\n")
            elif verb == b"RCPT":
                self.transport.write(b"454 4.7.1 <x>: Relay access denied\r\n")
            elif verb == b"QUIT":
                self.transport.write(b"221 2.0.0 Bye\r\n")
                self.transport.close()
            elif verb in (b"MAIL", b"RSET"):
                self.transport.write(b"250 2.1.0 Ok\r\n")
            else:
                self.transport.write(b"502 5.5.2 Error: command not recognized\r\n")


def serve(ready):
    async def forever():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Server, "0.0.0.0", SMTP, backlog=4096)
        ready.set()
        await server.serve_forever()

    asyncio.run(forever())


def order_for(agent, directory):
    """What a client of this version posts for 127.1.0.1: taken from one that was made to post it here."""
    posted = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            posted["body"] = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(VANTAGE, Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{directory}/chain.pem", f"{directory}/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        subprocess.run([agent, "probe", f"{address(0)}:{SMTP}", *vantage_options(directory)],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        thread.join(10)
    return posted["body"]


def vantage_options(directory):
    return ["--from", f"https://{VANTAGE[0]}:{VANTAGE[1]}", "--token-file", f"{directory}/token",
            "--vantage-ca", f"{directory}/chain.pem"]


async def ask(number, order, context):
    """Whether the report of a closed host came."""
    body = order.replace(address(0), address(number)).encode()
    reader, writer = await asyncio.open_connection(*VANTAGE, ssl=context, local_addr=(address(number), 0))
    writer.write(b"POST /probe HTTP/1.1\r\nHost: vantage\r\nConnection: close\r\n"
                 + f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await reader.read(-1)
    writer.close()
    return b'"verdict":"closed"' in answer and address(number).encode() in answer


async def ask_all(hosts, order):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    answers = await asyncio.gather(*(ask(number, order, context) for number in range(hosts)), return_exceptions=True)
    return sum(answer is True for answer in answers)


async def replay(dialogues, commands, at_once):
    """So many dialogues of so many commands, whose replies nobody judges."""
    left = iter(range(dialogues))

    async def work():
        for number in left:
            reader, writer = await asyncio.open_connection(address(number % 250), SMTP)
            await reader.readline()
            for _ in range(commands - 1):
                writer.write(b"MAIL FROM:<probe@sender.example>\r\n")
                await reader.readline()
            writer.write(b"QUIT\r\n")
            await reader.read(-1)
            writer.close()

    await asyncio.gather(*(work() for _ in range(at_once)))


def main():
    agent, hosts, directory = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with open(os.open(f"{directory}/token", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(TOKEN)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "1", "-keyout", f"{directory}/key.pem", "-out", f"{directory}/chain.pem", "-subj",
                    "/CN=vantage.example", "-addext", f"subjectAltName=IP:{VANTAGE[0]}"],
                   check=True, stderr=subprocess.DEVNULL)
    order = order_for(agent, directory)
    ready = threading.Event()
    threading.Thread(target=serve, args=(ready,), daemon=True).start()
    ready.wait(10)
    with open(f"{directory}/log", "w") as log:
        vantage = subprocess.Popen(
            [agent, "vantage", "serve", "--listen", f"{VANTAGE[0]}:{VANTAGE[1]}", "--certificate",
             f"{directory}/chain.pem", "--key", f"{directory}/key.pem", "--token-file", f"{directory}/token",
             "--no-catcher"], stdin=subprocess.DEVNULL, stderr=log)
    try:
        while "Serving" not in open(f"{directory}/log").read():
            if vantage.poll() is not None:
                sys.exit(open(f"{directory}/log").read())
            time.sleep(0.02)
        began = time.monotonic()
        reports = asyncio.run(ask_all(hosts, order))
        seconds = time.monotonic() - began
        peak = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{vantage.pid}/status").read()).group(1)) * 1024
    finally:
        vantage.terminate()
        vantage.wait()
    dialogues, commands = Server.dialogues, Server.commands
    began = time.monotonic()
    asyncio.run(replay(dialogues, max(2, round(commands / dialogues)), 512))
    print(json.dumps({"seconds": seconds, "dialogues": dialogues, "commands": commands, "peak": peak,
                      "reports": reports, "bare": time.monotonic() - began}))


main()
