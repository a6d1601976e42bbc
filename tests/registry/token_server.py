#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server of tokens for docker-registry.

    token_server.py DIRECTORY CERTIFICATE KEY USER:PASSWORD

Whoever proves to be the user gets what is asked for, others may pull; DIRECTORY/port has the port and
DIRECTORY/tokens a line for each token.
"""
import base64
import http.server
import json
import os
import subprocess
import sys
import time
import urllib.parse

directory, certificate, key, user = sys.argv[1:]


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(claims):
    with open(certificate) as file:
        body = "".join(line.strip() for line in file if not line.startswith("-"))
    header = encode(json.dumps({"typ": "JWT", "alg": "RS256", "x5c": [body]}).encode())
    text = header + "." + encode(json.dumps(claims).encode())
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text.encode(),
                               stdout=subprocess.PIPE, check=True).stdout
    return text + "." + encode(signature)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        given = (self.headers.get("Authorization") or "").removeprefix("Basic ")
        known = base64.b64decode(given).decode() == user
        if given and not known:
            self.send_response(401)
            self.end_headers()
            return
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            actions = [one for one in actions.split(",") if known or one == "pull"]
            access.append({"type": kind, "name": name, "actions": actions})
        with open(os.path.join(directory, "tokens"), "a") as file:
            file.write(" ".join(query.get("scope", [])) + "\n")
        now = int(time.time())
        token = sign({"iss": "tests", "sub": "someone", "aud": query["service"][0], "exp": now + 300,
                      "nbf": now - 10, "iat": now, "jti": str(time.time_ns()), "access": access})
        body = json.dumps({"token": token, "expires_in": 300}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(directory, "port.new"), "w") as port:
    port.write(str(server.server_address[1]))
os.rename(os.path.join(directory, "port.new"), os.path.join(directory, "port"))
server.serve_forever()
