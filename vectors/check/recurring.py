"""Days and origins of recurring expenses (SPEC 4.16)."""
import calendar
import datetime

from hints import exact_shares, rule_of, said
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


def rounded(exact, total, turn):
    """Shares in whole units, odd ones by the largest remainders and the turn (SPEC 9.1)."""
    units = {member: part.numerator // part.denominator for member, part in exact.items()}
    remainders = {member: part - units[member] for member, part in exact.items()}
    odd = total - sum(units.values())
    for remainder in sorted(set(remainders.values()), reverse=True):
        equal = sorted(member for member, part in remainders.items() if part == remainder)
        for place in range(min(odd, len(equal))):
            units[equal[(turn + place) % len(equal)]] += 1
        odd -= min(odd, len(equal))
    return [[member, part] for member, part in units.items() if part]


def shares_of(versions, number):
    """The shares of an occurrence: by the template's rule, with the number for turn."""
    content = template_of(versions, number)["content"]
    if "shares" not in content:
        return []
    shares, total = content["shares"], content["amount"]
    split = next((data for key, data in content["more"] or [] if key == 2), None)
    rule = None if split is None else rule_of(split, total, content["payers"], shares)
    if split is not None and said(2, split) is None:
        rule = ["exact"]
    if rule is None:
        sizes = [size for _, size in shares]
        once = len({member for member, _ in shares}) == len(shares) > 0
        equal = once and max(sizes) - min(sizes) <= 1
        rule = ["equal", [member for member, _ in shares]] if equal else ["exact"]
    if rule == ["exact"]:
        return sorted(shares)
    return sorted(rounded(exact_shares(rule, total), total, number))


def named(state, entry, content):
    """Content with members in place of refs."""
    def by_member(parts):
        return [[state.history.named(ref, entry).hex(), amount] for ref, amount in parts]
    parts = {key: by_member(content[key]) for key in ("payers", "shares") if key in content}
    return content | parts


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
            "content": named(state, entry, payload["content"]),
        })
    return found
