#!/usr/bin/env python3
"""Floods a lab host's queue with a known mix, from the world outside, and multiplies what is in a queue.

  inject HOST RELAYED STOLEN HONEST   by SMTP: relayed for a stranger, by a stolen login from two networks, by an honest
                                      login; each message names its class in X-Test-Class
  multiply QUEUE COUNT                copies the queue files below QUEUE until there are COUNT, with queue ids and times
                                      of their own; what is honest is not copied
  classes QUEUE                       one line for each queue file: its id and its class
"""

import itertools
import os
import random
import re
import smtplib
import sys
import time

# mail_queue.h: the digits of a long queue id.
DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
CLASS = re.compile(rb"X-Test-Class: ([a-z]+)")
ARRIVAL = re.compile(rb"T\x11(\d{10}) (\d{6})")


def message(kind, sender, recipients, subject):
    return (
        f"From: {sender}\r\nTo: {', '.join(recipients)}\r\nSubject: {subject}\r\n"
        f"X-Test-Class: {kind}\r\nMessage-Id: <{random.getrandbits(64)}@test.example>\r\n\r\n"
        + "Some text of a message.\r\n" * random.randint(1, 40)
    )


def session(host, port, address, login=None):
    client = smtplib.SMTP(host, port, local_hostname="client.example", source_address=(address, 0))
    if login:
        client.ehlo()
        client.login(*login)
    return client


def inject(host, relayed, stolen, honest):
    def send(client, kind, number, sender, subject):
        to = [f"user{number}@domain{number % 37}.example" for number in range(number, number + random.randint(1, 3))]
        client.sendmail(sender, to, message(kind, sender, to, subject))

    client = session(host, 25, "198.51.100.7")
    for number in range(int(relayed)):
        send(client, "relayed", number, f"win{number}@lottery.example", f"You have won {number} times")
    client.quit()
    for address in ("198.51.100.7", "203.0.113.77"):
        client = session(host, 587, address, ("alice@hosted.example", "correct horse"))
        for number in range(int(stolen) // 2):
            send(client, "login", number, f"ceo{number}@bank.example", f"Invoice {number} is overdue")
        client.quit()
    client = session(host, 587, "203.0.113.77", ("bob@second.example", "battery staple"))
    for number in range(int(honest)):
        send(client, "honest", number, "bob@second.example", "Minutes of our meeting")
    client.quit()
    # Mail for a mailbox that is full for now, and for a name that nobody can tell from a forged one.
    client = session(host, 25, "203.0.113.77")
    for number in range(int(honest)):
        sender = f"friend{number}@elsewhere.example" if number % 4 else ""
        client.sendmail(sender, ["alice@hosted.example"], message("honest", sender, ["alice"], "Hello"))
    client.quit()


def files(queue):
    for name in QUEUES:
        for directory, _, names in os.walk(os.path.join(queue, name)):
            for entry in names:
                yield os.path.join(directory, entry)


def class_of(content):
    found = CLASS.search(content)
    return found.group(1).decode() if found else "honest"


def base52(number, width):
    digits = ""
    while number or len(digits) < width:
        number, digit = divmod(number, 52)
        digits = DIGITS[digit] + digits
    return digits


def multiply(queue, count):
    originals = {}
    for path in files(queue):
        with open(path, "rb") as file:
            originals[path] = file.read()
    spam = [(path, content) for path, content in originals.items() if class_of(content) != "honest"]
    status = os.stat(spam[0][0])
    now = int(time.time())
    generator = random.Random(4711)
    for number, (_, content) in zip(range(int(count) - len(originals)), itertools.cycle(spam)):
        second, microsecond = now - generator.randint(60, 200_000), generator.randrange(1_000_000)
        name = base52(second, 6) + base52(microsecond, 4) + "z" + base52(1_000_000 + number, 4).replace("z", "y")
        arrival = b"T\x11%010d %06d" % (second, microsecond)
        path = os.path.join(queue, "deferred", ("%05X" % microsecond)[0], name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "xb") as file:
            file.write(ARRIVAL.sub(arrival, content, count=1))
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fchmod(file.fileno(), 0o700)
        # When it is to be tried again: not while somebody looks.
        os.utime(path, (now + 86_400, now + 86_400))
    for directory in os.scandir(os.path.join(queue, "deferred")):
        os.chown(directory.path, status.st_uid, -1)
        os.chmod(directory.path, 0o700)


def classes(queue):
    for path in files(queue):
        with open(path, "rb") as file:
            print(os.path.basename(path), class_of(file.read()))


if __name__ == "__main__":
    commands = {"inject": inject, "multiply": multiply, "classes": classes}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    random.seed(1)
    commands[sys.argv[1]](*sys.argv[2:])
