"""The words for when and where, which embeddings get wrong: time, weather, season, place.

Each table maps a word or phrase to what it means. Phrases are matched before words, longest first.
"""

from __future__ import annotations

TIMES: dict[str, str] = {
    "golden hour": "golden", "late afternoon": "golden", "evening light": "golden", "afternoon": "golden",
    "warm light": "golden",
    "blue hour": "dusk", "sunset": "sunset", "sundown": "sunset", "setting sun": "sunset", "sunrise": "sunrise",
    "dawn": "sunrise",
    "daybreak": "sunrise", "early morning": "sunrise", "morning": "sunrise", "rising sun": "sunrise", "dusk": "dusk",
    "twilight": "dusk",
    "evening": "dusk", "night": "night", "midnight": "night", "nighttime": "night", "moonlight": "night",
    "moonlit": "night", "full moon": "night",
    "crescent moon": "night", "starry": "night", "stars": "night", "nocturnal": "night", "neon": "night",
    "northern lights": "night",
    "aurora": "night", "aurora borealis": "night", "noon": "day", "midday": "day", "daytime": "day", "sunny": "day",
    "day": "day",
}  # fmt: skip
WEATHERS: dict[str, str] = {
    "rain": "rain", "rainy": "rain", "raining": "rain", "drizzle": "rain", "downpour": "rain", "storm": "storm",
    "stormy": "storm",
    "thunderstorm": "storm", "thunder": "storm", "lightning": "storm", "tempest": "storm", "snowing": "snow",
    "snowfall": "snow",
    "heavy snow": "snow", "snow falls": "snow", "snow is falling": "snow",
    "blizzard": "snow", "snowstorm": "snow", "falling snow": "snow", "snowflakes": "snow", "fog": "fog",
    "foggy": "fog", "mist": "fog",
    "misty": "fog", "haze": "fog", "hazy": "fog", "cloudy": "cloudy", "clouds": "cloudy", "overcast": "overcast",
    "grey sky": "overcast",
}  # fmt: skip
SEASONS: dict[str, str] = {
    "autumn": "autumn", "autumnal": "autumn", "fall foliage": "autumn", "fall colors": "autumn",
    "fall colours": "autumn", "october": "autumn",
    "november": "autumn", "winter": "winter", "wintry": "winter", "december": "winter", "christmas": "winter",
    "spring": "spring",
    "springtime": "spring", "april": "spring", "summer": "summer", "summertime": "summer", "snowy": "winter",
    "snow covered": "winter",
    "snow": "winter", "frozen": "winter", "icy": "winter",
}  # fmt: skip
PLACES: dict[str, str] = {
    # How a picture is made comes before where it is.
    "product photo": "studio", "product photograph": "studio", "product photography": "studio",
    "product shot": "studio", "studio": "studio",
    "packshot": "studio", "clean background": "studio", "white background": "studio", "plain background": "studio",
    "podium": "studio",
    "still life": "table", "logo": "icon", "app icon": "icon", "icon": "icon", "emblem": "icon", "badge": "icon",
    "seamless pattern": "pattern",
    "pattern": "pattern", "wallpaper pattern": "pattern", "tileable": "pattern", "geometric": "pattern",
    "mosaic": "pattern", "abstract": "abstract",
    "gradient": "abstract", "minimalist shapes": "abstract", "fluid": "abstract", "portrait": "portrait",
    "headshot": "portrait",
    "close up of a face": "portrait", "avatar": "portrait", "profile picture": "portrait",
    # Other worlds.
    "outer space": "space", "deep space": "space", "space": "space", "galaxy": "space", "nebula": "space",
    "cosmos": "space", "cosmic": "space",
    "planet": "space", "ringed planet": "space", "saturn": "space", "jupiter": "space", "universe": "space",
    "orbit": "space", "asteroid": "space",
    "on the moon": "moon", "moon surface": "moon", "surface of the moon": "moon", "lunar": "moon", "mars": "mars",
    "martian landscape": "mars", "underwater": "underwater",
    "under the sea": "underwater", "under water": "underwater", "coral reef": "underwater", "reef": "underwater",
    "seabed": "underwater",
    "ocean floor": "underwater", "deep sea": "underwater", "aquarium": "underwater",
    # The Earth.
    "city street": "street", "street": "street", "alley": "street", "downtown": "city", "city": "city",
    "skyline": "city", "cityscape": "city",
    "skyscrapers": "city", "skyscraper": "city", "metropolis": "city", "tokyo": "street", "new york": "city",
    "manhattan": "city", "paris": "city", "urban": "street",
    "avenue": "street", "cyberpunk": "street", "crosswalk": "street", "beach": "beach", "seaside": "beach",
    "seashore": "beach", "shore": "beach", "coast": "sea",
    "island": "island", "tropical island": "island", "lagoon": "island", "sea": "sea", "ocean": "sea", "waves": "sea",
    "harbor": "sea", "harbour": "sea", "bay": "sea",
    "lake": "lake", "pond": "lake", "fjord": "lake", "river": "river", "stream": "river", "creek": "river",
    "canyon": "canyon", "mesa": "canyon",
    "badlands": "canyon", "desert": "desert", "sahara": "desert", "dune": "desert", "dunes": "desert",
    "oasis": "desert", "jungle": "jungle", "rainforest": "jungle", "bamboo forest": "jungle", "bamboo": "jungle",
    "forest": "forest", "woods": "forest", "woodland": "forest", "pine forest": "forest", "mountain lake": "lake",
    "mountain": "mountains",
    "mountains": "mountains", "alps": "mountains", "peaks": "mountains", "valley": "mountains", "summit": "mountains",
    "himalayas": "mountains", "glacier": "snow",
    "arctic": "snow", "antarctica": "snow", "tundra": "snow", "ice field": "snow", "iceberg": "snow",
    "snowfield": "snow", "village": "village", "town": "village", "countryside": "village",
    "farm": "village", "meadow": "meadow", "grassland": "meadow", "hill": "meadow", "hills": "meadow",
    "prairie": "meadow", "pasture": "meadow", "grass": "meadow",
    "lawn": "garden", "garden": "garden", "park": "garden", "orchard": "garden", "backyard": "garden",
    "field": "field", "wheat field": "field", "savanna": "field",
    "savannah": "field", "field of flowers": "meadow", "flower field": "meadow", "road": "road", "highway": "road",
    "sky": "sky", "above the clouds": "sky", "in the clouds": "sky",
    # Indoors.
    "room": "room", "bedroom": "room", "living room": "room", "interior": "room", "indoors": "room",
    "library": "room", "office": "room", "kitchen": "table",
    "table": "table", "desk": "table", "plate": "table", "cafe": "table", "restaurant": "table", "bakery": "table",
    "breakfast": "table", "picnic blanket": "meadow",
}  # fmt: skip
RANK = {
    # Which place wins when several are named; smaller is stronger.
    "icon": 0, "pattern": 0, "studio": 1, "portrait": 1, "abstract": 2, "space": 3, "moon": 2, "mars": 2,
    "underwater": 3, "street": 4, "beach": 5, "island": 5, "lake": 5, "river": 5,
    "room": 5, "table": 5, "city": 5, "desert": 6, "canyon": 6, "sea": 7, "jungle": 6, "snow": 6, "village": 7,
    "forest": 7, "garden": 8, "field": 8, "road": 7,
    "meadow": 9, "mountains": 8, "sky": 10,
}  # fmt: skip
EXTRAS: dict[str, str] = {
    "aurora": "aurora", "aurora borealis": "aurora", "northern lights": "aurora", "rainbow": "rainbow",
    "ringed planet": "ringed_planet", "saturn": "ringed_planet",
    "planet with rings": "ringed_planet", "rings": "ringed_planet", "planet": "planet", "planets": "planet",
    "wet": "wet", "puddle": "wet", "puddles": "wet",
    "reflections": "wet", "oasis": "oasis", "cherry blossom": "blossom", "cherry blossoms": "blossom",
    "sakura": "blossom", "petals": "petals", "falling leaves": "leaves",
    "coast": "coast", "cliffs": "coast", "river": "river", "waterfront": "river", "harbour": "river",
    "harbor": "river", "forest": "forest", "leafy": "leafy", "birch": "leafy", "oak": "leafy", "maple": "leafy",
    "flowers": "flower:meadow",
    "wildflowers": "flower:meadow", "flower field": "flower:meadow", "poppies": "flower:poppy",
    "poppy": "flower:poppy", "lavender": "flower:lavender", "tulips": "flower:tulip",
    "sunflowers": "flower:sunflower", "lavender field": "flower:lavender", "sunflower field": "flower:sunflower",
    "tulip field": "flower:tulip", "poppy field": "flower:poppy",
}  # fmt: skip
