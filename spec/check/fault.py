# The outcome of a check: the code of spec/errors. Nothing else is ever raised on purpose.


class Fault(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


def require(condition, code):
    if not condition:
        raise Fault(code)
