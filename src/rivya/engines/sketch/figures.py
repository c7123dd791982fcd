"""SVG drawings of our own: bodies for animals and people that come as a head alone, and a few buildings."""

from __future__ import annotations

Box = tuple[int, int]

# head animal: light fur, dark fur, belly, tail
FUR: dict[str, tuple[str, str, str, str]] = {
    "fox": ("#FF9A4A", "#D65A28", "#FFF1E6", "brush"),
    "wolf": ("#A7A4B4", "#6C6880", "#ECE9F4", "brush"),
    "bear": ("#9A6550", "#643C36", "#C79A7C", "bob"),
    "panda": ("#4A4458", "#2C2838", "#F4F1FA", "bob"),
    "polar-bear": ("#FBF9FF", "#C9C4DC", "#FFFFFF", "bob"),
    "lion": ("#FFC266", "#D98A3C", "#FFE3B0", "tuft"),
    "raccoon": ("#A29FB0", "#5E5A6E", "#DAD7E4", "ringed"),
    "koala": ("#ABA8B8", "#716D84", "#E8E5F0", "bob"),
    "frog": ("#5FDC9A", "#2C9C74", "#FFE08A", ""),
    "hamster": ("#FFB98A", "#E58A5C", "#FFF1E6", "bob"),
    "boar": ("#8E6358", "#5A3A3A", "#A97B68", "bob"),
}
# person known by the head alone: shirt light, shirt dark, trousers
CLOTHES: dict[str, tuple[str, str, str]] = {
    "baby": ("#9BD7FF", "#5AA6E8", "#7FB9E6"),
    "boy": ("#4FB0FF", "#2A6FD0", "#5A5470"),
    "child": ("#5FD08A", "#2E9A66", "#5A5470"),
    "girl": ("#FF86B4", "#D94A86", "#6A5A90"),
    "man": ("#4E8BD8", "#2F5AA6", "#4A4558"),
    "woman": ("#B27BEA", "#7A48BC", "#4E4666"),
    "old-man": ("#8F9B6A", "#5F6C48", "#6A5A52"),
    "old-woman": ("#C77A90", "#94506C", "#5C5068"),
    "person-beard": ("#D9704A", "#A44632", "#46506A"),
    "santa-claus": ("#F0424E", "#B51E34", "#B51E34"),
    "robot": ("#E4DFF2", "#A49CC0", "#8A82A8"),
    "alien": ("#B9BCD6", "#7E82A8", "#7E82A8"),
}
LEGS = {
    "astronaut": ("#E9E4F6", "#B5ADCE"), "princess": ("#9B6FD8", "#7448B4"),
    "person-with-crown": ("#6A4A8A", "#4A3068"),
    "mage": ("#2F82D8", "#1F5AA8"), "cook": ("#6A6478", "#46405A"), "guard": ("#3A3448", "#26202E"),
    "superhero": ("#2F72D8", "#1F4AA8"), "ninja": ("#4C4462", "#2E2840"), "elf": ("#6A5444", "#4A3830"),
}  # fmt: skip


def _gradient(name: str, light: str, dark: str) -> str:
    return (
        f'<radialGradient id="{name}" cx=".36" cy=".22" r=".9"><stop stop-color="{light}"/>'
        f'<stop offset=".55" stop-color="{light}"/><stop offset="1" stop-color="{dark}"/></radialGradient>'
    )


def sitting(name: str, head: str) -> tuple[str, Box]:
    """A seated animal under ``head``."""
    light, dark, belly, tail = FUR[name]
    tails = {
        "brush": '<path d="M29 47C40 49 43 38 38 29C37 27 35 27 35 30C35 37 32 38 27 39Z" fill="url(#rvA)"/>'
        '<path d="M38 29C37 27 35 27 35 30C35 32 35 33 34.600 34.500C36 35.500 38 35.500 39.500 '
        f'34.500C39.500 32.500 39 30.500 38 29Z" fill="{belly}"/>',
        "ringed": '<path d="M29 48C41 49 43 38 39 30C37 27 34.500 28 35 31C36 37 32 40 27 41Z" fill="url(#rvA)"/>'
        f'<path d="M36 43l5-1M37 38l4.500 0M36 34l4.500-1" stroke="{dark}" stroke-width="2.200"/>',
        "tuft": f'<path d="M29 47C37 48 38 40 36.500 34" stroke="{dark}" stroke-width="2" fill="none"/>'
        '<circle cx="36.500" cy="33" r="2.600" fill="#8A4A2C"/>',
        "bob": '<circle cx="32" cy="45" r="3.200" fill="url(#rvA)"/>',
    }
    limb = dark if name == "panda" else light
    svg = (
        f"<defs>{_gradient('rvA', light, dark)}{_gradient('rvB', limb, dark)}{_gradient('rvC', belly, belly)}</defs>"
        f"{tails.get(tail, '')}"
        '<ellipse cx="10.500" cy="45" rx="6" ry="6.300" fill="url(#rvA)"/>'
        '<ellipse cx="29.500" cy="45" rx="6" ry="6.300" fill="url(#rvA)"/>'
        '<path d="M20 20C10 22 8 36 9 46Q10 51 20 51Q30 51 31 46C32 36 30 22 20 20Z" '
        f'fill="url(#{"rvC" if name == "panda" else "rvA"})"/>'
        '<ellipse cx="20" cy="38" rx="6.200" ry="10" fill="url(#rvC)" opacity=".92"/>'
        '<rect x="13.200" y="39" width="5.800" height="12" rx="2.900" fill="url(#rvB)"/>'
        '<rect x="21" y="39" width="5.800" height="12" rx="2.900" fill="url(#rvB)"/>'
        '<ellipse cx="15.800" cy="50" rx="4" ry="2.200" fill="url(#rvB)"/>'
        '<ellipse cx="24.200" cy="50" rx="4" ry="2.200" fill="url(#rvB)"/>'
        f'<ellipse cx="20" cy="28.500" rx="9" ry="3" fill="{dark}" opacity=".35"/>'
        f'<g transform="translate(4.800 -1) scale(.95)">{head}</g>'
    )
    return svg, (43, 53)


