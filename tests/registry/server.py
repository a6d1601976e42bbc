#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry in memory that makes the trouble it is told to make.

    server.py DIRECTORY [CERTIFICATE KEY]

DIRECTORY/script.json, read anew with each request, has "settings" and "troubles". A trouble is
{"on": REGULAR EXPRESSION of "METHOD PATH", "times": N, "skip": M, and what happens}: the first one
that fits a request happens to it, N times after M that were let pass. Every request becomes a line of
DIRECTORY/requests, "METHOD PATH -> STATUS" and what was proved, and DIRECTORY/port has the port.
"""
import base64
import hashlib
import http.server
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse

directory = sys.argv[1]
lock = threading.Lock()
blobs, manifests, tags, uploads = {}, {}, {}, {}
counts, names = {}, {}
tokens = {}


def read_script():
    try:
        with open(os.path.join(directory, "script.json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    # --- answers ----------------------------------------------------------------------------

    def answer(self, status, body=b"", headers=None, length=None):
        self.note(status)
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        if status != 204:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code, message="", headers=None):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.answer(status, body, dict(headers or {}, **{"Content-Type": "application/json"}))

    def note(self, status):
        scheme, _, secret = (self.headers.get("Authorization") or "").partition(" ")
        if scheme == "Basic":
            secret = base64.b64decode(secret).decode()
        proof = f" {scheme} {secret}" if scheme else ""
        path = re.sub(r"sha256(:|%3A)([0-9a-f]{8})[0-9a-f]{56}", r"\2", self.path)
        range_ = self.headers.get("Content-Range") or self.headers.get("Range")
        with lock, open(os.path.join(directory, "requests"), "a") as file:
            file.write(f"{self.command} {path}{' [' + range_ + ']' if range_ else ''} -> {status}{proof}\n")

    def drop(self, why):
        self.note(why)
        self.close_connection = True
        try:
            self.connection.shutdown(2)
        except OSError:
            pass

    # --- requests ---------------------------------------------------------------------------

    def read_body(self, limit=None):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                parts.append(self.rfile.read(size))
                self.rfile.readline()
                if size == 0:
                    return b"".join(parts)
        size = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(size if limit is None else min(limit, size))

    def find_trouble(self, script):
        request = f"{self.command} {self.path}"
        with lock:
            for number, trouble in enumerate(script.get("troubles", [])):
                if not re.search(trouble["on"], request):
                    continue
                key = json.dumps([number, trouble], sort_keys=True)
                counts[key] = counts.get(key, 0) + 1
                skip = trouble.get("skip", 0)
                if skip < counts[key] <= skip + trouble.get("times", 1):
                    return trouble
        return None

    def handle_any(self):
        script = read_script()
        self.settings = script.get("settings", {})
        trouble = self.find_trouble(script)
        self.trouble = trouble or {}
        if trouble and self.make(trouble):
            return
        if not self.authorised():
            self.read_body()
            return
        self.serve()

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

    def make(self, trouble):
        """Make it; returns whether that was all."""
        if "sleep" in trouble:
            time.sleep(trouble["sleep"])
        if "drop_after" in trouble:
            self.read_body(trouble["drop_after"])
            self.drop("dropped")
            return True
        if "lose_answer" in trouble:  # all is done, and nobody hears of it
            self.answer = lambda *arguments, **named: self.drop("lost")
            return False
        if "refuse" in trouble:
            self.read_body()
            self.refuse(*trouble["refuse"])
            return True
        if "status" in trouble:
            if not trouble.get("unread"):
                self.read_body()
            else:
                self.close_connection = True
            headers = {name: self.fill(value) for name, value in trouble.get("headers", {}).items()}
            body = trouble.get("body", "").encode() * trouble.get("repeat", 1)
            self.answer(trouble["status"], body, headers)
            return True
        return False

    def fill(self, value):
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        return value.replace("@PORT@", str(self.server.server_address[1])).replace("@PATH@", self.path)

    def authorised(self):
        kind = self.settings.get("auth")
        given = self.headers.get("Authorization") or ""
        if not kind or self.path.startswith("/token") or self.path.startswith("/elsewhere"):
            return True
        if kind == "basic":
            if given == "Basic " + base64.b64encode(self.settings["user"].encode()).decode():
                return True
            self.refuse(401, "UNAUTHORIZED", "who are you", {"WWW-Authenticate": 'Basic realm="here"'})
            return False
        with lock:
            token = given.removeprefix("Bearer ")
            if tokens.get(token, 0) > 0:
                tokens[token] -= 1
                return True
        port = self.server.server_address[1]
        realm = self.settings.get("realm", f"{self.settings.get('scheme', 'http')}://127.0.0.1:{port}/token")
        self.refuse(401, "UNAUTHORIZED", "a token is needed",
                    {"WWW-Authenticate": self.settings.get("challenge",
                     f'Bearer realm="{self.fill(realm)}",service="test",scope="repository:x:pull"')})
        return False

    def give_token(self):
        if self.command == "POST":
            form = urllib.parse.parse_qs(self.read_body().decode())
            if form.get("refresh_token") != [self.settings.get("identity")]:
                return self.refuse(401, "UNAUTHORIZED")
        elif "user" in self.settings:
            given = (self.headers.get("Authorization") or "").removeprefix("Basic ")
            if base64.b64decode(given).decode() != self.settings["user"]:
                return self.refuse(401, "UNAUTHORIZED")
        with lock:
            token = f"token{len(tokens) + 1}"
            tokens[token] = self.settings.get("token_uses", 1 << 30)
        name = self.settings.get("token_name", "token")
        self.answer(200, json.dumps({name: token, "expires_in": 300}).encode())

    # --- the registry -----------------------------------------------------------------------

    def serve(self):
        path, _, query = self.path.partition("?")
        query = urllib.parse.parse_qs(query)
        if path == "/token":
            return self.give_token()
        if path == "/v2/":
            return self.answer(200, b"{}")
        match = re.fullmatch(r"/v2/(.+)/(manifests|blobs|tags)/(.+)", path)
        if path.startswith("/elsewhere/"):
            return self.serve_blob(path.removeprefix("/elsewhere/"))
        if match and "/blobs/uploads" in path:
            repository = path.split("/blobs/uploads")[0].removeprefix("/v2/")
            return self.serve_upload(repository, path, query)
        if not match:
            self.read_body()
            return self.refuse(404, "NAME_UNKNOWN")
        repository, kind, name = match.groups()
        if kind == "tags":
            return self.serve_tags(repository, query)
        if kind == "blobs":
            return self.serve_blob(name, repository)
        return self.serve_manifest(repository, name, query)

    def serve_tags(self, repository, query):
        found = sorted(tag for where, tag in tags if where == repository)
        size = self.settings.get("page", 1000)
        begin = found.index(query["last"][0]) + 1 if "last" in query else 0
        headers = {}
        if begin + size < len(found):
            headers["Link"] = f'</v2/{repository}/tags/list?n={size}&last={found[begin + size - 1]}>; rel="next"'
        self.answer(200, json.dumps({"name": repository, "tags": found[begin:begin + size]}).encode(), headers)

    def serve_blob(self, digest, repository=None):
        with lock:
            data = next((found for (where, name), found in blobs.items()
                         if name == digest and repository in (None, where)), None)
        if data is None:
            return self.refuse(404, "BLOB_UNKNOWN")
        if repository and "blob_redirect" in self.settings and self.command == "GET":
            return self.answer(307, headers={"Location": self.fill(self.settings["blob_redirect"]) + digest})
        begin, status, headers = 0, 200, {"Docker-Content-Digest": digest}
        range_ = self.headers.get("Range")
        if range_ and not self.settings.get("no_ranges"):
            begin = int(re.fullmatch(r"bytes=(\d+)-", range_).group(1))
            status, headers["Content-Range"] = 206, f"bytes {begin}-{len(data) - 1}/{len(data)}"
        data = data[begin:]
        if "flip" in self.trouble:
            data = data[:-1] + bytes([data[-1] ^ 1])
        if "add" in self.trouble:
            data += b"more"
        if "shorten" in self.trouble:
            data = data[:-1]
        if "stop_after" in self.trouble:
            self.note(status)
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:self.trouble["stop_after"]])
            self.wfile.flush()
            if "hang" in self.trouble:
                time.sleep(self.trouble["hang"])
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.answer(status, data, headers)

    def location(self, repository, session):
        style = self.settings.get("location", "absolute")
        path = f"/v2/{repository}/blobs/uploads/{session}"
        if style.endswith("query"):
            path += "?_state=a%2Bb"
        if style.startswith("relative"):
            return path
        return f"{self.settings.get('scheme', 'http')}://127.0.0.1:{self.server.server_address[1]}{path}"

    def store(self, repository, data, query):
        digest = query["digest"][0]
        if digest_of(data) != digest:
            return self.refuse(400, "DIGEST_INVALID", "the digest is another")
        with lock:
            blobs[repository, digest] = data
        told = self.settings.get("told_digest", digest)
        self.answer(201, headers={"Location": f"/v2/{repository}/blobs/{digest}", "Docker-Content-Digest": told})

    def serve_upload(self, repository, path, query):
        if self.command == "POST":
            return self.begin_upload(repository, query)
        session = path.rsplit("/", 1)[1]
        with lock:
            held = uploads.get(session)
        if held is None:
            self.read_body()
            return self.refuse(404, "BLOB_UPLOAD_UNKNOWN")
        if self.command == "GET":
            return self.answer(204, headers={"Range": f"0-{max(len(held) - 1, 0)}",
                                             "Location": self.location(repository, session)})
        whole = self.command == "PUT" and not self.headers.get("Content-Range")
        if whole and self.settings.get("pieces_only") and self.headers.get("Content-Length") != "0":
            self.read_body()
            return self.refuse(self.settings["pieces_only"], "UNSUPPORTED")
        range_ = self.headers.get("Content-Range")
        body = self.read_body()
        if range_ and int(range_.split("-")[0]) != len(held):
            return self.refuse(416, "BLOB_UPLOAD_INVALID", headers={"Range": f"0-{max(len(held) - 1, 0)}"})
        if "keep" in self.trouble:  # takes a part of it, then is gone
            with lock:
                uploads[session] = held + body[:self.trouble["keep"]]
            return self.drop("dropped")
        with lock:
            uploads[session] = held = held + body
        if self.command == "PUT":
            return self.store(repository, held, query)
        self.answer(self.settings.get("patch_status", 202), headers={
            "Range": f"0-{max(len(held) - 1, 0)}", "Location": self.location(repository, session)})

    def begin_upload(self, repository, query):
        self.read_body()
        digest, source = query.get("mount", [None])[0], query.get("from", [None])[0]
        mount = self.settings.get("mount", 201)
        if digest and mount not in (201, 202):
            return self.refuse(mount, "DENIED")
        if digest and mount == 201 and (source, digest) in blobs:
            with lock:
                blobs[repository, digest] = blobs[source, digest]
            return self.answer(201, headers={"Docker-Content-Digest": digest})
        with lock:
            session = f"session{len(uploads) + 1}"
            uploads[session] = b""
        headers = {"Location": self.location(repository, session), "Range": "0-0"}
        if "least_piece" in self.settings:
            headers["OCI-Chunk-Min-Length"] = str(self.settings["least_piece"])
        self.answer(202, headers=headers)

    def serve_manifest(self, repository, name, query):
        if self.command == "PUT":
            return self.put_manifest(repository, name, query)
        digest = tags.get((repository, name), name)
        found = manifests.get((repository, digest))
        if not found:
            return self.refuse(404, "MANIFEST_UNKNOWN")
        data, media_type = found
        headers = {"Content-Type": media_type, "Docker-Content-Digest": digest}
        if "flip" in self.trouble:
            data = data[:-1] + b" }"
        if "type" in self.trouble:
            headers["Content-Type"] = self.trouble["type"]
        if self.settings.get("no_digest_header"):
            del headers["Docker-Content-Digest"]
        self.answer(200, data, headers)

    def put_manifest(self, repository, name, query):
        data = self.read_body()
        digest = digest_of(data)
        document = json.loads(data)
        wanted = [one["digest"] for one in [document.get("config")] + document.get("layers", []) if one]
        missing = [one for one in wanted if (repository, one) not in blobs]
        missing += [one["digest"] for one in document.get("manifests", [])
                    if (repository, one["digest"]) not in manifests]
        if missing:
            return self.refuse(404, "MANIFEST_BLOB_UNKNOWN", missing[0])
        with lock:
            manifests[repository, digest] = (data, self.headers["Content-Type"])
            if not name.startswith("sha256:"):
                tags[repository, name] = digest
            headers = {"Docker-Content-Digest": self.settings.get("told_digest", digest)}
            if self.settings.get("many_tags"):
                headers["OCI-Tag"] = query.get("tag", [])
                for tag in query.get("tag", []):
                    tags[repository, tag] = digest
        if "warning" in self.settings:
            headers["Warning"] = self.settings["warning"]
        self.answer(201, headers=headers)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):
        # Someone tries whether we know TLS.
        if not isinstance(request, ssl.SSLSocket) and request.recv(1, 2) == b"\x16":
            return
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(os.path.join(directory, "port.new"), "w") as port:
    port.write(str(server.server_address[1]))
os.rename(os.path.join(directory, "port.new"), os.path.join(directory, "port"))
server.serve_forever()
