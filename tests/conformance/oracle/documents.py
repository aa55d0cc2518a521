"""Random answers of EC2, drawn from the model: a tree of elements first, then its text with every freedom that XML gives.

The tree holds what the answer says; the writer varies only what must not matter: indentation, comments, processing
instructions, CDATA, character references, attributes, unknown elements, item tags, prefixes, the declaration.
"""

import datetime
import random

from . import model

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"

WORDS = [
    "import-ami-0123456789abcdef0", "vol-1", "active", "Größe", "日本語", "🚀🧑‍🚀", "שלום עולם", "مرحبا",
    "\u202eright-to-left\u202c", "e\u0301", "\U0001f468\u200d\U0001f469", "\ufffd", "\ufeff", "\u2028", "\u00a0",
    "'single'", '"double"', "a<b>&c", "]]>", "]]]]>>", "<![CDATA[", "<!--", "-->", "<?x?>", "&amp;", "&#65;",
    " ", "  ", "\t", "\n", "\r\n", "\r", "\u0085", "\x7f", "\\n", "\\", ",", ";", "NULL", "null", "true", "%20", "+",
    "=1+1", "--", "/* */", "s3://bucket/key with space.vmdk", "https://example.invalid/?X-Amz-Signature=abc&b=%2B",
    "{\"json\": [1, null]}", "$1", "*?", "0", "-0", "1e3", "00", "\u0130\u0131\u00df", "x" * 300,
]
ITEM_TAGS = ["item"] * 6 + ["member", "Item", "entry", "anything-at-all"]
INTEGERS = [0, 1, -1, 5, 100, 3000, 2**31 - 1, -(2**31)]
LONGS = [*INTEGERS, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 705638400]
# As `Double.toString` of Java writes them, which EC2 does.
DOUBLES = ["0.0", "-0.0", "1.0", "705638400.0", "1.073741824E10", "3.115815424E9", "1.0E-5", "4.9E-324",
           "1.7976931348623157E308", "9.007199254740993E15", "0.1", "-2.5E-10", "12345678.9", "5"]


class Element:
    """An element: `content` is its text, or the elements in it; `items` says that each of them is an item of a list."""

    def __init__(self, tag, content, items=False):
        self.tag = tag
        self.content = content
        self.items = items


def draw(table, rng, token=None, items=None):
    """One random answer of a table's operation, as a tree. `token` is the next page's, if there is one."""
    density = rng.choice([0.15, 0.5, 0.8, 0.95])
    root = Element(table.operation + "Response", [Element("requestId", "%032x" % rng.getrandbits(128))])
    first = table.output.members[table.path[0]]
    name = model.wire(table.path[0], first)
    if items is None:
        items = rng.choice([0, 1, 1, 2, 3])
    if items or rng.random() < 0.7:
        root.content.append(_list(table, first, name, rng, density, items, 0))
    if table.paged:
        if token is not None:
            root.content.append(Element("nextToken", token))
        elif rng.random() < 0.3:
            root.content.append(Element("nextToken", ""))
    rng.shuffle(root.content)
    return root


def _list(table, shape, name, rng, density, items, level):
    """The list that a level of the rows is in, always with items, so that nested rows are not lost to chance."""
    tag = rng.choice(ITEM_TAGS)
    made = []
    for _ in range(items):
        item = _structure(shape.member, tag, rng, density)
        if level + 1 < len(table.path):
            inner = shape.member.members[table.path[level + 1]]
            inner_name = model.wire(table.path[level + 1], inner)
            item.content = [e for e in item.content if e.tag != inner_name]
            if rng.random() < 0.9:
                item.content.append(_list(table, inner, inner_name, rng, density, rng.choice([0, 1, 1, 2]), level + 1))
        made.append(item)
    return Element(name, made, items=True)


def _structure(shape, tag, rng, density):
    if rng.random() < 0.03:
        return Element(tag, [])
    content = [
        _value(member, model.wire(name, member), rng, density)
        for name, member in shape.members.items()
        if rng.random() < density
    ]
    if rng.random() < 0.3:
        rng.shuffle(content)
    return Element(tag, content)


def _value(shape, tag, rng, density):
    if shape.type_name == "structure":
        return _structure(shape, tag, rng, density)
    if shape.type_name == "list":
        item = rng.choice(ITEM_TAGS)
        count = rng.choice([0, 0, 1, 1, 2, 3])
        return Element(tag, [_value(shape.member, item, rng, density) for _ in range(count)], items=True)
    return Element(tag, scalar(shape, rng))


def scalar(shape, rng):
    """Text of a scalar: never empty but for a string."""
    kind = shape.type_name
    if kind == "boolean":
        return rng.choice(["true", "false"])
    if kind == "integer":
        return str(rng.choice([*INTEGERS, rng.randint(-(2**31), 2**31 - 1)]))
    if kind == "long":
        return str(rng.choice([*LONGS, rng.randint(-(2**63), 2**63 - 1)]))
    if kind in ("double", "float"):
        return rng.choice(DOUBLES)
    if kind == "timestamp":
        return timestamp(rng)
    if kind == "string":
        return string(shape, rng)
    raise SystemExit(f"no random text for the type {kind}: add it to the generator")


def timestamp(rng):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=rng.randint(-(10**9), 4 * 10**9))
    if rng.random() < 0.1:
        return time.strftime("%Y-%m-%dT%H:%M") + rng.choice(["Z", "+00:00", "-07:30"])
    fraction = rng.choice(["", "", ".0", ".000", ".9", ".98", ".%03d" % rng.randint(0, 999), ".%06d" % rng.randint(0, 999999)])
    zone = rng.choice(["Z"] * 6 + ["+00:00", "+05:30", "-08:00"])
    return time.strftime("%Y-%m-%dT%H:%M:%S") + fraction + zone


