//! What the sample shop is made of: names of people, places and things.

/// Country, cities with the beginning of their postcodes, given names, family names, street words.
pub(super) struct Land {
    pub code: &'static str,
    pub cities: &'static [(&'static str, &'static str)],
    pub given: &'static [&'static str],
    pub family: &'static [&'static str],
    pub streets: &'static [&'static str],
    pub phone: &'static str,
}

pub(super) const LANDS: &[Land] = &[
    Land {
        code: "DE",
        cities: &[
            ("Berlin", "10"),
            ("Hamburg", "20"),
            ("München", "80"),
            ("Köln", "50"),
            ("Görlitz", "02"),
            ("Würzburg", "97"),
        ],
        given: &[
            "Anna",
            "Jürgen",
            "Sophie",
            "Lukas",
            "Käthe",
            "Björn",
            "Mia",
            "Emre",
            "Ayşe",
            "Jonas",
            "Hannelore",
            "Felix",
        ],
        family: &[
            "Müller",
            "Schmidt",
            "Schäfer",
            "Weiß",
            "Yılmaz",
            "Krüger",
            "Vogel",
            "Böhm",
            "Lehmann",
            "Großmann",
            "Öztürk",
            "Fuchs",
        ],
        streets: &["Lindenstraße", "Am Mühlbach", "Goethestraße", "Bahnhofstraße", "Kastanienallee"],
        phone: "+49 30",
    },
    Land {
        code: "FR",
        cities: &[
            ("Paris", "75"),
            ("Lyon", "69"),
            ("Besançon", "25"),
            ("Nîmes", "30"),
            ("Saint-Étienne", "42"),
        ],
        given: &["Camille", "Élodie", "François", "Noémie", "Théo", "Inès", "Gaël", "Léa", "Hugo", "Zoé"],
        family: &[
            "Martin",
            "Lefèvre",
            "Dubois",
            "Benoît",
            "Garçon",
            "Moreau",
            "N’Diaye",
            "Girard",
            "Fontaine",
            "Hénault",
        ],
        streets: &["rue de la Paix", "avenue Victor-Hugo", "chemin des Écoliers", "place du Marché"],
        phone: "+33 1",
    },
    Land {
        code: "GB",
        cities: &[
            ("London", "N1"),
            ("Leeds", "LS2"),
            ("Bristol", "BS1"),
            ("Edinburgh", "EH1"),
            ("Stoke-on-Trent", "ST4"),
        ],
        given: &[
            "Oliver", "Amelia", "Siobhán", "Harry", "Priya", "Zara", "Rhys", "Imogen", "Mohammed", "Grace",
        ],
        family: &[
            "Smith",
            "O’Connor",
            "Patel",
            "Hughes",
            "Khan",
            "Whitaker",
            "McIntyre",
            "Evans",
            "Okafor",
            "Pemberton-Low",
        ],
        streets: &["High Street", "Station Road", "Mill Lane", "Victoria Terrace", "The Crescent"],
        phone: "+44 20",
    },
    Land {
        code: "PL",
        cities: &[
            ("Warszawa", "00"),
            ("Kraków", "30"),
            ("Łódź", "90"),
            ("Gdańsk", "80"),
            ("Zielona Góra", "65"),
        ],
        given: &[
            "Małgorzata",
            "Paweł",
            "Agnieszka",
            "Łukasz",
            "Zofia",
            "Michał",
            "Świętosława",
            "Jan",
            "Ewa",
        ],
        family: &[
            "Kowalska",
            "Nowak",
            "Wiśniewski",
            "Wójcik",
            "Żółkiewski",
            "Dąbrowska",
            "Zieliński",
            "Jabłońska",
        ],
        streets: &["ul. Długa", "ul. Mickiewicza", "al. Jerozolimskie", "ul. Świętojańska"],
        phone: "+48 22",
    },
    Land {
        code: "GR",
        cities: &[("Αθήνα", "10"), ("Θεσσαλονίκη", "54"), ("Πάτρα", "26")],
        given: &["Ελένη", "Γιώργος", "Μαρία", "Νίκος", "Κατερίνα", "Δημήτρης"],
        family: &["Παπαδόπουλος", "Νικολάου", "Γεωργίου", "Κωνσταντίνου", "Οικονόμου"],
        streets: &["Ερμού", "Πανεπιστημίου", "Τσιμισκή"],
        phone: "+30 21",
    },
    Land {
        code: "JP",
        cities: &[("東京都渋谷区", "150"), ("京都市中京区", "604"), ("札幌市北区", "060")],
        given: &["さくら", "健太", "陽子", "翔太", "美咲", "大輔"],
        family: &["佐藤", "鈴木", "高橋", "田中", "渡辺", "伊藤"],
        streets: &["神南", "烏丸通", "北七条西"],
        phone: "+81 3",
    },
];

/// Parent, then (child, noun, lowest and highest price in cents, weight in grams).
pub(super) type Shelf = (&'static str, &'static [(&'static str, &'static str, i64, i64, i64)]);

