"""Where things are usually found, for prompts that name a thing and no place."""

from __future__ import annotations

# Colours that are part of an animal's name or its own coat.
NATURAL: dict[str, tuple[str, ...]] = {
    "fox": ("red", "orange"), "wolf": ("grey", "gray"), "bear": ("brown",), "swan": ("white",), "ewe": ("white",),
    "polar-bear": ("white",),
    "whale": ("blue",), "frog": ("green",), "turtle": ("green",), "black-cat": ("black",),
    "elephant": ("grey", "gray"), "flamingo": ("pink",), "pig": ("pink",),
}  # fmt: skip
HABITATS: dict[str, str] = {
    "camel": "desert", "two-hump-camel": "desert", "cactus": "desert", "scorpion": "desert", "lizard": "desert",
    "moai": "meadow", "penguin": "snow", "polar-bear": "snow", "seal": "snow",
    "skier": "snow", "snowman-without-snow": "snow", "santa-claus": "snow", "sled": "snow", "mammoth": "snow",
    "wolf": "forest", "fox": "forest", "bear": "forest", "deer": "forest",
    "owl": "forest", "raccoon": "forest", "badger": "forest", "hedgehog": "forest", "chipmunk": "forest",
    "mushroom": "forest", "brown-mushroom": "forest", "elf": "forest", "troll": "forest",
    "person-fairy": "forest", "boar": "forest", "tent": "forest", "fire": "forest", "monkey": "jungle",
    "gorilla": "jungle", "orangutan": "jungle", "parrot": "jungle", "tiger": "jungle", "sloth": "jungle",
    "frog": "lake", "t-rex": "jungle", "sauropod": "jungle", "panda": "jungle", "tanabata-tree": "jungle",
    "snake": "jungle", "lion": "field", "giraffe": "field", "elephant": "field", "zebra": "field",
    "leopard": "field", "rhinoceros": "field", "hippopotamus": "river", "crocodile": "river", "beaver": "river",
    "otter": "river", "flamingo": "lake", "duck": "lake", "swan": "lake", "lotus": "lake",
    "goat": "mountains", "llama": "mountains", "eagle": "mountains", "dragon": "mountains", "castle": "mountains",
    "bison": "field", "kangaroo": "desert", "crab": "beach", "turtle": "beach", "umbrella-on-ground": "beach",
    "person-surfing": "sea", "lighthouse": "sea", "spouting-whale": "sea", "airplane": "sky", "small-airplane": "sky",
    "helicopter": "sky", "parachute": "sky", "hot-air-balloon": "mountains",
    "rocket": "space", "satellite": "space", "flying-saucer": "space", "astronaut": "space", "alien": "space",
    "taxi": "street", "bus": "street", "police-car": "street", "tram-car": "street", "ambulance": "street",
    "fire-engine": "street", "trolleybus": "street", "kick-scooter": "street", "motor-scooter": "street",
    "racing-car": "road", "tractor": "field", "sunflower": "field", "sheaf-of-rice": "field", "windmill": "meadow",
    "cow": "meadow", "horse": "meadow", "ewe": "meadow", "person-dancing": "street", "ninja": "street", "cat": "room",
    "dog": "garden", "hamster": "room", "couch-and-lamp": "room", "bed": "room", "chair": "room",
    "desktop-computer": "room", "television": "room", "teddy-bear": "room", "technologist": "room",
    "tokyo-tower": "city", "statue-of-liberty": "sea", "factory": "village", "volcano": "island",
    "shinto-shrine": "forest",
    "japanese-castle": "garden", "ghost": "forest", "telescope": "meadow", "ferris-wheel": "garden",
    "palm-tree": "beach", "christmas-tree": "snow", "unicorn": "meadow", "red-paper-lantern": "sky", "kite": "meadow",
}  # fmt: skip
BY_KIND = {
    "boat": "sea", "fish": "underwater", "sea plant": "underwater", "food": "table", "thing": "studio",
    "animal": "meadow", "head": "forest", "bust": "portrait", "face": "portrait",
    "person": "meadow", "vehicle": "road", "building": "village", "mountain": "mountains", "plant": "garden",
    "float": "lake", "air": "meadow",
}  # fmt: skip
PROTOTYPES = {
    "meadow": "a green meadow with wild flowers", "mountains": "high rocky mountains and a wide valley",
    "forest": "a deep forest of tall trees", "desert": "hot dry sand dunes",
    "sea": "the open ocean with waves", "lake": "a still lake reflecting the hills",
    "beach": "a tropical sandy beach holiday", "city": "a modern city skyline with skyscrapers",
    "street": "a busy downtown street with traffic", "village": "a small country village",
    "snow": "a cold frozen snowy landscape", "space": "outer space, stars and galaxies",
    "underwater": "life under the sea",
    "room": "the inside of a home", "table": "delicious food and drink on a table",
    "studio": "a commercial product in a photo studio", "abstract": "an abstract idea, feeling, music or emotion",
    "portrait": "the face of a person", "jungle": "a tropical jungle", "garden": "a flower garden in a park",
}  # fmt: skip
