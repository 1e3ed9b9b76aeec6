# The agent's USB device, request by request: spec/link.md section 5, DFU 1.1 section 6 and appendix A. On a
# blank chip, for downloads that never become a package: that is what a host can try without a license.

IDLE, SYNC, BUSY, OPEN, MANIFEST_SYNC, UPLOAD_IDLE, ERROR = 2, 3, 4, 5, 6, 9, 10
ERR_FILE, ERR_NOTDONE, ERR_STALLED = 0x02, 0x09, 0x0F
DNLOAD, UPLOAD, GETSTATUS, CLRSTATUS, GETSTATE, ABORT = 1, 2, 3, 4, 5, 6
TRANSFER = 1024
MAGIC = b"FSEAL\x01\r\n"


class Stall(Exception):
    pass


class Device:
    def __init__(self, numbers):
        self.numbers = numbers  # of faults, by code
        self.alternate = 0
        self.fault = (0, 0)
        self.idle()

    def idle(self):
        self.state, self.status, self.block, self.file = IDLE, 0, b"", b""

    def refuse(self):
        if self.state != ERROR:
            self.idle()
            self.state, self.status = ERROR, ERR_STALLED
        raise Stall

    def fail(self, code, status):
        self.idle()
        self.state, self.status, self.fault = ERROR, status, (self.numbers[code], 0)

    def control(self, setup, data):
        kind, request = setup[0], setup[1]
        value, index, length = (int.from_bytes(setup[at : at + 2], "little") for at in (2, 4, 6))
        if kind == 0x21 or kind == 0xA1:
            answer = self.dfu(kind == 0xA1, request, index, length, data)
        elif kind == 0xC1 and request == 3:
            answer = b"".join(number.to_bytes(4, "little") for number in self.fault)
        else:
            answer = self.standard(kind, request, value, index)
        return answer[:length]

    def standard(self, kind, request, value, index):
        if (kind, request, index) == (0x01, 11, 0) and value < 2:
            self.idle()
            self.alternate = value
            return b""
        if (kind, request, index) == (0x81, 10, 0):
            return bytes([self.alternate])
        if (kind, request) == (0x80, 8):
            return b"\x01"
        if (kind, request, value) == (0x81, 6, 0x2100):
            attributes = 0x07 if self.alternate else 0x01
            return bytes([9, 0x21, attributes, 0xFF, 0, *TRANSFER.to_bytes(2, "little"), 0x10, 1])
        raise Stall

    def dfu(self, asks, request, index, length, data):
        if index != 0 or asks != (request in (UPLOAD, GETSTATUS, GETSTATE)):
            raise Stall
        if request == GETSTATE:
            return bytes([self.state])
        if request == GETSTATUS:
            self.advance()
            return bytes([self.status, 0, 0, 0, self.state, 0])
        if request == DNLOAD:
            return self.download(data)
        if request == UPLOAD:
            if self.alternate == 0 or self.state not in (IDLE, UPLOAD_IDLE) or length > TRANSFER:
                self.refuse()
            self.state = IDLE  # no answer waits: a short upload
            return b""
        if request == CLRSTATUS and self.state == ERROR or request == ABORT and self.state in (IDLE, OPEN, UPLOAD_IDLE):
            self.idle()
            return b""
        self.refuse()

    def download(self, data):
        if self.state not in (IDLE, OPEN) or len(data) > TRANSFER or self.state == IDLE and not data:
            self.refuse()
        if not data and self.alternate == 0:
            self.fail("package-truncated", ERR_NOTDONE)
            raise Stall
        if not data:
            self.state = MANIFEST_SYNC
            return b""
        if self.state == IDLE:
            self.fault, self.file = (0, 0), b""
        self.block, self.state = data, SYNC
        return b""

    def advance(self):
        """What GETSTATUS announces; the step of work comes after its answer, before the next request."""
        if self.state == SYNC:
            self.state = BUSY
        elif self.state == BUSY:
            self.state = OPEN
            self.take()
        elif self.state == MANIFEST_SYNC:
            self.state = IDLE

    def take(self):
        if self.alternate == 1:
            return
        self.file += self.block
        if len(self.file) >= len(MAGIC) + 4 and not self.file.startswith(MAGIC):
            self.fail("package-magic-wrong", ERR_FILE)


def run(steps, numbers, agree):
    """Sends each step; `agree` gets what came back and the step."""
    device = Device(numbers)
    for step in steps:
        setup, data = bytes.fromhex(step["setup"]), bytes.fromhex(step.get("data", ""))
        try:
            answer = device.control(setup, data)
        except Stall:
            answer = None
        agree(answer, step)
