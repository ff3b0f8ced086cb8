#!/usr/bin/env python3
"""Write `flatshare.csv`, an invented Splitwise group export.

Two years (2024-01-01 to 2025-12-31) of a flat in Berlin whose five tenants
come and go, with a trip to Japan (JPY, no decimals) and a visit in Kuwait
(KWD, three decimals). Nobody in it exists.

    python3 make_flatshare.py            writes flatshare.csv next to this file
    python3 make_flatshare.py --check    exits 1 if flatshare.csv is different

Money is whole minor units (cents, yen, fils) throughout; there are no floats.
The random numbers come from the generator below, not from `random`, so that
the file is the same whichever Python writes it.
"""

import argparse
import calendar
import datetime
import pathlib
import sys

TARGET = pathlib.Path(__file__).resolve().parent / "flatshare.csv"
SEED = 3
EXPONENT = {"EUR": 2, "JPY": 0, "KWD": 3}

# One letter for each member, in the order of the columns.
COLUMN = {
    "A": "Anna Schäfer",
    "T": "Tomás O'Neill",
    "L": "Lena",
    "M": 'Mehmet "Memo" Yılmaz',
    "X": "李小龙 (removed)",
}
FULL = {**COLUMN, "X": "李小龙"}
SHORT = {"A": "Anna", "T": "Tomás", "L": "Lena", "M": "Memo", "X": "小龙"}

# Who lives in the flat when, both days included.
STAYS = {
    "A": [("2024-01-01", "2025-12-31")],
    "T": [("2024-01-01", "2024-08-31"), ("2024-12-01", "2025-12-31")],
    "L": [("2024-03-15", "2025-12-31")],
    "M": [("2024-09-01", "2024-12-08"), ("2025-02-15", "2025-12-31")],
    "X": [("2024-01-01", "2025-02-28")],
}

# Everybody is away: no groceries, no cinema.
AWAY = [("2024-05-03", "2024-05-15"), ("2025-11-08", "2025-11-16")]

BLANK_LINE_BEFORE = "2025-01-01"
LAST_DAY = "2025-12-31"


# What happens in some months only.
SEASON = {
    "Spargel": (4, 5, 6), "pumpkin": (9, 10, 11), "ice cream": (5, 6, 7, 8, 9),
    "Barbecue in the park": (5, 6, 7, 8), "Raclette supplies": (11, 12, 1, 2),
    "Eis 🍦": (4, 5, 6, 7, 8, 9), "Thai at Preußenpark": (5, 6, 7, 8, 9),
    "Kegs for the balcony": (6, 7, 8), "Regio to the lake": (5, 6, 7, 8, 9),
    "Mini golf": (4, 5, 6, 7, 8, 9), "Pedal boat": (5, 6, 7, 8), "Sauna": (10, 11, 12, 1, 2, 3),
    "Open-air cinema": (6, 7, 8), "Berlinale tickets": (2,), "Tick remover": (4, 5, 6, 7, 8),
    "Balcony soil and seeds": (3, 4, 5), "Hay fever spray": (3, 4, 5, 6),
    "Vitamin D for the winter": (10, 11, 12, 1),
}


