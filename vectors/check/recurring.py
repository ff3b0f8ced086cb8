"""Days and origins of recurring expenses (SPEC 4.16)."""
import calendar
import datetime

from keys import digest


def plus_days(day, days):
    try:
        return day + datetime.timedelta(days=days)
    except OverflowError:
        return None


def plus_months(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > 9999:
        return None
    length = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, length))


def day_of(first, rule, steps):
    """The day that comes so many times after the first one, as YYYYMMDD; none behind the last."""
    unit, every = rule
    day = datetime.date(first // 10000, first // 100 % 100, first % 100)
    count = steps * every
    if unit < 2:
        found = plus_days(day, count * (7 if unit else 1))
    else:
        found = plus_months(day, count * (12 if unit == 3 else 1))
    return found and found.year * 10000 + found.month * 100 + found.day


def origin_of(series, number):
    return digest("occurrence", series + number.to_bytes(8, "big"))[:16]


def template_of(versions, number):
    """The version that holds for a number; versions are in the order of (lamport, id)."""
    holding = [v for v in versions if v["from"] <= number]
    return holding[-1] if holding and number < 1_000_000 else None


def occurrence(versions, number):
    """The day of an occurrence, or none."""
    version = template_of(versions, number)
    if version is None or version["end"] is not None and version["end"] <= number:
        return None
    return day_of(version["first_day"], version["rule"], number - version["base"])


def series_of(state):
    """The versions of each series, by its id."""
    found = {}
    for entry in sorted(state.applied, key=lambda e: e.order):
        if entry.kind != "template":
            continue
        payload, change = entry.payload, entry.payload["change"] or {"from": 0, "base": 0}
        series = entry.header["refs"][change["target"]] if payload["change"] else entry.id
        found.setdefault(series, []).append({
            "entry": entry.id, "first_day": payload["content"]["date"], "rule": payload["rule"],
            "from": change["from"], "base": change["base"], "end": payload["end"],
        })
    return found