def _legs(light: str, dark: str, top: float, shoe: str = "#3A3348") -> str:
    return (
        f"<defs>{_gradient('rvL', light, dark)}</defs>"
        f'<rect x="9.600" y="{top}" width="5.800" height="13" rx="2.400" fill="url(#rvL)"/>'
        f'<rect x="16.600" y="{top}" width="5.800" height="13" rx="2.400" fill="url(#rvL)"/>'
        f'<path d="M8 {top + 13.4}q0-3 3.500-3h4v3.600h-7.500z'
        f'M24 {top + 13.4}q0-3-3.500-3h-4v3.600h7.500z" fill="{shoe}"/>'
    )


def standing(name: str, bust: str) -> tuple[str, Box]:
    """Legs under a picture that ends at the waist."""
    light, dark = LEGS.get(name, ("#5E5874", "#3E3850"))
    shoe = "#CFC8E2" if name == "astronaut" else "#3A3348"
    return f"{_legs(light, dark, 27.0, shoe)}<g>{bust}</g>", (32, 42)


def dressed(name: str, head: str, *, bust: bool = False) -> tuple[str, Box]:
    """Shoulders, and below them a whole body, under a picture of a face."""
    light, dark, trousers = CLOTHES.get(name, ("#4E8BD8", "#2F5AA6", "#4A4558"))
    if bust:
        svg = (
            f"<defs>{_gradient('rvS', light, dark)}</defs>"
            '<path d="M2 50C2 38 9 33.500 20 33.500S38 38 38 50Z" fill="url(#rvS)"/>'
            '<rect x="15.500" y="27" width="9" height="9" rx="4" fill="'
            + ("#8A82A8" if name == "robot" else "#E79A2C")
            + '"/>'
            f'<path d="M14 34.500q6 5.500 12 0" stroke="{dark}" stroke-width="1.600" fill="none"/>'
            f'<g transform="translate(4 0)">{head}</g>'
        )
        return svg, (40, 50)
    skin = {"alien": "#7CD860", "robot": "#6C64A0"}.get(name, "#FFC43A")
    svg = (
        f"{_legs(trousers, trousers, 33.0)}<defs>{_gradient('rvS', light, dark)}</defs>"
        f'<rect x="4.600" y="20.500" width="4.600" height="13.500" rx="2.300" fill="{dark}" '
        'transform="rotate(10 7 22)"/>'
        f'<rect x="22.800" y="20.500" width="4.600" height="13.500" rx="2.300" fill="{dark}" '
        'transform="rotate(-10 25 22)"/>'
        f'<circle cx="5.100" cy="33.500" r="2.200" fill="{skin}"/>'
        f'<circle cx="26.900" cy="33.500" r="2.200" fill="{skin}"/>'
        '<path d="M8 24q0-5 5-5h6q5 0 5 5v11q0 2-2 2h-12q-2 0-2-2z" fill="url(#rvS)"/>'
        f'<g transform="translate(4.800 -.5) scale(.7)">{head}</g>'
    )
    return svg, (32, 48)


def unicorn(horse: str) -> tuple[str, Box]:
    svg = (
        '<defs><filter id="rvW" x="0" y="0" width="1" height="1"><feColorMatrix type="matrix" values='
        '".55 .5 .4 0 .42 .5 .5 .4 0 .38 .55 .5 .5 0 .46 0 0 0 1 0"/></filter>'
        '<linearGradient id="rvH" x1="0" x2="1" y1="1" y2="0">'
        '<stop stop-color="#FFB52E"/><stop offset="1" stop-color="#FFF0A0"/></linearGradient></defs>'
        f'<g transform="translate(3 5)"><g filter="url(#rvW)">{horse}</g></g>'
        '<path d="M8.200 9.500L4.200 1.200L10.800 7.800Z" fill="url(#rvH)"/>'
    )
    return svg, (36, 38)