def string(shape, rng):
    if shape.enum and rng.random() < 0.5:
        return rng.choice(shape.enum)
    if rng.random() < 0.1:
        return ""
    return "".join(rng.choice(WORDS) for _ in range(rng.choice([1, 1, 2, 4])))


class Writer:
    """Writes a tree as a document, in a random hand."""

    def __init__(self, rng, raw_returns):
        self.rng = rng
        self.raw_returns = raw_returns
        self.indent = rng.choice([None, None, "  ", "    ", "\t"])
        self.newline = rng.choice(["\n", "\n", "\n", "\r\n"])
        # How often something that must not matter is written.
        self.noise = rng.choice([0.0, 0.0, 0.02, 0.15])
        self.prefix = "ec2:" if rng.random() < 0.04 else ""

    def document(self, root):
        rng = self.rng
        declaration = rng.choice([
            '<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0" encoding="UTF-8"?>\n', "",
            "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<!-- a comment first -->\n",
        ])
        attribute = f'xmlns:ec2="{NAMESPACE}"' if self.prefix else f'xmlns="{NAMESPACE}"'
        tail = rng.choice(["", "\n", "\r\n \t", "<!-- the end -->\n"])
        text = declaration + self._element(root, 0, f" {attribute}") + tail
        return text.encode()

    def _element(self, element, depth, attributes=""):
        rng = self.rng
        tag = self.prefix + element.tag
        attributes += self._attributes()
        blank = rng.choice(["", " "]) if self.noise else ""
        if isinstance(element.content, str):
            body = self._text(element.content)
        else:
            body = self._children(element, depth)
        if body == "" and rng.random() < 0.6:
            return f"<{tag}{attributes}{blank}/>"
        return f"<{tag}{attributes}{blank}>{body}</{tag}{blank}>"

    def _children(self, element, depth):
        parts = []
        for child in element.content:
            parts.append(self._gap(depth + 1))
            # Any child of a list is an item of it: what is unknown can stand only in a structure.
            if not element.items and self._now():
                parts.append(self._unknown(depth + 1))
                parts.append(self._gap(depth + 1))
            parts.append(self._element(child, depth + 1))
        if parts or self._now():
            parts.append(self._gap(depth))
        return "".join(parts)

    def _gap(self, depth):
        gap = "" if self.indent is None else self.newline + self.indent * depth
        if self._now():
            gap += self.rng.choice(["<!-- <item>not one</item> -->", "<?php echo '<item/>' ?>", " ", "\n\n", "<!---->"])
        return gap

    def _now(self):
        return self.noise > 0 and self.rng.random() < self.noise

    def _attributes(self):
        if not self._now():
            return ""
        return self.rng.choice([
            ' unknown="1"', " a='<' ".replace("<", "&lt;") + 'b=">"', ' xml:lang="de"', ' c="&quot;&#10;\'"', " d = 'x'",
            ' e="/>"',
        ])

    def _unknown(self, depth):
        return self.rng.choice([
            "<addedLater/>", "<addedLater>text</addedLater>",
            "<addedLater><item><status>decoy</status><importTaskId>decoy</importTaskId></item></addedLater>",
            '<x:other xmlns:x="urn:other" x:a="1">foreign<x:b/></x:other>',
            "<a><b><c><d><e><f>deep</f></e></d></c></b></a>",
            "<addedLater><![CDATA[</addedLater>]]></addedLater>",
        ])

    def _text(self, text):
        rng = self.rng
        if not text:
            return rng.choice(["<!-- nothing -->", "<![CDATA[]]>"]) if self._now() else ""
        parts = []
        while text:
            size = len(text) if not self.noise else rng.randint(1, len(text))
            piece, text = text[:size], text[size:]
            parts.append(self._piece(piece))
            if self._now():
                parts.append(rng.choice(["<!-- inside -->", "<?inside value?>", "<!-- & < -->", "<![CDATA[]]>"]))
        return "".join(parts)

    def _piece(self, piece):
        # A carriage return survives only as a reference; every reader turns a raw one into a line feed.
        if self._now() and "]]>" not in piece and "\r" not in piece:
            return f"<![CDATA[{piece}]]>"
        return "".join(self._character(c) for c in piece)

    def _character(self, c):
        rng = self.rng
        if c == "<":
            return rng.choice(["&lt;", "&#60;", "&#x3c;"])
        if c == "&":
            return rng.choice(["&amp;", "&#38;", "&#x26;"])
        if c == ">":
            return rng.choice(["&gt;", "&#62;"])
        if c == "\r":
            return rng.choice(["&#13;", "&#xD;", "\r" if self.raw_returns else "&#xd;"])
        if c in "\"'" and rng.random() < 0.5:
            return {'"': "&quot;", "'": "&apos;"}[c]
        if self._now():
            return rng.choice([f"&#{ord(c)};", f"&#x{ord(c):X};", f"&#x{ord(c):08x};"])
        return c


def write(root, rng, raw_returns=True):
    """The bytes of a document. A raw carriage return is read as a line feed: without it, a tree means the same in any
    hand."""
    return Writer(rng, raw_returns).document(root)


def seeded(seed, *names):
    """A random source for one case: the same for the same seed and names, whatever ran before."""
    return random.Random("/".join(str(part) for part in (seed, *names)))
