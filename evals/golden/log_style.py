"""Log lines as the loggers of different languages write them."""

import json
import random
import re
from datetime import datetime

LEVELS = {"D": "DEBUG", "I": "INFO", "W": "WARN", "E": "ERROR", "F": "FATAL"}
PINO = {"D": 20, "I": 30, "W": 40, "E": 50, "F": 60}

_PLACE = re.compile(r"\{(n2|n|id|ip|ms)\}")


def filled(text: str, dice: random.Random) -> str:
    """Return `text` with its places filled: numbers, ids, addresses and durations as production has them."""

    def fill(match: re.Match[str]) -> str:
        match match[1]:
            case "n":
                return str(dice.randint(10_000, 99_999))
            case "n2":
                return str(dice.randint(11, 99))
            case "id":
                return f"{dice.getrandbits(48):012x}"
            case "ip":
                return f"203.0.113.{dice.randint(1, 254)}"
            case _:
                return str(dice.randint(40, 400))

    return _PLACE.sub(fill, text)


def styled(style: str, *, at: datetime, level: str, text: str, logger: str, dice: random.Random) -> str:
    """Return one line in the form that the service's logger gives it."""
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    word = LEVELS[level]
    match style:
        case "pino":
            fields = {"level": PINO[level], "time": int(at.timestamp() * 1000), "pid": 1, "msg": text}
            return json.dumps(fields, ensure_ascii=False)
        case "logback":
            return f"{stamp} {word:>5} 1 --- [worker-{dice.randint(1, 16)}] {logger} : {text}"
        case "python":
            return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d} {word} [{logger}] {text}"
        case "logfmt":
            return f"time={stamp} level={word.lower()} msg={json.dumps(text, ensure_ascii=False)}"
        case "lambda":
            request = f"{dice.getrandbits(32):08x}-{dice.getrandbits(16):04x}-4{dice.getrandbits(12):03x}"
            return f"{stamp}\t{request}\t{word}\t{text}"
        case _:
            return f"[{at:%d/%b/%Y:%H:%M:%S} +0000] {word.lower()} {text}"