def lighthouse() -> tuple[str, Box]:
    svg = (
        '<defs><linearGradient id="rvA"><stop stop-color="#fff"/><stop offset=".5" stop-color="#F4F0FA"/>'
        '<stop offset="1" stop-color="#A9A2C0"/></linearGradient>'
        '<linearGradient id="rvR"><stop stop-color="#FF6A62"/><stop offset=".5" stop-color="#EE4450"/>'
        '<stop offset="1" stop-color="#9E2A48"/></linearGradient>'
        '<radialGradient id="rvG"><stop stop-color="#FFF8C8"/><stop offset="1" stop-color="#FFC840"/>'
        "</radialGradient></defs>"
        '<path d="M10 70L13 22H23L26 70Z" fill="url(#rvA)"/>'
        '<path d="M11.900 40L12.500 30.500H23.500L24.100 40ZM10.700 59.500L11.300 '
        '49.500H24.700L25.300 59.500Z" fill="url(#rvR)"/>'
        '<rect x="10.500" y="20" width="15" height="3" rx="1.200" fill="#544A66"/>'
        '<rect x="13.500" y="12" width="9" height="8.500" fill="url(#rvG)"/>'
        '<path d="M13.500 12v8.500M18 12v8.500M22.500 12v8.500" stroke="#544A66" stroke-width=".9"/>'
        '<path d="M11.500 12.500Q18 1 24.500 12.500Z" fill="url(#rvR)"/>'
        '<circle cx="18" cy="5.600" r="1.300" fill="#544A66"/>'
        '<path d="M15.500 70v-7q2.500-3.500 5 0v7z" fill="#5A4A60"/>'
        '<rect x="16.500" y="43.500" width="3" height="4" rx="1.500" fill="#5A7AA0"/>'
    )
    return svg, (36, 70)


def windmill() -> tuple[str, Box]:
    blade = (
        '<g transform="rotate({0} 26 22)">'
        '<rect x="25.400" y="1" width="1.200" height="22" fill="#7A5038"/>'
        '<path d="M26.600 2h5.400v15h-5.400z" fill="#FFF4E2" stroke="#C9A27C" stroke-width=".7"/>'
        '<path d="M26.600 6h5.400M26.600 10h5.400M26.600 14h5.400M29.300 2v15" stroke="#C9A27C" '
        'stroke-width=".6"/></g>'
    )
    svg = (
        '<defs><linearGradient id="rvA"><stop stop-color="#FFF3DE"/><stop offset=".55" stop-color="#EED9B8"/>'
        '<stop offset="1" stop-color="#A98868"/></linearGradient>'
        '<linearGradient id="rvR"><stop stop-color="#D8583C"/><stop offset="1" stop-color="#8A3030"/>'
        "</linearGradient></defs>"
        '<path d="M15.500 62L19.500 24H32.500L36.500 62Z" fill="url(#rvA)"/>'
        '<path d="M18 25Q26 9 34 25Z" fill="url(#rvR)"/>'
        '<path d="M23 62v-8q3-3.500 6 0v8z" fill="#7A4A38"/>'
        '<rect x="23.800" y="38" width="4.400" height="5.500" rx="2" fill="#5A88B8"/>'
        + "".join(blade.format(a) for a in (20, 110, 200, 290))
        + '<circle cx="26" cy="22" r="2" fill="#5A4038"/>'
    )
    return svg, (52, 62)


def balloon() -> tuple[str, Box]:
    colours = ("#F25C54", "#F7B267", "#F4845F", "#F25C54", "#F7B267", "#F4845F", "#F25C54")
    gores: list[str] = []
    for i, c in enumerate(colours):
        a, b = -1 + 2 * i / 7, -1 + 2 * (i + 1) / 7
        gores.append(
            f'<path d="M20 2C{20 + 26 * a:.2f} 2 {20 + 26 * a:.2f} 26 {20 + 5 * a:.2f} 39'
            f'L{20 + 5 * b:.2f} 39C{20 + 26 * b:.2f} 26 {20 + 26 * b:.2f} 2 20 2Z" fill="{c}"/>'
        )
    svg = (
        '<defs><radialGradient id="rvA" cx=".3" cy=".25" r=".85"><stop stop-color="#fff" stop-opacity=".5"/>'
        '<stop offset=".45" stop-color="#fff" stop-opacity="0"/>'
        '<stop offset="1" stop-color="#4A1030" stop-opacity=".55"/></radialGradient></defs>'
        + "".join(gores)
        + '<path d="M20 2C-6 2 -6 26 15 39H25C46 26 46 2 20 2Z" fill="url(#rvA)"/>'
        '<path d="M15.300 39L17 46M24.700 39L23 46" stroke="#6A4A3A" stroke-width=".5"/>'
        '<rect x="16.500" y="46" width="7" height="5.500" rx="1.400" fill="#9A643C"/>'
        '<rect x="16.500" y="46" width="7" height="1.400" rx=".6" fill="#C98A58"/>'
    )
    return svg, (40, 52)