class Rng:
    """SplitMix64."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def between(self, low, high):
        return low + self.next() % (high - low + 1)

    def percent(self, chance):
        return self.next() % 100 < chance

    def pick(self, items):
        return items[self.next() % len(items)]

    def shuffled(self, items):
        items = list(items)
        for i in range(len(items) - 1, 0, -1):
            j = self.next() % (i + 1)
            items[i], items[j] = items[j], items[i]
        return items


class Deck:
    """Deals its cards in random order, and shuffles again when they run out.

    A card out of season is put away.
    """

    def __init__(self, rng, cards):
        self.rng, self.cards, self.left = rng, cards, []

    def deal(self, month):
        while True:
            if not self.left:
                self.left = self.rng.shuffled(self.cards)
            card = self.left.pop()
            name = card if isinstance(card, str) else card[0]
            if month in SEASON.get(name, (month,)):
                return card


# --- What happens every month -------------------------------------------------

# The rent, by room: from which month, and what each one pays.
RENT = [
    ("2024-01", {"A": 640_00, "T": 570_00, "X": 510_00}),
    ("2024-04", {"A": 520_00, "T": 450_00, "X": 390_00, "L": 360_00}),
    ("2024-09", {"A": 520_00, "M": 450_00, "X": 390_00, "L": 360_00}),
    ("2024-12", {"A": 520_00, "T": 450_00, "X": 390_00, "L": 360_00}),
    ("2025-01", {"A": 540_00, "T": 467_50, "X": 402_50, "L": 375_00}),
    ("2025-03", {"A": 540_00, "T": 467_50, "M": 402_50, "L": 375_00}),
]

MONTHS = [
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
]
MONATE = [
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli",
    "August", "September", "Oktober", "November", "Dezember",
]

# --- What happens at random: (description, lowest, highest) in whole euros ----

SHOPS = [
    "Rewe", "Edeka", "Lidl", "Aldi", "Netto", "Penny", "Kaufland", "Bio Company",
    "Alnatura", "Wochenmarkt", "Türkenmarkt am Maybachufer", "Asia-Markt",
    "Späti", "Denns", "Eurogida", "Go Asia", "Bäckerei", "Obsthändler",
]
ITEMS = [
    "milk", "oat milk", "eggs", "bread", "bananas", "coffee beans", "olive oil",
    "potatoes", "tofu", "rice 5 kg", "noodles", "onions", "Brötchen", "Quark",
    "Müsli", "Spargel", "Feta", "parsley", "Linsen", "yoghurt", "chocolate",
    "Apfelschorle", "lemons", "peanut butter", "kimchi", "soy sauce", "spinach",
    "pasta", "passata", "Sucuk", "simit", "garlic", "butter", "cheese", "hummus",
    "avocados", "flour", "Hefe", "tea", "ice cream", "Käsespätzle stuff",
    "pumpkin", "mushrooms", "chickpeas", "honey", "crisps", "frozen berries",
    "Mineralwasser", "ginger", "spring onions", "dumplings", "miso",
]
GROCERY_NOTES = [
    ("Big weekly shop", 48, 96), ("Weekend shop", 32, 78), ("Breakfast for everybody", 16, 44),
    ("Curry for everyone", 17, 38), ("Soup ingredients", 9, 22), ("Wocheneinkauf", 44, 92),
    ("Forgot the milk again", 2, 5), ("Pizza night ingredients", 16, 36),
    ("Stuff for the hotpot 🍲", 34, 72), ("Veg box", 21, 32), ("Einkauf für Lasagne", 18, 36),
    ("Midnight snacks", 7, 21), ("Compras de la semana", 38, 84), ("Haftalık alışveriş", 36, 80),
    ("买菜", 14, 48), ("Taco night 🌮", 19, 42), ("Raclette supplies", 28, 58), ("Just bread", 3, 7),
    ("Baking day", 9, 24), ("Barbecue in the park", 32, 74), ("Leftover-proof chili", 16, 34),
]

RANDOM = {
    "Dining out": [
        ("Pizza at Il Casolare", 24, 62), ("Döner x3", 18, 24), ("Ramen", 28, 58),
        ("Vietnamese on the corner", 26, 60), ("Indian, too spicy", 30, 66),
        ("Brunch", 32, 78), ("Sushi 🍣", 38, 95), ("Burger after climbing", 27, 52),
        ("Lunch at the canteen", 12, 26), ("Ethiopian, shared platter", 34, 62),
        ("Delivery: pad thai and spring rolls", 29, 55), ("Falafel", 11, 25),
        ("Schnitzel and beer", 38, 84), ("Coffee and cake", 11, 28), ("Eis 🍦", 7, 18),
        ("Dim sum", 36, 88), ("Georgian dinner", 42, 92), ("Currywurst", 8, 19),
        ("Tapas", 36, 86), ("Lahmacun to go", 9, 22), ("Korean BBQ", 48, 110),
        ("Pho", 24, 48), ("Käffchen", 6, 15), ("Lieferando, rainy day", 27, 56),
        ("Bagels", 13, 29), ("Cevapcici", 21, 44), ("Tibetan momos", 22, 47),
        ("Dinner before the theatre", 44, 98), ("Mensa", 9, 19), ("Croissants", 7, 16),
        ("Dinner, tip included", 36, 90), ("Pommes + Mayo", 6, 14),
        ("Manti", 25, 46), ("火锅", 46, 112), ("Menú del día", 24, 50),
        ("Afternoon waffles", 10, 24), ("Thai at Preußenpark", 16, 34),
    ],
    "Household supplies": [
        ("Toilet paper", 5, 13), ("dm: detergent and sponges", 8, 24),
        ("Dishwasher tabs", 7, 16), ("Rossmann", 6, 27), ("Bin bags", 3, 9),
        ("Light bulbs", 6, 19), ("Baking paper, foil", 4, 9), ("Descaler", 4, 11),
        ("New mop (the old one died)", 14, 29), ("Hand soap", 3, 9),
        ("Batteries AA + AAA", 6, 15), ("Laundry detergent", 6, 16),
        ("Candles", 5, 17), ("Sponges & gloves", 4, 11), ("Drain cleaner", 5, 12),
        ("Vacuum bags", 9, 18), ("Tea towels", 8, 22), ("Dish soap", 2, 6),
        ("Klopapier, endlich", 5, 12), ("Storage jars", 9, 26),
        ("Moth traps", 6, 14), ("Water filter cartridges", 13, 26),
    ],
    "Liquor": [
        ("Beer crate", 15, 24), ("Wine for the weekend", 9, 34), ("Sekt", 5, 22),
        ("Späti beers", 6, 19), ("Gin + tonic", 17, 38), ("Mezcal", 28, 46),
        ("Rakı", 17, 33), ("Club Mate crate", 15, 23), ("Cider", 8, 20),
        ("白酒 (never again)", 18, 36), ("Aperol", 13, 27), ("Kegs for the balcony", 24, 48),
    ],
    "Bus/train": [
        ("BVG tickets", 6, 16), ("Train to Potsdam", 12, 29), ("S-Bahn, 4 trips", 10, 14),
        ("Night train snacks and seats", 14, 38), ("Brandenburg-Ticket", 33, 33),
        ("Train to Leipzig", 28, 74), ("Regio to the lake", 11, 26),
        ("Flixbus to Dresden", 19, 47), ("Quer-durchs-Land-Ticket", 49, 66),
        ("Tickets to the airport", 8, 18), ("Train to Hamburg", 44, 112),
    ],
    "Taxi": [
        ("Taxi home", 13, 34), ("Uber from the airport", 29, 54), ("Bolt 🚕", 9, 24),
        ("Taxi, last train missed", 18, 46), ("Free Now", 11, 28),
        ("Taxi with the suitcases", 16, 39),
    ],
    "Entertainment - Other": [
        ("Museum", 12, 36), ("Bouldering", 22, 52), ("Swimming pool", 11, 24),
        ("Karaoke 🎤", 24, 62), ("Escape room", 72, 116), ("Zoo", 34, 72),
        ("Sauna", 36, 84), ("Table tennis balls + bat", 14, 31), ("Flea market", 6, 28),
        ("Bowling", 27, 58), ("Mini golf", 18, 32), ("Planetarium", 18, 40),
        ("Club entry", 28, 64), ("Pedal boat", 16, 34), ("Quiz night", 8, 26),
    ],
    "Movies": [
        ("Cinema", 20, 48), ("Open-air cinema", 18, 38), ("Popcorn and nachos", 9, 24),
        ("Documentary + discussion", 18, 44), ("Berlinale tickets", 26, 60),
        ("Film rental", 4, 7), ("Kino International", 18, 40),
    ],
    "Games": [
        ("Board game: Azul", 32, 38), ("Board game café", 14, 34), ("Catan expansion", 22, 34),
        ("Puzzle, 2000 pieces", 16, 26), ("Mario Kart for the flat", 46, 52),
        ("UNO (lost the old cards)", 7, 10),
    ],
    "Music": [
        ("Concert tickets", 44, 128), ("Philharmonie, cheap seats", 30, 72),
        ("Jazz bar entry", 16, 40), ("Guitar strings", 9, 17), ("Techno at 8 in the morning", 36, 66),
    ],
    "Gifts": [
        ("Birthday present for Jonas", 18, 48), ("Flowers", 9, 26), ("Card + stamp", 4, 8),
        ("Wedding present for Mila & Deniz", 60, 140), ("Baby gift for the neighbours", 18, 36),
        ("Something for the caretaker", 10, 24), ("Farewell gift for Carla", 16, 40),
    ],
    "Home - Other": [
        ("Plants", 8, 38), ("Shower curtain", 9, 21), ("Spare keys x2", 12, 34),
        ("Picture frames", 12, 33), ("Extension lead", 8, 19), ("Baking tin", 8, 19),
        ("Frying pan", 22, 49), ("Balcony soil and seeds", 12, 34), ("Door mat", 9, 24),
    ],
    "Maintenance": [
        ("Bauhaus: screws, paint, tape", 12, 58), ("Plumber", 74, 146),
        ("Tap seal", 4, 12), ("Silicone for the bathroom", 7, 18), ("Smoke alarm", 14, 32),
    ],
    "Bicycle": [
        ("Bike repair", 18, 74), ("Bike pump", 14, 29), ("Nextbike", 3, 12),
        ("Inner tubes", 9, 22), ("Bike lights", 14, 34),
    ],
    "Car": [
        ("Car sharing to Ikea", 16, 42), ("Miles van", 28, 78), ("Rental car, weekend", 84, 168),
    ],
    "Medical expenses": [
        ("Pharmacy", 6, 27), ("Corona tests", 4, 16), ("First aid kit", 14, 26),
        ("Ibuprofen, tissues, tea", 9, 19), ("Cough syrup", 7, 14), ("Tick remover", 5, 9),
        ("Hay fever spray", 8, 17), ("Vitamin D for the winter", 8, 22),
    ],
    "General": [
        ("Print shop", 3, 17), ("Parcel to Ireland", 14, 28), ("Post office", 4, 19),
        ("Misc", 5, 38), ("Cash machine fee", 3, 6), ("Stuff", 6, 42), ("?", 4, 23),
        ("Photo booth", 4, 12), ("Laundrette", 8, 19),
    ],
}

# How many a month: (category, fewest, most, chance in percent that all share).
PLAN = [
    ("Groceries", 7, 10, 78),
    ("Dining out", 4, 6, 35),
    ("Household supplies", 1, 2, 96),
    ("Liquor", 0, 2, 50),
    ("Bus/train", 1, 2, 25),
    ("Taxi", 0, 1, 20),
    ("Entertainment - Other", 1, 2, 40),
    ("Movies", 0, 1, 30),
    ("Games", 0, 1, 70),
    ("Music", 0, 1, 20),
    ("Gifts", 0, 1, 60),
    ("Home - Other", 0, 1, 90),
    ("Maintenance", 0, 1, 95),
    ("Bicycle", 0, 1, 20),
    ("Car", 0, 1, 40),
    ("Medical expenses", 0, 1, 40),
    ("General", 0, 1, 45),
]

# One owes one the whole amount: {c} paid, {d} owes.
ONE_TO_ONE = [
    ("Cash for {d}", 20, 60), ("{d} forgot the wallet", 8, 34), ("Lent to {d}", 15, 80),
    ("{d}'s train ticket", 14, 69), ("{d}: concert ticket", 28, 74), ("{d}'s half of the bet", 5, 10),
    ("Pharmacy for {d} 🤒", 6, 24), ("Phone top-up {d}", 10, 20), ("Parcel for {d}, customs", 11, 42),
    ("{d}'s library fine", 2, 12), ("Haircut, {d} had no cash", 18, 38), ("Book for {d}", 9, 26),
    ("IOU {d} → {c}", 5, 40), ("{d}'s dentist (advance)", 40, 96), ("Umbrella for {d}", 8, 19),
]

# --- What happened once -------------------------------------------------------
# (date, description, category, cost, paid by, shared by). Paid and shared are
# letters (in equal parts) or amounts/weights.

EUR = [
    ("2024-01-01", "New Year's leftovers, and a cab", "Taxi", 31_40, "A", "ATX"),
    ("2024-01-03", "Kaution Untermieter-Konto, opening fee", "Services", 15_00, "A", "ATX"),
    ("2024-01-06", "Couch (eBay Kleinanzeigen)", "Furniture", 180_00, "X", "ATX"),
    ("2024-01-06", "Van for the couch, 3 h", "Car", 47_80, "T", "ATX"),
    ("2024-01-13", 'The "good" knife, finally', "Household supplies", 64_90, "T", "ATX"),
    ("2024-01-20", "Flights BER-NRT 4x ✈️ (Lena pays me back when she moves in)", "Plane", 2_316_00, "A", {"A": 2, "T": 1, "X": 1}),
    ("2024-01-27", "Yoga mat (only mine, wrong group, sorry)", "Sports", 24_90, "A", "A"),
    ("2024-02-03", "Haftpflicht: glass insurance, whole year", "Insurance", 71_88, "X", "ATX"),
    ("2024-02-10", "Spring Festival dinner 🧧 新年快乐", "Dining out", 148_60, "X", "ATX"),
    ("2024-02-14", "Two hearts, one pizza", "Dining out", 14_50, "T", "AT"),
    ("2024-02-24", "Paint,\nrollers,\nand one ruined jumper", "Maintenance", 92_37, "A", "ATX"),
    ("2024-03-02", '"Der Zauberberg", stage version', "Entertainment - Other", 84_00, "A", {"A": 1, "T": 1, "X": 1}),
    ("2024-03-15", "Welcome dinner for Lena 🎉", "Dining out", 96_40, {"A": 40_00, "T": 56_40}, "ATXL"),
    ("2024-03-15", "Rent: Lena's half of March", "Rent", 180_00, "L", {"A": 60, "T": 60, "X": 60}),
    ("2024-03-16", "Keys copied, 3 pcs., security lock", "Home - Other", 87_00, "T", "ATXL"),
    ("2024-03-17", "Lena's part of the Japan flights", "Plane", 579_00, "A", "L"),
    ("2024-03-18", "Ikea:\n2 x Billy\n1 x Lack (for Lena)", "Furniture", 143_97, "L", {"A": 49_99, "X": 49_99, "L": 43_99}),
    ("2024-03-30", "Easter eggs, dyed; some eaten", "Groceries", 17_83, "L", "ATXL"),
    ("2024-04-01", "test", "General", 0, "L", "ATXL"),
    ("2024-04-13", "Rundfunkbeitrag 18,36 € × 3", "TV/Phone/Internet", 55_08, "A", "ATXL"),
    ("2024-04-20", "JR Pass vouchers", "Bus/train", 1_268_00, {"A": 634_00, "X": 634_00}, "ATXL"),
    ("2024-04-27", "  Travel plugs and a neck pillow", "Electronics", 38_45, "L", "ATXL"),
    ("2024-05-02", "Travel insurance, 2 weeks, all 4 of us", "Insurance", 76_40, "T", "ATXL"),
    ("2024-05-15", "Airport -> home, everyone asleep", "Taxi", 58_90, "X", "ATXL"),
    ("2024-05-19", "Photo prints Japan 📷", "General", 33_60, "L", "ATXL"),
    ("2024-05-25", "Washing machine repair: pump, labour, call-out", "Maintenance", 189_21, "T", "ATXL"),
    ("2024-06-01", "פלאפל וחומוס אצל עזרא", "Dining out", 41_50, "L", "ATL"),
    ("2024-06-14", "Euro 2024 opening match: flags, crisps, beer", "Entertainment - Other", 46_23, "T", "ATXL"),
    ("2024-06-22", "Café Kotti", "Dining out", 3_80, "T", "TL"),
    ("2024-06-22", "Café Kotti", "Dining out", 3_80, "T", "TL"),
    ("2024-06-29", "Kayaks Spreewald", "Sports", 88_00, "X", "ATXL"),
    ("2024-07-01", "Total balance of the bank account fee", "Services", 11_70, "A", "ATXL"),
    ("2024-07-06", "WG-Party: Deko, Eis, 40 Becher", "Entertainment - Other", 73_18, "L", "ATXL"),
    ("2024-07-06", "WG-Party: drinks", "Liquor", 164_55, {"A": 64_55, "T": 60_00, "X": 40_00}, "ATXL"),
    ("2024-07-07", "Cleaning after the party (carpet shampoo)", "Cleaning", 12_49, "T", "ATXL"),
    ("2024-07-07", "Neighbours' apology chocolates", "Gifts", 19_96, "A", "ATXL"),
    ("2024-07-20", "=2x pizza + 1x salad", "Dining out", 34_20, "X", "AXL"),
    ("2024-07-27", "+1 for Lena's sister", "Entertainment - Other", 27_00, "A", "L"),
    ("2024-08-03", "Lisbon flights, hand luggage only", "Plane", 412_36, "T", "ATL"),
    ("2024-08-08", "Alfama flat, 3 nights", "Hotel", 387_00, "L", "ATL"),
    ("2024-08-08", "Metro cards; airport sandwich", "Bus/train", 28_35, "A", "ATL"),
    ("2024-08-09", "Pastéis de nata, again", "Dining out", 16_90, "T", "ATL"),
    ("2024-08-10", "Sintra: palace, tuk-tuk, parking", "Entertainment - Other", 96_00, {"A": 46_00, "T": 50_00}, "ATL"),
    ("2024-08-11", "Grilled sardines (bill split by what we ate)", "Dining out", 68_70, "A", {"A": 21_50, "T": 29_80, "L": 17_40}),
    ("2024-08-31", "Farewell drinks: Tomás leaves for Bologna", "Liquor", 52_60, {"A": 26_30, "L": 26_30}, "ATXL"),
    ("2024-09-01", "Hoş geldin Memo! Dinner", "Dining out", 83_20, "A", "AXLM"),
    ("2024-09-07", "Desk for the sublet room", "Furniture", 79_00, "M", {"M": 3, "A": 1}),
    ("2024-09-14", "-20% coupon shop (saved 9 €)", "Groceries", 36_44, "M", "AXLM"),
    ("2024-09-21", "Oktoberfest, the Berlin one", "Entertainment - Other", 118_40, {"M": 60_00, "X": 58_40}, "AXLM"),
    ("2024-10-05", "Router, because the internet was \"fine yesterday\"", "Electronics", 89_99, "X", "AXLM"),
    ("2024-10-19", "Mushroom guide & basket", "General", 31_95, "L", "AL"),
    ("2024-10-31", "Halloween 🎃👻 sweets for the stairwell", "Groceries", 22_67, "M", "AXLM"),
    ("2024-11-09", "Winter tyres? No: winter duvets, 2 of them", "Household supplies", 119_90, "A", {"A": 1, "L": 1}),
    ("2024-11-16", "Cat sitting for Mrs. Krüger (food, litter)", "Pets", 27_31, "L", "AXLM"),
    ("2024-11-23", "Heizkosten Nachzahlung 2023, share per month lived here", "Heat/gas", 286_43, "A", {"A": 12, "X": 12}),
    ("2024-11-30", "Advent wreath", "Home - Other", 24_00, "X", "AXLM"),
    ("2024-12-01", "Tomás is back: tortellini for five", "Dining out", 61_35, "T", "ATLMX"),
    ("2024-12-06", "Nikolaus: 5 boots, 5 oranges", "Groceries", 18_91, "A", "ATLMX"),
    ("2024-12-07", "Memo's last Glühwein (until spring)", "Liquor", 47_50, {"T": 20_00, "L": 27_50}, "ATLMX"),
    ("2024-12-14", "Tree 🎄, stand, 2 strings of lights", "Home - Other", 58_98, "T", "ATLX"),
    ("2024-12-21", "Secret Santa, 4 × max. 15 €", "Gifts", 57_20, "L", "ATLX"),
    ("2024-12-31", "Fondue, fireworks (only the small ones), Sekt", "Groceries", 131_76, {"A": 61_76, "X": 70_00}, "ATLX"),
    ("2025-01-04", "Tax adviser, Anna & Tomás", "Taxes", 145_00, "A", "AT"),
    ("2025-01-11", "Second-hand freezer + Transport", "Electronics", 130_00, "L", "ATLX"),
    ("2025-01-18", "Gloves, lost on the same evening", "Clothing", 19_95, "T", "T"),
    ("2025-01-28", "除夕 dinner: dumplings, fish, 2 bottles", "Groceries", 94_17, "X", "ATLX"),
    ("2025-02-08", "Berlinale: \"Kontinental '25\", 4 seats", "Movies", 60_00, "L", "ATLX"),
    ("2025-02-15", "Memo moves in, van + pizza", "Car", 84_37, "M", "ATLMX"),
    ("2025-02-16", "Wall paint for 小龙's room, handover", "Maintenance", 66_49, "X", "XM"),
    ("2025-02-22", "Farewell hotpot 小龙 😢 👩🏽‍🍳", "Dining out", 187_45, {"A": 62_45, "T": 60_00, "L": 65_00}, "ATLMX"),
    ("2025-02-23", "Goodbye present: framed photo, signed by all", "Gifts", 42_80, "A", "ATLM"),
    ("2025-02-28", "Final cleaning, 小龙's room", "Cleaning", 45_00, "A", "X"),
    ("2025-03-08", "International Women's Day, brunch on the boys", "Dining out", 64_60, {"T": 32_30, "M": 32_30}, "TM"),
    ("2025-03-15", "Iftar: dates, lentils, baklava, more baklava", "Groceries", 58_73, "M", "ATLM"),
    ("2025-03-22", "Locksmith at 3 a.m. (who locked us out?!)", "Services", 239_00, "T", {"T": 1, "L": 1, "M": 2}),
    ("2025-03-30", "Bayram şekeri 🍬", "Gifts", 14_28, "M", "ATLM"),
    ("2025-04-12", "Balcony table; 4 chairs; 1 parasol", "Furniture", 212_95, "A", "ATLM"),
    ("2025-04-19", "Easter trip: Rügen, holiday flat (2 nights) ", "Hotel", 268_00, "L", "ATLM"),
    ("2025-04-19", "Petrol, Rügen and back", "Gas/fuel", 73_06, "M", "ATLM"),
    ("2025-04-20", "Fischbrötchen 7 Stück", "Dining out", 37_10, "T", {"A": 2, "T": 2, "L": 1, "M": 2}),
    ("2025-04-21", "Parking Binz, all day", "Parking", 14_00, "M", "ATLM"),
    ("2025-05-01", "1. Mai: Köfte, Bier und Wegbier", "Dining out", 39_50, "M", "ATLM"),
    ("2025-05-10", "Cafe\u0301 (the one with the long name: \"Zum lächelnden Krokodil am Landwehrkanal, Hinterhof, zweiter Eingang links\") - cake, four coffees, and a tip for the waiter who found my phone", "Dining out", 33_70, "L", "ATLM"),
    ("2025-05-17", "Eurovision 🇦🇹🏆 snacks; scoreboard prints", "Entertainment - Other", 35_42, "A", "ATLM"),
    ("2025-05-24", "Payment for the piano tuner", "Services", 120_00, "A", "ATL"),
    ("2025-06-07", "Prague by train", "Bus/train", 157_60, "T", "ATM"),
    ("2025-06-07", "Hostel Žižkov (paid in € at the desk)", "Hotel", 138_00, "A", "ATM"),
    ("2025-06-08", "Svíčková, dumplings, 6 beers", "Dining out", 54_80, {"T": 30_00, "M": 24_80}, "ATM"),
    ("2025-06-21", "Fête de la Musique: earplugs, spritz", "Music", 26_95, "L", "ATLM"),
    ("2025-07-05", "Fan. 34 °C in the kitchen", "Electronics", 44_99, "T", "ATLM"),
    ("2025-07-12", "Lake day; ice, sun cream, parking\tand a new frisbee", "Entertainment - Other", 48_36, "M", "ATLM"),
    ("2025-07-19", "Dishwasher (delivered, connected, old one taken)", "Electronics", 549_00, {"A": 249_00, "T": 300_00}, {"A": 30, "T": 30, "L": 20, "M": 20}),
    ("2025-08-02", "عيد ميلاد مِمو 🎂 birthday cake", "Gifts", 46_80, "L", "ATL"),
    ("2025-08-09", "Kitchen, deep clean (professional)", "Cleaning", 160_00, "A", "ATLM"),
    ("2025-08-23", "Flights to Kuwait, 4 seats, 1 suitcase", "Plane", 1_684_52, {"T": 884_52, "M": 800_00}, "ATLM"),
    ("2025-09-06", "Federweißer, Zwiebelkuchen", "Groceries", 29_74, "A", "ATLM"),
    ("2025-09-13", "Anna's thesis: 3 copies, bound", "Education", 66_30, "T", "A"),
    ("2025-09-20", "Thesis party!!! 🎓", "Entertainment - Other", 143_15, {"T": 50_00, "L": 50_00, "M": 43_15}, "TLM"),
    ("2025-09-27", "007", "Movies", 12_00, "M", "TM"),
    ("2025-10-03", "Tag der Deutschen Einheit - Zoo, Currywurst; rain", "Entertainment - Other", 71_50, "L", "ATLM"),
    ("2025-10-18", "Heizkosten Nachzahlung 2024", "Heat/gas", 318_76, "T", {"A": 12, "T": 9, "L": 9, "M": 3}),
    ("2025-10-25", "Pumpkins (2 to eat, 2 to carve)", "Groceries", 21_43, "L", "ATLM"),
    ("2025-11-01", "Kuwait e-visas", "Life - Other", 38_20, "M", "ATL"),
    ("2025-11-07", "Airport taxi, 4 people + oud (borrowed)", "Taxi", 61_20, "A", "ATLM"),
    ("2025-11-16", "BER → Neukölln", "Taxi", 54_70, "T", "ATLM"),
    ("2025-11-22", "Gans bei Oma Schäfer: train + flowers", "Bus/train", 83_95, "A", "ATLM"),
    ("2025-11-29", "Advent calendar, 24 little bags", "Gifts", 39_12, "L", "ATLM"),
    ("2025-12-06", "Glühwein Rixdorf, Pfand lost twice", "Liquor", 51_00, {"M": 21_00, "L": 30_00}, "ATLM"),
    ("2025-12-13", "Strom-Nachzahlung (Jahresabrechnung)", "Electricity", 164_39, "T", "ATLM"),
    ("2025-12-20", "Goose, red cabbage, 14 dumplings", "Groceries", 112_58, "L", "ATLM"),
    ("2025-12-24", "Stollen & Kartoffelsalat", "Groceries", 43_07, "M", "ATLM"),
    ("2025-12-27", "Sofa, a real one this time; 50 % deposit", "Furniture", 645_00, "A", "ATLM"),
    ("2025-12-31", "Silvester: raclette, lead pouring (tin!), Berliner", "Groceries", 98_65, {"A": 58_65, "M": 40_00}, "ATLM"),
]

JPY = [
    ("2024-05-03", "Narita Express, 4 tickets", "Bus/train", 12_280, "A", "ATLX"),
    ("2024-05-03", "Suica cards 🐧", "Bus/train", 8_000, "T", "ATLX"),
    ("2024-05-03", "7-Eleven: onigiri, melon pan, tea", "Groceries", 3_164, "L", "ATLX"),
    ("2024-05-03", "一蘭ラーメン 渋谷", "Dining out", 4_910, "X", "ATLX"),
    ("2024-05-03", "Hotel Ueno, 4 nights", "Hotel", 98_600, "A", "ATLX"),
    ("2024-05-04", "teamLab Planets", "Entertainment - Other", 16_800, "L", "ATLX"),
    ("2024-05-04", "築地 sushi breakfast", "Dining out", 13_430, {"A": 6_430, "X": 7_000}, "ATLX"),
    ("2024-05-04", "Umbrella from the ¥100 shop (mine)", "Clothing", 110, "L", "L"),
    ("2024-05-04", "Izakaya, alley behind the station", "Dining out", 15_270, "T", {"A": 3, "T": 4, "L": 2, "X": 3}),
    ("2024-05-05", "Capsule toys, \"just one more\"", "Games", 2_700, "X", "LX"),
    ("2024-05-05", "Akihabara arcade", "Games", 5_300, "T", "TLX"),
    ("2024-05-05", "Konbini dinner 🍙", "Groceries", 3_871, "A", "ATLX"),
    ("2024-05-05", "Karaoke, 3 h, free drinks", "Entertainment - Other", 13_650, {"T": 7_000, "L": 6_650}, "ATLX"),
    ("2024-05-06", "Kamakura day trip", "Bus/train", 7_520, "X", "ATLX"),
    ("2024-05-06", "Great Buddha, entry", "Entertainment - Other", 1_200, "A", "ATLX"),
    ("2024-05-06", "Shirasu-don", "Dining out", 5_945, "L", "ATLX"),
    ("2024-05-06", "Coin lockers", "General", 1_400, "T", "ATL"),
    ("2024-05-07", "新宿 → 箱根 Romancecar", "Bus/train", 9_880, "T", "ATLX"),
    ("2024-05-07", "Ryokan Hakone, 1 night with dinner ♨️", "Hotel", 141_250, {"A": 70_000, "T": 71_250}, "ATLX"),
    ("2024-05-07", "Black eggs", "Food and drink - Other", 500, "X", "ATX"),
    ("2024-05-07", "Ropeway + pirate ship", "Entertainment - Other", 13_900, "L", "ATLX"),
    ("2024-05-08", "Bento for the shinkansen", "Dining out", 5_460, "X", "ATLX"),
    ("2024-05-08", "Kyoto machiya, 4 nights", "Hotel", 118_900, "X", "ATLX"),
    ("2024-05-08", "City bus day passes", "Bus/train", 2_800, "A", "ATLX"),
    ("2024-05-08", "Okonomiyaki", "Dining out", 7_330, "T", "ATLX"),
    ("2024-05-09", "Bicycles, one day", "Bicycle", 4_400, "L", "ATLX"),
    ("2024-05-09", "Tea ceremony", "Entertainment - Other", 11_000, "A", "ALX"),
    ("2024-05-09", "Nishiki market: skewers, pickles, mochi", "Dining out", 6_215, "L", {"A": 1, "T": 2, "L": 2, "X": 1}),
    ("2024-05-09", "Laundry + drying", "Cleaning", 1_100, "T", "ATLX"),
    ("2024-05-10", "Fushimi Inari: water and fox-shaped biscuits", "Groceries", 1_933, "A", "ATLX"),
    ("2024-05-10", "Taxi, blisters", "Taxi", 2_360, "T", "TL"),
    ("2024-05-10", "Kaiseki (lunch version)", "Dining out", 26_400, {"L": 13_000, "X": 13_400}, "ATLX"),
    ("2024-05-10", "Whisky bar", "Liquor", 9_750, "T", "ATX"),
    ("2024-05-11", "Nara: deer crackers 🦌", "Pets", 800, "L", "ATLX"),
    ("2024-05-11", "Train Kyoto-Nara, return", "Bus/train", 5_760, "X", "ATLX"),
    ("2024-05-11", "Udon", "Dining out", 4_370, "A", "ATLX"),
    ("2024-05-11", "Kimono rental", "Clothing", 8_800, "A", "AL"),
    ("2024-05-12", "Osaka hotel, 2 nights", "Hotel", 52_700, "L", "ATLX"),
    ("2024-05-12", "たこ焼き x 3", "Dining out", 2_250, "X", "ATLX"),
    ("2024-05-12", "Lent for the watch in Den Den Town", "General", 14_800, "A", "T"),
    ("2024-05-12", "Dotonbori crab, worth it?", "Dining out", 21_890, {"T": 11_000, "A": 10_890}, "ATLX"),
    ("2024-05-13", "Aquarium Kaiyukan", "Entertainment - Other", 10_800, "T", "ATLX"),
    ("2024-05-13", "Pharmacy: plasters, eye drops", "Medical expenses", 2_417, "L", "TL"),
    ("2024-05-13", "Souvenirs: KitKat, all flavours", "Gifts", 7_344, "X", {"A": 4, "T": 1, "L": 3, "X": 1}),
    ("2024-05-13", "Conveyor-belt sushi, 61 plates", "Dining out", 8_235, "A", {"A": 14, "T": 21, "L": 9, "X": 17}),
    ("2024-05-14", "Haruka to the airport", "Bus/train", 7_200, "T", "ATLX"),
    ("2024-05-14", "Last ramen at KIX", "Dining out", 4_680, "L", "ATLX"),
]

KWD = [
    ("2025-11-08", "Taxi from the airport تاكسي المطار", "Taxi", 6_500, "M", "ATLM"),
    ("2025-11-08", "SIM cards, 4 x 5 GB", "TV/Phone/Internet", 14_000, "T", "ATLM"),
    ("2025-11-08", "Machboos at Memo's sister's favourite place", "Dining out", 19_750, "A", "ATLM"),
    ("2025-11-08", "شاي كرك", "Dining out", 1_250, "L", "ATL"),
    ("2025-11-09", "عشاء في سوق المباركية", "Dining out", 16_375, "M", "ATLM"),
    ("2025-11-09", "Kuwait Towers, entry", "Entertainment - Other", 12_000, "L", "ATLM"),
    ("2025-11-09", "Grand Mosque, guided tour (free)", "Entertainment - Other", 0, "A", "ATLM"),
    ("2025-11-09", "Dates, 2 kg, and a thermos", "Gifts", 7_350, "A", {"A": 2, "T": 1}),
    ("2025-11-10", "Ferry to Failaka ⛴️", "Transportation - Other", 40_000, {"T": 20_000, "M": 20_000}, "ATLM"),
    ("2025-11-10", "Lunch on the island; no signal", "Dining out", 17_900, "T", "ATLM"),
    ("2025-11-10", "Sun cream (forgotten, of course)", "Life - Other", 3_485, "L", "ATL"),
    ("2025-11-11", "Rental car, 3 days", "Car", 38_250, "A", "ATLM"),
    ("2025-11-11", "بنزين", "Gas/fuel", 4_115, "M", "ATLM"),
    ("2025-11-11", "Desert camp, 1 night 🏕️", "Hotel", 55_000, {"A": 30_000, "L": 25_000}, "ATLM"),
    ("2025-11-11", "Charcoal, lamb, flatbread", "Groceries", 11_635, "M", "ATLM"),
    ("2025-11-12", "Tow rope + a man with a Land Cruiser", "Car", 15_000, "T", "ATLM"),
    ("2025-11-12", "Shawarma شاورما (8 pcs.)", "Dining out", 5_600, "L", {"A": 1, "T": 3, "L": 2, "M": 2}),
    ("2025-11-12", "Parking Sharq", "Parking", 500, "A", "ATLM"),
    ("2025-11-13", "Al Shaheed Park museum", "Entertainment - Other", 8_000, "M", "ATLM"),
    ("2025-11-13", "The Avenues: fitting room marathon, Memo's jacket", "Clothing", 22_900, "T", "M"),
    ("2025-11-13", "Dinner at مطعم الشاطئ, fish by weight", "Dining out", 34_385, {"A": 18_385, "M": 16_000}, "ATLM"),
    ("2025-11-13", "Cinema, gold seats", "Movies", 18_000, "L", "ATL"),
    ("2025-11-14", "Friday breakfast: balaleet, eggs, bread", "Dining out", 9_825, "T", "ATLM"),
    ("2025-11-14", "Present for Memo's sister (perfume)", "Gifts", 27_500, "L", "ATLM"),
    ("2025-11-14", "Hotel, last 2 nights", "Hotel", 86_400, "M", "ATLM"),
    ("2025-11-15", "Sadu House: small rug", "Gifts", 18_750, "A", "AL"),
    ("2025-11-15", "قهوة وكنافة", "Dining out", 6_215, "T", "ATLM"),
    ("2025-11-15", "Taxi to the airport, 2 cars", "Taxi", 9_000, "A", "ATLM"),
]

# (date, currency, from, to, amount, description or None)
TRANSFERS = [
    ("2024-03-20", "EUR", "L", "A", 579_00, None),
    ("2024-05-19", "JPY", "L", "A", 25_000, None),
    ("2024-05-26", "JPY", "T", "A", 25_000, "Tomás → Anna, yen cash from the drawer"),
    ("2024-06-09", "JPY", "L", "A", 8_000, None),
    ("2025-11-18", "KWD", "T", "M", 12_500, None),
    ("2025-11-23", "KWD", "L", "A", 9_750, "PayPal, \"for Kuwait\""),
]


# --- The ledger ---------------------------------------------------------------


def is_home(member, day):
    return any(first <= day <= last for first, last in STAYS[member])


class Group:
    def __init__(self):
        self.rows = []
        self.rotation = {}

    def divide(self, cost, shares, currency):
        """Shares of `cost` by weight; what does not divide goes around."""
        if isinstance(shares, str):
            shares = {member: 1 for member in shares}
        members = [m for m in COLUMN if m in shares]
        total = sum(shares.values())
        parts = {m: cost * shares[m] // total for m in members}
        left = cost - sum(parts.values())
        key = currency, tuple(members)
        turn = self.rotation.get(key, 0)
        for k in range(left):
            parts[members[(turn + k) % len(members)]] += 1
        self.rotation[key] = (turn + left) % len(members)
        return parts

    def spend(self, day, description, category, cost, paid, shares, currency="EUR"):
        owed = self.divide(cost, shares, currency)
        if isinstance(paid, str):
            paid = {paid: cost}
        assert sum(paid.values()) == cost == sum(owed.values()), description
        nets = {m: paid.get(m, 0) - owed.get(m, 0) for m in COLUMN}
        self.add(day, description, category, cost, currency, nets)

    def transfer(self, day, debtor, creditor, amount, currency="EUR", description=None):
        if description is None:
            description = f"{FULL[debtor]} paid {FULL[creditor]}"
        nets = {m: 0 for m in COLUMN}
        nets[debtor], nets[creditor] = amount, -amount
        self.add(day, description, "Payment", amount, currency, nets)

    def add(self, day, description, category, cost, currency, nets):
        assert sum(nets.values()) == 0, description
        assert sum(n for n in nets.values() if n > 0) <= cost, description
        assert all(n == 0 or is_home(m, day) for m, n in nets.items()), description
        self.rows.append((day, description, category, cost, currency, nets))

    def balance(self, currency, until=LAST_DAY):
        total = {m: 0 for m in COLUMN}
        for day, _, _, _, row_currency, nets in self.rows:
            if row_currency == currency and day <= until:
                for m in COLUMN:
                    total[m] += nets[m]
        return total

    def settle(self, rng, day, most):
        """At most `most` transfers between the two who are furthest apart."""
        for _ in range(most):
            home = {m: b for m, b in self.balance("EUR", day).items() if is_home(m, day)}
            debtor, creditor = min(home, key=home.get), max(home, key=home.get)
            amount = min(-home[debtor], home[creditor])
            if amount < 30_00:
                return
            if rng.percent(65):
                amount -= amount % 10_00
            description = "Settle all balances" if rng.percent(7) else None
            self.transfer(day, debtor, creditor, amount, description=description)

    def leave(self, member, day):
        """Pays or gets everything that is open, in euros."""
        home = {m: b for m, b in self.balance("EUR", day).items() if is_home(m, day)}
        mine = home.pop(member)
        while mine:
            if mine < 0:
                other = max(home, key=home.get)
                amount = min(-mine, max(home[other], 0)) or -mine
                self.transfer(day, member, other, amount)
                mine, home[other] = mine + amount, home[other] - amount
            else:
                other = min(home, key=home.get)
                amount = min(mine, max(-home[other], 0)) or mine
                self.transfer(day, other, member, amount)
                mine, home[other] = mine - amount, home[other] + amount


def groceries(rng, month, shops, items, notes):
    kind = rng.between(0, 99)
    if kind < 34:
        return shops.deal(month), 7_00, 62_00
    if kind < 56:
        return f"{shops.deal(month)} - {items.deal(month)}, {items.deal(month)}", 6_00, 38_00
    if kind < 72:
        return f"{shops.deal(month)}: {items.deal(month)} and {items.deal(month)}", 5_00, 34_00
    if kind < 80:
        return items.deal(month).capitalize(), 2_00, 12_00
    description, low, high = notes.deal(month)
    return description, low * 100, high * 100 + 99


def some(rng, people):
    """Two or more of them, in the order of the columns."""
    count = rng.between(2, len(people))
    chosen = rng.shuffled(people)[:count]
    return [m for m in people if m in chosen]


def weights(rng, sharers):
    """Unequal shares: one eats more, one hardly anything, or per cent."""
    kind = rng.between(0, 2)
    shares = {m: 2 for m in sharers}
    one = rng.pick(sharers)
    if kind == 0:
        shares[one] = 3
    elif kind == 1:
        shares[one] = 1
    else:
        left = 100
        for m in sharers[:-1]:
            shares[m] = rng.between(2, 18 // len(sharers)) * 5
            left -= shares[m]
        shares[sharers[-1]] = left
    return shares


def several(rng, cost, sharers):
    """Two or three payers, each of whom pays more than an equal share."""
    count = 3 if len(sharers) > 3 and rng.percent(35) else 2
    payers = rng.shuffled(sharers)[:count]
    first = cost * rng.between(46, 54) // 100 if count == 2 else cost * rng.between(31, 35) // 100
    if rng.percent(50) and cost >= 20_00:
        first -= first % 100
    paid = {payers[0]: first}
    if count == 3:
        paid[payers[1]] = first
    paid[payers[-1]] = cost - sum(paid.values())
    return paid


def price(rng, category, low, high):
    cost = rng.between(low, high)
    if category in ("Dining out", "Taxi", "Entertainment - Other", "Movies", "Music"):
        return cost - cost % rng.pick((10, 50, 50, 100))
    if category in ("Household supplies", "Games", "Bicycle", "Home - Other"):
        return cost - cost % 10 + 9 if rng.percent(60) else cost - cost % 5
    return cost


def bills(group, rng, year, month):
    """Rent, electricity, internet and the like."""
    name = f"{year}-{month:02}"
    rooms = [shares for since, shares in RENT if since <= name][-1]
    title = rng.pick((
        f"Rent {MONTHS[month - 1]}", f"Miete {MONATE[month - 1]}", "Rent",
        f"Rent {month:02}/{year}", f"Miete {MONATE[month - 1]} {year}",
    ))
    # Anna pays the landlord until the account moves to Tomás.
    payer = "A" if name < "2025-07" else "T"
    group.spend(f"{name}-01", title, "Rent", sum(rooms.values()), payer, rooms)

    def home(day):
        return [m for m in COLUMN if is_home(m, day)]

    def bill(day, title, category, cost, payers):
        day = f"{name}-{day:02}"
        people = home(day)
        payer = next(m for m in payers if m in people)
        group.spend(day, title, category, cost, payer, "".join(people))

    power = {12: 118, 1: 121, 2: 112, 3: 97, 6: 78, 7: 76, 8: 79}.get(month, 89)
    bill(3, rng.pick(("Electricity", "Strom", "Strom Abschlag", "Vattenfall ⚡")),
         "Electricity", power * 100 + rng.between(-450, 450), "TLA")
    bill(5, rng.pick(("Internet", "Internet 250 Mbit", "DSL", f"Internet {MONTHS[month - 1]}")),
         "TV/Phone/Internet", 44_99 if year == 2024 else 46_99, "XLA")
    bill(12, rng.pick(("Netflix", "Streaming", "Netflix + Spotify family")),
         "TV/Phone/Internet", 31_98 if year == 2024 else 35_98, "LMA")
    if month % 2 == 0:
        bill(15, rng.pick(("Gas", "Heating", "Gasag Abschlag")), "Heat/gas",
             rng.between(138_00, 176_00), "A")
    if month % 3 == 1:
        bill(18, f"Water {year} Q{month // 3 + 1}", "Water", rng.between(64_00, 88_00), "TMA")
        bill(20, "Trash / recycling, quarterly", "Trash", 41_25, "XMA")
    if month % 2 == 1:
        bill(22, rng.pick(("Cleaning stairwell", "Treppenhausreinigung", "Window cleaner")),
             "Cleaning", rng.between(24, 38) * 100, "MTA")


def build():
    rng = Rng(SEED)
    group = Group()
    decks = {category: Deck(rng, cards) for category, cards in RANDOM.items()}
    shops, items, notes = Deck(rng, SHOPS), Deck(rng, ITEMS), Deck(rng, GROCERY_NOTES)
    iou = Deck(rng, ONE_TO_ONE)

    for currency, rows in (("EUR", EUR), ("JPY", JPY), ("KWD", KWD)):
        for day, description, category, cost, paid, shares in rows:
            group.spend(day, description, category, cost, paid, shares, currency)
    for day, currency, debtor, creditor, amount, description in TRANSFERS:
        group.transfer(day, debtor, creditor, amount, currency, description)

    for year in (2024, 2025):
        for month in range(1, 13):
            days = calendar.monthrange(year, month)[1]

            def free_day():
                while True:
                    day = datetime.date(year, month, rng.between(1, days)).isoformat()
                    if not any(first <= day <= last for first, last in AWAY):
                        return day

            bills(group, rng, year, month)
            for category, fewest, most, all_share in PLAN:
                for _ in range(rng.between(fewest, most)):
                    day = free_day()
                    home = [m for m in COLUMN if is_home(m, day)]
                    if category == "Groceries":
                        description, low, high = groceries(rng, month, shops, items, notes)
                    else:
                        description, low, high = decks[category].deal(month)
                        low, high = low * 100, high * 100 + 99
                    cost = price(rng, category, low, high)
                    sharers = home if rng.percent(all_share) else some(rng, home)
                    if len(sharers) > 2 and rng.percent(3):
                        paid, shares = several(rng, cost, sharers), "".join(sharers)
                    else:
                        paid = rng.pick(sharers if rng.percent(96) else home)
                        shares = weights(rng, sharers) if rng.percent(13) else "".join(sharers)
                    group.spend(day, description, category, cost, paid, shares)
            for _ in range(rng.between(1, 2)):
                day = free_day()
                home = [m for m in COLUMN if is_home(m, day)]
                creditor, debtor = rng.shuffled(home)[:2]
                description, low, high = iou.deal(month)
                description = description.format(c=SHORT[creditor], d=SHORT[debtor])
                cost = rng.between(low, high) * 100
                if rng.percent(40):
                    cost += rng.between(0, 99)
                group.spend(day, description, "General", cost, creditor, debtor)

            # People settle up at the end of the month, or when they leave.
            name = f"{year}-{month:02}"
            if name == "2024-12":
                group.leave("M", "2024-12-08")
            if name == "2025-02":
                group.leave("X", "2025-02-28")
            if name == "2025-12":
                group.settle(rng, "2025-12-19", 2)
            else:
                late = days if name == "2025-02" else days - rng.between(0, 2)
                group.settle(rng, f"{name}-{late:02}", rng.between(2, 3))

    # By date; what was entered first stays first within a day.
    group.rows.sort(key=lambda row: row[0])
    return group


# --- The file -----------------------------------------------------------------


def money(amount, currency):
    exponent = EXPONENT[currency]
    if exponent == 0:
        return str(amount)
    whole, part = divmod(abs(amount), 10**exponent)
    return f"{'-' if amount < 0 else ''}{whole}.{part:0{exponent}}"


def field(text):
    """Quoted if it must be, and if it ends in a blank; a blank in front stays bare."""
    if any(c in text for c in ',"\r\n') or (len(text) > 1 and text.endswith(" ")):
        return '"' + text.replace('"', '""') + '"'
    return text


def line(fields):
    return ",".join(field(f) for f in fields) + "\n"


def render(group):
    out = [line(["Date", "Description", "Category", "Cost", "Currency", *COLUMN.values()]), "\n"]
    before = ""
    for day, description, category, cost, currency, nets in group.rows:
        if before < BLANK_LINE_BEFORE <= day:
            out.append("\n")
        before = day
        amounts = [money(nets[m], currency) for m in COLUMN]
        out.append(line([day, description, category, money(cost, currency), currency, *amounts]))
    out.append("\n")
    for currency in EXPONENT:
        amounts = [money(total, currency) for total in group.balance(currency).values()]
        out.append(line([LAST_DAY, "Total balance", " ", " ", currency, *amounts]))
    return "".join(out).encode("utf-8")


def main():
    parser = argparse.ArgumentParser(description="Writes flatshare.csv next to this file.")
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 if different")
    arguments = parser.parse_args()
    data = render(build())
    if not arguments.check:
        TARGET.write_bytes(data)
    elif not TARGET.is_file() or TARGET.read_bytes() != data:
        sys.exit(1)


if __name__ == "__main__":
    main()
