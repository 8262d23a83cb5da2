"""Serves a folder on 127.0.0.1 for a minute at most, with ranges as far as `bytes=N-`; writes its port to a file.

    range_server.py FOLDER PORT_FILE

Names that begin with `plain_` are served without ranges, and the first answer for `cut_` ends in the middle.
"""

import http.server
import os
import sys
import threading

FOLDER, PORT_FILE = sys.argv[1:]
CUT = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.path.join(FOLDER, self.path.lstrip("/"))
        name = os.path.basename(path)
        if not os.path.isfile(path):
            return self.send_error(404)
        data = open(path, "rb").read()
        asked = self.headers.get("Range")
        start = int(asked[len("bytes=") :].rstrip("-")) if asked and not name.startswith("plain_") else 0
        if start >= len(data) > 0:
            return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data)
        if name.startswith("cut_") and name not in CUT:
            CUT.add(name)
            end = start + (len(data) - start) // 2
        self.wfile.write(data[start:end])
        print(name, start, flush=True)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Timer(60, lambda: os._exit(1)).start()
with open(PORT_FILE + ".new", "w") as port:
    port.write(str(server.server_address[1]))
os.rename(PORT_FILE + ".new", PORT_FILE)
server.serve_forever()