pub(super) const SHELVES: &[Shelf] = &[
    (
        "Coffee",
        &[
            ("Espresso", "Espresso Beans", 890, 2290, 500),
            ("Filter", "Filter Roast", 950, 2490, 350),
            ("Decaf", "Decaf Beans", 1050, 1990, 350),
            ("Green beans", "Green Beans", 790, 1690, 1000),
        ],
    ),
    (
        "Tea",
        &[
            ("Black", "Black Tea", 490, 1690, 100),
            ("Green", "Green Tea", 590, 2890, 100),
            ("Herbal", "Herbal Infusion", 390, 1190, 80),
            ("Oolong", "Oolong", 990, 4290, 80),
        ],
    ),
    (
        "Brewing",
        &[
            ("Pour-over", "Dripper", 1490, 5900, 450),
            ("Espresso machines", "Espresso Machine", 24900, 189000, 11200),
            ("Grinders", "Grinder", 3900, 64900, 2400),
            ("Kettles", "Kettle", 3490, 17900, 1300),
        ],
    ),
    (
        "Tableware",
        &[
            ("Cups", "Cup", 690, 3490, 260),
            ("Teapots", "Teapot", 2490, 12900, 900),
            ("Glasses", "Tasting Glass", 590, 2490, 180),
            ("Trays", "Serving Tray", 1490, 5900, 1100),
        ],
    ),
    (
        "Pantry",
        &[
            ("Biscuits", "Shortbread", 290, 990, 200),
            ("Honey", "Honey", 590, 1890, 500),
            ("Syrups", "Syrup", 690, 1490, 750),
            ("Chocolate", "Drinking Chocolate", 490, 1690, 250),
        ],
    ),
    (
        "Care",
        &[
            ("Cleaning", "Descaler", 490, 1490, 500),
            ("Filters", "Paper Filters", 290, 990, 120),
            ("Brushes", "Grinder Brush", 390, 1290, 60),
            ("Spare parts", "Gasket Set", 590, 2990, 40),
        ],
    ),
];

pub(super) const ORIGINS: &[&str] = &[
    "Yirgacheffe",
    "Huehuetenango",
    "Sierra Nevada",
    "Kyoto",
    "Ardèche",
    "São Bento",
    "Nordlicht",
    "Old Mill",
    "Blue Door",
    "Harbour",
    "Côte d’Azur",
    "Kilimanjaro",
    "Łazienki",
    "Feldberg",
    "Αιγαίο",
    "宇治",
];

pub(super) const TRAITS: &[&str] = &[
    "Classic",
    "Organic",
    "Small Batch",
    "Midnight",
    "Featherlight",
    "Everyday",
    "Reserve",
    "Hand-thrown",
    "Double",
    "Travel",
];

pub(super) const SENTENCES: &[&str] = &[
    "Made in small runs by people we know by name.",
    "Best enjoyed slowly, on a morning without plans.",
    "Our longest-standing bestseller, unchanged since the first catalogue.",
    "Notes of dark cherry, cocoa and a little orange peel.",
    "Bright, floral, and gone sooner than one would like.",
    "Dishwasher-safe, though it deserves better.",
    "Every piece differs slightly in colour: that is the glaze, not a fault.",
    "Replaces part no. 4711-B; fits all models from 2019.",
    "Packed without plastic. Please recycle the box.",
];

pub(super) const PRAISE: &[&str] = &[
    "Exactly as described, arrived a day early.",
    "I have bought this three times now and will again.",
    "The scent alone is worth the price 😊",
    "Très bon produit, je recommande.",
    "Schöne Verarbeitung, liegt gut in der Hand.",
    "Bardzo dobra jakość!",
    "とても美味しいです。",
];

pub(super) const COMPLAINTS: &[&str] = &[
    "Too bitter for my taste; your mileage may vary.",
    "One of the two arrived chipped. Support replaced it within the week.",
    "Smaller than it looks in the picture (it \"holds\" 180 ml).",
    "Lid doesn't close properly :-(",
];

pub(super) const TITLES: &[&str] =
    &["Lovely", "Good value", "Not for me", "Great gift", "Five stars", "Hm.", "Würde ich wieder kaufen"];

pub(super) const COMPANIES: &[&str] = &[
    "Café Blaumeise GmbH",
    "Harbour & Sons Ltd.",
    "Atelier Noémie SARL",
    "Kawiarnia Pod Lipą",
    "Studio 9¾",
    "喫茶みずうみ",
    "Bäckerei Groß & Söhne",
];

pub(super) const GIFT_NOTES: &[&str] = &[
    "Happy birthday, Mum! ♥",
    "Für die beste Kollegin der Welt",
    "Enjoy — and no sharing.",
    "Joyeux Noël 🎄",
    "Sto lat!\nTwoi sąsiedzi z góry",
];

pub(super) const CARRIERS: &[&str] = &["DHL", "DPD", "GLS", "Colissimo", "Royal Mail", "InPost"];
